"""What is wrong with an event that the bus's rules have rejected.

The rules of templates/event-bus.yaml once more, in words; a test holds them against the patterns.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

SOURCE = "Miztiik-Automation-Data-Producer"
SALES, INVENTORY = "sales-events", "inventory-events"
MOST = 1_000_000_000
LONGEST = 40

Rule = Callable[[Any], str]


def defect(envelope: Mapping[str, Any]) -> str:
    """The first rule that the event breaks, in a few words; empty when it is well-formed.

    An array is a defect here: the rules look at its elements, but no consumer can use one. So is an
    is_return of null or a number, which the rules leave to the analytics.
    """
    return next(_defects(envelope), "")


def in_words(value: Any) -> str:
    """A value of an event as a person reads it, never long."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list):
        return "an array"
    text = str(value) if isinstance(value, Decimal) else json.dumps(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _defects(envelope: Mapping[str, Any]) -> Iterator[str]:
    source, kind, detail = (envelope.get(key) for key in ("source", "detail-type", "detail"))
    if source != SOURCE:
        yield f"source {in_words(source)} is unknown"
    if kind not in (SALES, INVENTORY):
        yield f"detail-type {in_words(kind)} is unknown"
    if not isinstance(detail, Mapping):
        yield "detail is not an object"
        return
    for field, rule in _RULES[INVENTORY if kind == INVENTORY else SALES].items():
        if field not in detail:
            yield f"{field} is missing"
        elif wrong := rule(detail[field]):
            yield f"{field} {in_words(detail[field])} {wrong}"


def _request_id(value: Any) -> str:
    return _text(value) or ("" if "-" in value else "has no hyphen, as every UUID has")


def _store_id(value: Any) -> str:
    return _text(value) or ("" if value.startswith("store_") else "does not begin with store_")


def _text(value: Any) -> str:
    return "" if isinstance(value, str) else "is not text"


def _amount(value: Any) -> str:
    if not isinstance(value, Decimal):
        return "is not a number"
    if value < 0:
        return "is below 0"
    return "" if value <= MOST else f"is above {MOST:,}"


def _boolean(value: Any) -> str:
    return "" if isinstance(value, bool) else "is neither true nor false"


_RULES: Mapping[str, Mapping[str, Rule]] = {
    SALES: {
        "request_id": _request_id,
        "store_id": _store_id,
        "sales": _amount,
        "is_return": _boolean,
    },
    INVENTORY: {
        "request_id": _request_id,
        "store_id": _store_id,
        "category": _text,
        "name": _text,
        "quantity": _amount,
    },
}
