"""What the results have to be, worked out from the events alone; shares no code with the project.

Amounts are whole cents, times whole milliseconds or seconds, so no sum here can round.
"""

from __future__ import annotations

import contextlib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

SOURCE = "Miztiik-Automation-Data-Producer"


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


def sale(envelope: Mapping[str, Any], arrival: int | None = None) -> Sale | None:
    """The sale that an event is, or None when it is none; `arrival` is in milliseconds.

    Its numbers have to be Decimal: json.loads(..., parse_int=Decimal, parse_float=Decimal).
    """
    detail = envelope.get("detail")
    if not isinstance(detail, dict):
        return None
    request_id, store_id = _whole(detail.get("request_id")), _whole(detail.get("store_id"))
    cents = _cents(detail.get("sales"))
    well_formed = (
        envelope["source"] == SOURCE
        and envelope["detail-type"] == "sales-events"
        and 1 <= len(request_id) <= 256
        and request_id[0] not in "[{"
        and store_id.startswith("store_")
        and len(store_id) <= 256
        and cents is not None
        and isinstance(detail.get("is_return"), bool)
    )
    if not well_formed or cents is None:
        return None
    second = milliseconds(envelope, arrival) // 1000
    return Sale(request_id, store_id, cents, detail["is_return"], second)


def milliseconds(envelope: Mapping[str, Any], arrival: int | None = None) -> int:
    """When it happened, since 1970: as it says, but when it arrived if that is later or no time."""
    moments = [] if arrival is None else [arrival]
    text = str(envelope.get("time"))
    second, _, fraction = text[:-1].partition(".")
    with contextlib.suppress(ValueError):
        moment = datetime.strptime(second + text[-1:], "%Y-%m-%dT%H:%M:%SZ")
        seconds = int(moment.replace(tzinfo=timezone.utc).timestamp())
        moments.append(seconds * 1000 + int(f"{fraction}000"[:3]))
    return min(moments)


def _whole(text: Any) -> str:
    """The text, a question mark for each half of a character; empty when it is none."""
    if not isinstance(text, str):
        return ""
    return "".join("?" if 0xD800 <= ord(letter) <= 0xDFFF else letter for letter in text)


def is_number(value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def _cents(amount: Any) -> int | None:
    """Whole cents, half a cent is one; None when it is no amount from 0 to 1,000,000,000."""
    if not is_number(amount) or not 0 <= amount < 2_000_000_000:
        return None
    # A Fraction of 1e-999999999 would have as many digits.
    cents = math.floor(Fraction(amount) * 100 + Fraction(1, 2)) if amount > Decimal("0.001") else 0
    return cents if cents <= 100_000_000_000 else None


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
        envelope["source"] == SOURCE
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


def _second(envelope: Mapping[str, Any]) -> int:
    return milliseconds(envelope) // 1000


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
    """Revenue by (store, end of the window as the results write it); the first of copies counts."""
    distinct: dict[tuple[int, str], Sale] = {}
    for one in sales:
        distinct.setdefault((one.second // seconds, one.request_id), one)
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
