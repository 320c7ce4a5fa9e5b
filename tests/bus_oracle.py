"""Where the bus has to send an event, worked out from the event alone; no code of the project's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from oracle import SOURCE, is_number


def places(envelope: Mapping[str, Any]) -> set[str]:
    """Where the bus sends an event: `sales`, `inventory`, `rejected`.

    One of them, unless an array has elements of which some are right and some are wrong.
    """
    kind = envelope["detail-type"]
    if envelope["source"] != SOURCE or kind not in ("sales-events", "inventory-events"):
        return {"rejected"}
    detail = envelope["detail"] if isinstance(envelope["detail"], dict) else {}
    verdicts = [
        [is_right(value) for value in _values(detail.get(name))]
        for name, is_right in _RIGHT[kind].items()
    ]
    found = set()
    if all(any(verdict) for verdict in verdicts):
        found.add("sales" if kind == "sales-events" else "inventory")
    if not all(verdict and all(verdict) for verdict in verdicts):
        found.add("rejected")
    return found


def _values(value: Any) -> list[Any]:
    """What a pattern looks at: an object is no value, an array is its elements'."""
    if isinstance(value, list):
        return [inner for one in value for inner in _values(one)]
    return [] if isinstance(value, dict) else [value]


_RIGHT: dict[str, dict[str, Callable[[Any], bool]]] = {
    "sales-events": {
        "request_id": lambda value: isinstance(value, str) and "-" in value,
        "store_id": lambda value: isinstance(value, str) and value.startswith("store_"),
        "sales": lambda value: is_number(value) and 0 <= value <= 1_000_000_000,
        "is_return": lambda value: isinstance(value, bool),
    },
    "inventory-events": {
        "request_id": lambda value: isinstance(value, str) and "-" in value,
        "store_id": lambda value: isinstance(value, str) and value.startswith("store_"),
        "category": lambda value: isinstance(value, str),
        "name": lambda value: isinstance(value, str),
        "quantity": lambda value: is_number(value) and 0 <= value <= 1_000_000_000,
    },
}
