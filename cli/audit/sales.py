"""What a record of the stream is: a heartbeat, a sale, or malformed; and when it happened.

The rules of the analytics job once more, in plain Python: `verify` is to find out by independent
means whether the job keeps them. No code is shared with functions/.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, NamedTuple

from ..pipeline.records import Envelope

CENT = Decimal("0.01")
MOST = Decimal(1_000_000_000)
LONGEST = 256
ISO_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z")


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
    happened = _milliseconds(envelope.get("time"))
    return arrived if happened is None else min(happened, arrived)


def _text(value: Any) -> str:
    """The text as the job reads it; empty when it is none, or too long."""
    if not isinstance(value, str) or len(value) > LONGEST:
        return ""
    return value.encode("utf-8", "replace").decode()


def _amount(value: Any) -> Decimal | None:
    if not isinstance(value, Decimal) or value < 0:
        return None
    try:
        rounded = value.quantize(CENT, ROUND_HALF_UP)
    except InvalidOperation:  # more digits than decimal's context has, far too much anyway
        return None
    return rounded if rounded <= MOST else None


def _milliseconds(text: Any) -> int | None:
    return _parsed(text) if isinstance(text, str) else None


# Times have whole seconds, so the events of a second share theirs.
@lru_cache(maxsize=4096)
def _parsed(text: str) -> int | None:
    match = ISO_TIME.fullmatch(text)
    if not match:
        return None
    second, fraction = match.groups(default="")
    try:
        moment = datetime.fromisoformat(second).replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    return round(moment.timestamp()) * 1000 + int(fraction[:3].ljust(3, "0"))
