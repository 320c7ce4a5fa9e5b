"""The ways in which an event can be malformed.

Each is a valid PutEvents entry, and each is one that the bus's rules tell from a well-formed event:
no array among them, because EventBridge matches an array by its elements.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from event import INVENTORY, SALES, Event, Kind

Defect = Callable[[Event], Event]


def _with(field: str, value: object) -> Defect:
    return lambda event: replace(event, detail={**event.detail, field: value})


def _without(*fields: str) -> Defect:
    def remove(event: Event) -> Event:
        kept = {field: event.detail[field] for field in event.detail if field not in fields}
        return replace(event, detail=kept)

    return remove


ANY: tuple[Defect, ...] = (
    _with("request_id", None),
    _with("request_id", 4711),
    _without("request_id"),
    _with("store_id", None),
    _with("store_id", 2),
    _without("store_id"),
    lambda event: replace(event, detail={}),
    lambda event: replace(event, detail={"detail": event.detail}),
    lambda event: replace(event, detail_type="refund-events"),
    lambda event: replace(event, detail_type=event.detail_type.title()),
    lambda event: replace(event, source="Somebody-Else"),
)
DEFECTS: dict[str, tuple[Defect, ...]] = {
    SALES: (
        *ANY,
        lambda event: _with("sales", f"{event.detail['sales']:.2f}")(event),
        lambda event: _with("sales", -event.detail["sales"])(event),
        lambda event: _with("sales", {"amount": event.detail["sales"]})(event),
        _with("sales", None),
        _with("sales", True),
        _with("sales", 2_000_000_000),
        _without("sales"),
        _with("request_id", ""),
        _with("store_id", "shop-2"),
        _with("is_return", "false"),
        _with("is_return", ""),
        _without("is_return"),
        _without("store_id", "sales"),
    ),
    INVENTORY: (
        *ANY,
        lambda event: _with("quantity", str(event.detail["quantity"]))(event),
        _with("quantity", -1),
        _with("quantity", None),
        _without("quantity"),
        _with("category", 7),
        _with("name", None),
        _without("category", "name"),
    ),
}


def spoil(event: Event, chance: Random) -> Event:
    """The event with one defect."""
    defect = chance.choice(DEFECTS[event.detail_type])
    return replace(defect(event), kind=Kind.MALFORMED)
