"""The results as they have to be, beside the results as they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal

from ..pipeline.results import Row, RowKey
from ..pipeline.windowing import read, written
from .places import Difference, Places
from .sales import Sale
from .timeline import Period

Rows = Mapping[RowKey, Sequence[Row]]
StoreAndPeriod = tuple[str, Period]
# What a sale adds to a store's figures, and what its rivals would add in its place.
Choice = tuple["Revenue", Sequence["Revenue"]]


@dataclass(frozen=True)
class Revenue:
    """A store's figures in a window, or in several; the fields are named as those of a row."""

    revenue: Decimal
    orders: int
    returns: int
    returned_revenue: Decimal


@dataclass(frozen=True)
class Window:
    """All stores together; `differences` is how many there are, None while it is open.

    `is_mixed`: windows of several lengths overlap here, and were compared as one.
    """

    start: str
    end: str
    sales: int
    stores: int
    revenue: Decimal
    differences: int | None
    is_mixed: bool


def spans(rows: Rows) -> set[Period]:
    """The windows that the rows tell of."""
    return {_span(key) for key in rows}


def expected(places: Places) -> dict[StoreAndPeriod, Revenue]:
    """What the results have to say of each store in each closed window."""
    return {
        (store, period): _sum_of_sales(sales)
        for (period, store), sales in _sold(places).items()
        if places.is_closed(period)
    }


def differences(places: Places, rows: Rows) -> list[Difference]:
    """Where the results say otherwise, in the order of the windows; then those of the places."""
    due, stored, choices = expected(places), _by_period(places, rows), _choices(places)
    row_differences = [
        difference
        for key in sorted(due.keys() | stored.keys(), key=_order)
        for difference in _compared(
            key, due.get(key), stored.get(key, ()), places, choices.get(key, ())
        )
    ]
    return row_differences + places.differences


def windows(places: Places, differences: Sequence[Difference]) -> list[Window]:
    """Every window that has sales, in order."""
    stores: dict[Period, dict[str, list[Sale]]] = defaultdict(dict)
    for (period, store), sales in _sold(places).items():
        stores[period][store] = sales
    return [_window(places, period, stores[period], differences) for period in sorted(stores)]


def _span(key: RowKey) -> Period:
    return Period(read(key.start), read(key.end))


def _order(key: StoreAndPeriod) -> tuple[int, int, str]:
    store, period = key
    return period.end, len(store), store


def _by_period(places: Places, rows: Rows) -> dict[StoreAndPeriod, list[Row]]:
    stored: dict[StoreAndPeriod, list[Row]] = defaultdict(list)
    for key, group in rows.items():
        span = _span(key)
        period = places.timeline.period(span.start)
        # What is no window at all is compared with no sales.
        stored[
            key.store_id, period if period.is_mixed and places.timeline.has(span) else span
        ].extend(group)
    return stored


def _sold(places: Places) -> dict[tuple[Period, str], list[Sale]]:
    sold = defaultdict(list)
    for (period, _), (_, sale) in places.originals.items():
        sold[period, sale.store_id].append(sale)
    return sold


def _sum_of_sales(sales: Sequence[Sale]) -> Revenue:
    returned = [sale.amount for sale in sales if sale.is_return]
    return Revenue(
        revenue=sum((sale.amount for sale in sales), Decimal()),
        orders=len(sales) - len(returned),
        returns=len(returned),
        returned_revenue=sum(returned, Decimal()),
    )


def _sum_of_rows(rows: Sequence[Row]) -> Revenue:
    return Revenue(
        revenue=sum((row.revenue for row in rows), Decimal()),
        orders=sum(row.orders for row in rows),
        returns=sum(row.returns for row in rows),
        returned_revenue=sum((row.returned_revenue for row in rows), Decimal()),
    )


def _window(
    places: Places,
    period: Period,
    stores: Mapping[str, Sequence[Sale]],
    differences: Sequence[Difference],
) -> Window:
    sales = [sale for sold in stores.values() for sale in sold]
    end = written(period.end)
    differing = sum(difference.window_end == end for difference in differences)
    return Window(
        start=written(period.start),
        end=end,
        sales=len(sales),
        stores=len(stores),
        revenue=sum((sale.amount for sale in sales), Decimal()),
        differences=differing if places.is_closed(period) else None,
        is_mixed=period.is_mixed,
    )


def _choices(places: Places) -> Mapping[StoreAndPeriod, Sequence[Choice]]:
    """Of the stores whose sales have rivals."""
    choices = defaultdict(list)
    for (period, request_id), rivals in places.rivals.items():
        _, counted = places.originals[period, request_id]
        for store in {sale.store_id for sale in rivals}:
            adds = [_adds(sale, store) for sale in rivals]
            choices[store, period].append((_adds(counted, store), adds))
    return choices


def _adds(sale: Sale, store: str) -> Revenue:
    return _sum_of_sales([sale] if sale.store_id == store else [])


def _compared(
    key: StoreAndPeriod,
    due: Revenue | None,
    rows: Sequence[Row],
    places: Places,
    choices: Sequence[Choice],
) -> Iterator[Difference]:
    store, period = key
    end = written(period.end)
    if not due and not places.is_due(period):
        return
    revenue = due.revenue if due else None
    if contradiction := _contradiction(rows):
        yield Difference("contradicting rows", end, store, revenue, contradiction)
    elif choices:
        yield from _fields(key, due or _sum_of_sales([]), _sum_of_rows(rows), choices)
    elif not due:
        yield Difference("row too many", end, store, None, _sum_of_rows(rows).revenue)
    elif not rows:
        yield Difference("missing row", end, store, revenue, None, may_settle=True)
    else:
        yield from _fields(key, due, _sum_of_rows(rows))


def _contradiction(rows: Sequence[Row]) -> str:
    """The revenues of rows of one window that are not the same; empty when there are none."""
    for row in rows:
        others = [other for other in rows if other.key == row.key]
        if len(others) > 1:
            return " / ".join(str(other.revenue) for other in others)
    return ""


def _fields(
    key: StoreAndPeriod, due: Revenue, stored: Revenue, choices: Sequence[Choice] = ()
) -> Iterator[Difference]:
    store, period = key
    # Sales that are missing may yet turn out overtaken: their records come a way of their own.
    may_settle = stored.orders + stored.returns < due.orders + due.returns
    for name in (field.name for field in fields(due)):
        ours, theirs = getattr(due, name), getattr(stored, name)
        less, more = (
            sum(
                edge(getattr(one, name) for one in adds) - getattr(now, name)
                for now, adds in choices
            )
            for edge in (min, max)
        )
        if not ours + less <= theirs <= ours + more:
            end = written(period.end)
            yield Difference(name, end, store, ours, theirs, may_settle=may_settle)
