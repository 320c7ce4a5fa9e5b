"""What a record of the stream is: a heartbeat, a sale, or malformed; and when it happened.

The rules of the analytics job once more, in plain Python: `verify` is to find out by independent
means whether the job keeps them. No code is shared with functions/.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, NamedTuple

from ..pipeline.envelope import Envelope

CENT = Decimal("0.01")
MOST = Decimal(1_000_000_000)
LONGEST = 256
# As Java's DateTimeFormatter takes it: a year of more than four digits has a sign.
ISO_TIME = re.compile(
    r"(-?[0-9]{4}|[+-][0-9]{5,10})-([0-9]{2})-([0-9]{2})"
    r"T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{0,9}))?)?Z"
)
MOST_YEARS = 999_999_999
DAY_SECONDS = 86_400
# Days of the Gregorian calendar in 400 years, and from the year 0 to 1970.
DAYS_OF_CYCLE, DAYS_BEFORE_1970 = 146_097, 719_528


class Sale(NamedTuple):
    request_id: str
    store_id: str
    amount: Decimal
    is_return: bool


def sale(envelope: Envelope) -> Sale | None:
    """The sale that the envelope is about, None when it is malformed.

    A sale is of the detail-type `sales-events`, and its detail has
      request_id  text of 1 to 256 characters that begins with neither `[` nor `{`
      store_id    text that begins with `store_`, at most 256 characters
      sales       a JSON number, not negative, and at most 1,000,000,000 when it is rounded half up
                  to two decimals
      is_return   true or false
    Text in place of a number or a boolean is malformed, and so is an array: EventBridge's rules
    look at an array's elements and let it pass, which leaves it to the job. The job reads an array
    as its JSON text, hence the two brackets. Half a character, which JSON can write as `\\ud800`,
    is a question mark to it.
    """
    detail = envelope.get("detail")
    if envelope.get("detail-type") != "sales-events" or not isinstance(detail, Mapping):
        return None
    request_id, store_id = _text(detail.get("request_id")), _text(detail.get("store_id"))
    amount, is_return = _amount(detail.get("sales")), detail.get("is_return")
    if not request_id or not store_id or amount is None or not isinstance(is_return, bool):
        return None
    if request_id.startswith(("[", "{")) or not store_id.startswith("store_"):
        return None
    return Sale(request_id, store_id, amount, is_return)


def event_time(envelope: Envelope, arrival: datetime) -> int:
    """When it happened, in milliseconds since 1970.

    No event happens after it arrived: a time in the future, or none that can be read, counts as
    the time of arrival, as in the job.
    """
    arrived = round(arrival.timestamp() * 1000)
    happened = event_time_of(envelope)
    return arrived if happened is None else min(happened, arrived)


def _text(value: Any) -> str:
    """The text as the job reads it; empty when it is none, or too long."""
    if not isinstance(value, str) or len(value) > LONGEST:
        return ""
    return value.encode("utf-8", "replace").decode()


def _amount(value: Any) -> Decimal | None:
    # The job looks at it as DOUBLE first, where -1e-400 is zero.
    if not isinstance(value, Decimal) or float(value) < 0:
        return None
    try:
        rounded = value.quantize(CENT, ROUND_HALF_UP)
    except InvalidOperation:  # more digits than decimal's context has, far too much anyway
        return None
    return abs(rounded) if rounded <= MOST else None


def event_time_of(envelope: Envelope) -> int | None:
    """The envelope's own time, in milliseconds since 1970; None when Flink can read none."""
    text = envelope.get("time")
    return _parsed(text) if isinstance(text, str) else None


# Times have whole seconds, so the events of a second share theirs.
@lru_cache(maxsize=4096)
def _parsed(text: str) -> int | None:
    match = ISO_TIME.fullmatch(text)
    if not match or match[1] in ("-0000", "-00000"):
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    thousandths = int((match[7] or "")[:3].ljust(3, "0"))
    is_end_of_day = (hour, minute, second, int(match[7] or 0)) == (24, 0, 0, 0)
    is_date = abs(year) <= MOST_YEARS and 1 <= month <= 12 and 1 <= day <= 31
    if not is_date or not (is_end_of_day or (hour < 24 and minute < 60 and second < 60)):
        return None
    seconds = _days(year, month, day) * DAY_SECONDS + hour * 3600 + minute * 60 + second
    return _in_64_bits(seconds * 1000 + thousandths)


def _days(year: int, month: int, day: int) -> int:
    """Since 1970; a day that the month does not have is its last one, as in Java."""
    cycles, year_of_cycle = divmod(year, 400)
    # Python's dates begin with the year 1, and the calendar repeats itself.
    like = year_of_cycle + 400
    first = date(like, month, 1)
    length = monthrange(like, month)[1]
    days = first.toordinal() - date(400, 1, 1).toordinal() + min(day, length) - 1
    return days + cycles * DAYS_OF_CYCLE - DAYS_BEFORE_1970


def _in_64_bits(number: int) -> int:
    """What is left of it in a long of Java, where what is too large begins again from below."""
    return (number + 2**63) % 2**64 - 2**63
