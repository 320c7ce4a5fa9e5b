"""The results as they have to be, beside the results as they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal

from .books import Books, Difference
from .results import Row
from .sales import Sale

StoreAndEnd = tuple[str, str]
Rows = Mapping[StoreAndEnd, Sequence[Row]]


@dataclass(frozen=True)
class Revenue:
    """A store's figures in a window; the fields are named as those of a row."""

    window_start: str
    revenue: Decimal
    orders: int
    returns: int
    returned_revenue: Decimal


@dataclass(frozen=True)
class Window:
    """All stores together; `differences` is how many there are, None while it is open."""

    start: str
    end: str
    sales: int
    stores: int
    revenue: Decimal
    differences: int | None


def expected(books: Books) -> dict[StoreAndEnd, Revenue]:
    """What the results have to say of each store in each closed window."""
    return {
        (store, books.windowing.end(window)): _revenue(books.windowing.start(window), sales)
        for (window, store), sales in _sold(books).items()
        if window < books.closed_before
    }


def differences(books: Books, rows: Rows) -> list[Difference]:
    """Where the results say otherwise, in the order of the windows; then those of the books."""
    due = expected(books)
    found = [
        difference
        for key in sorted(due.keys() | rows.keys(), key=lambda key: (key[1], len(key[0]), key[0]))
        for difference in _compared(key, due.get(key), rows.get(key, ()), books)
    ]
    return found + books.differences


def windows(books: Books, found: Sequence[Difference]) -> list[Window]:
    """Every window that has sales, in order."""
    stores: dict[int, dict[str, list[Sale]]] = defaultdict(dict)
    for (window, store), sales in _sold(books).items():
        stores[window][store] = sales
    return [_window(books, number, stores[number], found) for number in sorted(stores)]


def _sold(books: Books) -> dict[tuple[int, str], list[Sale]]:
    sold = defaultdict(list)
    for (window, _), (_, sale) in books.originals.items():
        sold[window, sale.store_id].append(sale)
    return sold


def _revenue(start: str, sales: Sequence[Sale]) -> Revenue:
    returned = [sale.amount for sale in sales if sale.is_return]
    return Revenue(
        window_start=start,
        revenue=sum((sale.amount for sale in sales), Decimal()),
        orders=len(sales) - len(returned),
        returns=len(returned),
        returned_revenue=sum(returned, Decimal()),
    )


def _window(
    books: Books, number: int, stores: Mapping[str, Sequence[Sale]], found: Sequence[Difference]
) -> Window:
    sales = [sale for sold in stores.values() for sale in sold]
    end = books.windowing.end(number)
    is_open = number >= books.closed_before
    return Window(
        start=books.windowing.start(number),
        end=end,
        sales=len(sales),
        stores=len(stores),
        revenue=sum((sale.amount for sale in sales), Decimal()),
        differences=None if is_open else sum(one.window_end == end for one in found),
    )


def _compared(
    key: StoreAndEnd, due: Revenue | None, rows: Sequence[Row], books: Books
) -> Iterator[Difference]:
    store, end = key
    revenue = due.revenue if due else None
    if not due and not _must_be_known(end, books):
        return
    if len(rows) > 1:
        stored = " / ".join(str(row.revenue) for row in rows)
        yield Difference("contradicting rows", end, store, revenue, stored)
    elif not due:
        yield Difference("row too many", end, store, None, rows[0].revenue)
    elif not rows:
        yield Difference("missing row", end, store, revenue, None, may_settle=True)
    else:
        yield from _fields(due, rows[0])


def _fields(due: Revenue, row: Row) -> Iterator[Difference]:
    # Sales that are missing may yet turn out to be late: their records come a way of their own.
    may_settle = row.orders + row.returns < due.orders + due.returns
    for field in fields(due):
        ours, theirs = getattr(due, field.name), getattr(row, field.name)
        if ours != theirs:
            yield Difference(
                field.name, row.timestamp, row.store_id, ours, theirs, may_settle=may_settle
            )


def _must_be_known(end: str, books: Books) -> bool:
    """Whether the ledger has to have the sales of a window; older ones expired, newer may come."""
    return books.first <= books.windowing.ending(end) < books.closed_before
