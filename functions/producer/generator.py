"""The events of a run, in the order in which they are sent; the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from uuid import UUID

import lifelike
from catalogue import PRODUCTS
from defects import spoil
from event import INVENTORY, SALES, Event, Kind
from payload import Run

CENTS = range(100, 10_001)
QUANTITIES = range(20, 201)


def generate(run: Run) -> Iterator[Event]:
    """Each event when it is asked for: a run of any length needs no memory."""
    chance = Random(run.seed)
    for _ in range(run.count):
        yield _event(run, chance)


def _event(run: Run, chance: Random) -> Event:
    is_malformed = chance.random() < run.bad_ratio
    is_inventory = chance.random() < run.inventory_ratio
    event = _inventory(run, chance) if is_inventory else _sale(run, chance)
    return spoil(event, chance) if is_malformed else _with_faults_of_the_way(run, event, chance)


def _with_faults_of_the_way(run: Run, event: Event, chance: Random) -> Event:
    """The event late, or twice; what is not asked for takes nothing from chance."""
    can_be_late = run.late_ratio > 0 and event.detail_type == SALES
    is_late = can_be_late and chance.random() < run.late_ratio
    has_copy = run.duplicate_ratio > 0 and chance.random() < run.duplicate_ratio
    if not is_late and not has_copy:
        return event
    return replace(event, is_late=is_late, has_copy=has_copy)


def _sale(run: Run, chance: Random) -> Event:
    category, name = chance.choice(PRODUCTS)
    is_return = chance.random() < run.return_ratio
    detail = {
        "request_id": _request_id(chance),
        "name": name,
        "category": category,
        "store_id": _store_id(run, chance),
        "sales": lifelike.price(category, chance)
        if run.is_lifelike
        else chance.choice(CENTS) / 100,
        "contact_me": "github.com/miztiik",
        "is_return": is_return,
    }
    return Event(Kind.RETURN if is_return else Kind.NEW_ORDER, SALES, detail)


def _inventory(run: Run, chance: Random) -> Event:
    category, name = chance.choice(PRODUCTS)
    detail = {
        "request_id": _request_id(chance),
        "store_id": _store_id(run, chance),
        "category": category,
        "name": name,
        "quantity": chance.choice(QUANTITIES),
    }
    return Event(Kind.INVENTORY, INVENTORY, detail)


def _request_id(chance: Random) -> str:
    return str(UUID(int=chance.getrandbits(128), version=4))


def _store_id(run: Run, chance: Random) -> str:
    if run.is_lifelike:
        return f"store_{lifelike.store(run.stores, chance)}"
    return f"store_{chance.randrange(run.stores) + 1}"
