"""What a message says about the stock: an order took one away, or somebody counted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
TIME_LENGTH = len("2026-01-02T03:04:05Z")


class MovementError(ValueError):
    """The message says nothing about the stock, or not in a form that can be applied."""


@dataclass(frozen=True)
class Movement:
    """`counted` is the stock that was found; None means one new order. `time` is the event's."""

    request_id: str
    store_id: str
    category: str
    time: str
    counted: Decimal | None


def parse(body: str) -> Movement:
    """The movement in a message, an event in EventBridge's envelope; raises MovementError."""
    try:
        envelope = json.loads(body, parse_float=Decimal, parse_int=Decimal)
        detail = envelope["detail"]
        return Movement(
            request_id=_text(detail, "request_id"),
            store_id=_text(detail, "store_id"),
            category=_text(detail, "category"),
            time=_time(envelope),
            counted=_counted(envelope["detail-type"], detail),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise MovementError(f"no movement of stock: {error!r}") from error


def _counted(detail_type: str, detail: dict[str, Any]) -> Decimal | None:
    if detail_type == "inventory-events":
        if not isinstance(detail["quantity"], Decimal) or not detail["quantity"].is_finite():
            raise ValueError("quantity must be a number")
        return detail["quantity"]
    if detail_type == "sales-events" and detail["is_return"] is False:
        return None
    raise ValueError("neither a new order nor an inventory event")


def _text(values: dict[str, Any], name: str) -> str:
    if not isinstance(values[name], str) or not values[name]:
        raise ValueError(f"{name} must be text")
    return str(values[name])


def _time(envelope: dict[str, Any]) -> str:
    # Times are compared as text in the table, so they all have to be of one form.
    text = _text(envelope, "time")
    # strptime takes 2026-1-2 as well, and the digits of other scripts.
    if datetime.strptime(text, TIME_FORMAT) and len(text.encode()) != TIME_LENGTH:
        raise ValueError(f"time must be written as {TIME_FORMAT}")
    return text
