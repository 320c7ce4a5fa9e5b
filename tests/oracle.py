"""What the results have to be, worked out from the events alone; shares no code with the project.

Amounts are whole cents, times whole seconds, so nothing here can round.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Sale:
    request_id: str
    store_id: str
    cents: int
    is_return: bool
    second: int


@dataclass(frozen=True)
class Revenue:
    cents: int
    orders: int
    returns: int
    returned_cents: int


def sale(envelope: Mapping[str, Any]) -> Sale | None:
    """The sale that an event on the bus is, or None when it is none."""
    detail = envelope["detail"]
    amount = detail.get("sales")
    well_formed = (
        envelope["source"] == "Miztiik-Automation-Data-Producer"
        and envelope["detail-type"] == "sales-events"
        and isinstance(detail.get("request_id"), str)
        and detail["request_id"] != ""
        and isinstance(detail.get("store_id"), str)
        and detail["store_id"].startswith("store_")
        and isinstance(amount, (int, Decimal))
        and not isinstance(amount, bool)
        and 0 <= amount <= 1_000_000_000
        and isinstance(detail.get("is_return"), bool)
    )
    if not well_formed:
        return None
    return Sale(
        detail["request_id"],
        detail["store_id"],
        int(Decimal(amount).quantize(Decimal("0.01")) * 100),
        detail["is_return"],
        _second(envelope),
    )


def _second(envelope: Mapping[str, Any]) -> int:
    moment = datetime.strptime(envelope["time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    return int(moment.timestamp())


@dataclass(frozen=True)
class StockCount:
    store_id: str
    category: str
    quantity: int
    second: int


def stock_count(envelope: Mapping[str, Any]) -> StockCount | None:
    """The stock count that an event on the bus is, or None when it is none."""
    detail = envelope["detail"]
    texts = [detail.get(name) for name in ("request_id", "store_id", "category", "name")]
    quantity = detail.get("quantity")
    well_formed = (
        envelope["source"] == "Miztiik-Automation-Data-Producer"
        and envelope["detail-type"] == "inventory-events"
        and all(isinstance(text, str) for text in texts)
        and texts[0] != ""
        and texts[1].startswith("store_")
        and isinstance(quantity, (int, Decimal))
        and not isinstance(quantity, bool)
        and 0 <= quantity <= 1_000_000_000
    )
    if not well_formed:
        return None
    return StockCount(texts[1], texts[2], int(quantity), _second(envelope))


def stock(envelopes: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], int]:
    """Stock by (store, category): the last count, less one for each order from its second on.

    Without those that were counted twice in the second of their last count: either may be the last.
    """
    envelopes = list(envelopes)
    counts: dict[tuple[str, str], list[StockCount]] = defaultdict(list)
    for count in filter(None, map(stock_count, envelopes)):
        counts[count.store_id, count.category].append(count)
    last = {key: max(found, key=lambda one: one.second) for key, found in counts.items()}
    quantities = {key: count.quantity for key, count in last.items()}
    unclear = {
        key
        for key, found in counts.items()
        if len({one.quantity for one in found if one.second == last[key].second}) > 1
    }
    orders = {
        one["detail"]["request_id"]: one
        for one in envelopes
        if (sold := sale(one)) and not sold.is_return
    }
    for one in orders.values():
        key = one["detail"]["store_id"], one["detail"]["category"]
        if key not in last or _second(one) >= last[key].second:
            quantities[key] = quantities.get(key, 0) - 1
    return {key: quantity for key, quantity in quantities.items() if key not in unclear}


def windows(sales: Iterable[Sale], seconds: int) -> dict[tuple[str, str], Revenue]:
    """Revenue by (store, end of the window as the results write it); copies count as one."""
    distinct = {(one.second // seconds, one.request_id): one for one in sales}
    grouped: dict[tuple[str, str], list[Sale]] = defaultdict(list)
    for (number, _), one in distinct.items():
        end = datetime.fromtimestamp((number + 1) * seconds, timezone.utc)
        grouped[one.store_id, end.strftime("%Y-%m-%d %H:%M:%S.000")].append(one)
    return {key: _revenue(members) for key, members in grouped.items()}


def reported(line: Mapping[str, Any]) -> tuple[tuple[str, str], Revenue]:
    """A line of the results, in the terms of `windows`; numbers as Decimal."""
    return (line["store_id"], line["timestamp"]), Revenue(
        int(line["revenue"] * 100),
        line["orders"],
        line["returns"],
        int(line["returned_revenue"] * 100),
    )


def _revenue(sales: list[Sale]) -> Revenue:
    returned = [one for one in sales if one.is_return]
    return Revenue(
        sum(one.cents for one in sales),
        len(sales) - len(returned),
        len(returned),
        sum(one.cents for one in returned),
    )
