"""Revenue of a period: which rows belong to it, and what they come to by hour, day and store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from . import windowing
from .results import Row, order

LENGTHS = {"hour": 3_600_000, "day": 86_400_000}


@dataclass(frozen=True)
class Period:
    """From one moment to another, without the first and with the last; None is without end."""

    since: datetime | None = None
    until: datetime | None = None

    def has(self, row: Row) -> bool:
        """Whether the row's window ended then: so each window is in one of adjoining periods."""
        end = windowing.read(row.timestamp)
        is_after = not self.since or end > self.since.timestamp() * 1000
        return is_after and (not self.until or end <= self.until.timestamp() * 1000)

    def last_written(self, retention: timedelta) -> datetime | None:
        """When the last of its windows can be written, by an application that had been stopped.

        That is as late as the stream still has the events.
        """
        return self.until + retention if self.until else None


def summed(
    rows: Iterable[Row], by: str | None, top: int | None, *, has_others: bool = False
) -> list[Row]:
    """The rows by window, hour or day and store; with `top`, of the stores with the most revenue.

    Those come in their order, highest net revenue first; when `by` is None, over the whole time.
    The other stores are left out, or are one more: `12 others`.
    """
    rows = list(rows)
    if by in LENGTHS:
        rows = _by_length(rows, LENGTHS[by])
    if top is None:
        return sorted(rows, key=order)
    ranking = _ranking(rows)
    rows = rows if by else ranking
    places = {row.store_id: place for place, row in enumerate(ranking[:top])}
    chosen = [row for row in rows if row.store_id in places]
    if has_others and len(ranking) > top:
        others = [row for row in rows if row.store_id not in places]
        chosen += _as_one(others, f"{len(ranking) - top:,} others")

    def place(row: Row) -> tuple[str, str, int]:
        return row.timestamp, row.window_start, places.get(row.store_id, top)

    return sorted(chosen, key=place)


def _by_length(rows: Iterable[Row], length: int) -> list[Row]:
    """A row for each store and each span of so many milliseconds in which its windows began."""
    groups: dict[tuple[int, str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[windowing.read(row.window_start) // length, row.store_id].append(row)
    return [
        total(group, store, windowing.written(n * length), windowing.written((n + 1) * length))
        for (n, store), group in groups.items()
    ]


def _ranking(rows: Sequence[Row]) -> list[Row]:
    start = min((row.window_start for row in rows), default="")
    end = max((row.timestamp for row in rows), default="")
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.store_id].append(row)
    sums = [total(group, store, start, end) for store, group in groups.items()]
    return sorted(sums, key=lambda row: (-row.net, *order(row)))


def _as_one(rows: Iterable[Row], name: str) -> list[Row]:
    spans: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        spans[row.window_start, row.timestamp].append(row)
    return [total(group, name, start, end) for (start, end), group in spans.items()]


def total(rows: Iterable[Row], store_id: str, start: str, end: str) -> Row:
    """What the rows come to, as a row of that store and time."""
    rows = list(rows)
    return Row(
        store_id=store_id,
        timestamp=end,
        window_start=start,
        revenue=sum((row.revenue for row in rows), Decimal()),
        orders=sum(row.orders for row in rows),
        returns=sum(row.returns for row in rows),
        returned_revenue=sum((row.returned_revenue for row in rows), Decimal()),
    )
