"""What a sale is, by the rule of the events' contract (docs/events.md), and when it happened."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, NamedTuple

LONGEST = 256
MOST = Decimal(1_000_000_000)
CENT = Decimal("0.01")
TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", re.ASCII)

Envelope = dict[str, Any]


class Sale(NamedTuple):
    """A well-formed sale; of what nobody checks, the texts, or their beginning."""

    request_id: str
    store_id: str
    amount: Decimal
    is_return: bool
    category: str | None
    product: str | None


def parse(data: bytes) -> Envelope | None:
    """The event's envelope with its numbers exact; None when the data is no JSON object."""
    try:
        envelope = json.loads(
            data, parse_int=Decimal, parse_float=_number, parse_constant=_no_constant
        )
    except (ValueError, RecursionError):
        return None
    return envelope if isinstance(envelope, dict) else None


def sale(envelope: Envelope) -> Sale | None:
    """The sale that an event is; None when it is malformed."""
    detail = envelope.get("detail")
    if envelope.get("detail-type") != "sales-events" or not isinstance(detail, dict):
        return None
    request_id, store_id = _name(detail.get("request_id")), _name(detail.get("store_id"))
    amount, is_return = _amount(detail.get("sales")), detail.get("is_return")
    if not request_id or request_id[0] in "[{" or not store_id.startswith("store_"):
        return None
    if amount is None or not isinstance(is_return, bool):
        return None
    return Sale(
        request_id,
        store_id,
        amount,
        is_return,
        category=_begin(detail.get("category")),
        product=_begin(detail.get("name")),
    )


def event_time(envelope: Envelope, arrived: int) -> int:
    """When it happened, in milliseconds: at its time, but no later than it arrived."""
    text = envelope.get("time")
    match = TIME.fullmatch(text) if isinstance(text, str) else None
    if not match:
        return arrived
    try:
        second = datetime.strptime(match[1], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    except ValueError:  # such as the 30th of February
        return arrived
    return min(arrived, int(second.timestamp()) * 1000 + int(f"{match[2] or ''}000"[:3]))


def _name(value: Any) -> str:
    """The text, a question mark for each half of a character; empty when it is none or too long."""
    if not isinstance(value, str) or len(value) > LONGEST:
        return ""
    return value.encode("utf-8", "replace").decode()


def _begin(value: Any) -> str | None:
    """The text's beginning, or that of the JSON of anything else; None when there is nothing."""
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text[:LONGEST].encode("utf-8", "replace").decode()


def _amount(value: Any) -> Decimal | None:
    """Rounded half up to cents; None when it is no number from 0 to 1,000,000,000."""
    if not isinstance(value, Decimal) or not 0 <= value < 2 * MOST:
        return None
    amount = value.copy_abs().quantize(CENT, ROUND_HALF_UP) if value >= CENT / 10 else Decimal(0)
    return amount if amount <= MOST else None


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent of more than 18 digits: infinite, or nothing
        return Decimal(float(text))


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
