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

from .events import Envelope

CENT = Decimal("0.01")
# The first amount that DECIMAL(12, 2), the type of the job's amounts, does not hold.
TOO_MUCH = Decimal(10) ** 10
ISO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z")


class Sale(NamedTuple):
    request_id: str
    store_id: str
    amount: Decimal
    is_return: bool


def is_heartbeat(envelope: Envelope) -> bool:
    return bool(envelope.get("detail-type") == "heartbeat")


def sale(envelope: Envelope) -> Sale | None:
    """The sale that the envelope is about, None when it is malformed.

    A sale is of the detail-type `sales-events`, and its detail has
      request_id  text, not empty
      store_id    text that begins with `store_`
      sales       a JSON number, not negative, which, rounded half up to two decimals, has at most
                  ten digits before the point: what TRY_CAST(... AS DECIMAL(12, 2)) takes
      is_return   true or false
    Text in place of a number or a boolean is malformed, and so is an array: EventBridge's rules
    look at an array's elements and let it pass, which leaves it to the job.
    """
    detail = envelope.get("detail")
    if envelope.get("detail-type") != "sales-events" or not isinstance(detail, Mapping):
        return None
    request_id, store_id = detail.get("request_id"), detail.get("store_id")
    amount, is_return = _amount(detail.get("sales")), detail.get("is_return")
    if not isinstance(request_id, str) or not isinstance(store_id, str):
        return None
    if amount is None or not isinstance(is_return, bool):
        return None
    if not request_id or not store_id.startswith("store_"):
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


def _amount(value: Any) -> Decimal | None:
    if not isinstance(value, Decimal):
        return None
    try:
        rounded = value.quantize(CENT, ROUND_HALF_UP)
    except InvalidOperation:  # more digits than decimal's context has, far too much anyway
        return None
    return rounded if 0 <= rounded < TOO_MUCH else None


def _milliseconds(text: Any) -> int | None:
    return _parsed(text) if isinstance(text, str) else None


# Times have whole seconds, so the events of a second share theirs.
@lru_cache(maxsize=4096)
def _parsed(text: str) -> int | None:
    if not ISO_TIME.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text[:-1]).replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    return round(moment.timestamp() * 1000)
