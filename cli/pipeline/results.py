"""The results: revenue per store and window, as the data store holds them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from . import windowing
from .data_store import Line

PREFIX = "sales_revenue/"
# Far beyond what any store takes in. Numbers of more digits would lose some when they are added up.
HIGHEST = 10**20
FINEST = Decimal("0.000001")


class RowKey(NamedTuple):
    """Rows of one store and one window; windows may end together and have begun apart."""

    store_id: str
    start: str
    end: str


@dataclass(frozen=True)
class Row:
    """One store's revenue in one window; `timestamp` is the window's end, UTC.

    `text` is the line as it stands in the data store, every number as it was written.
    """

    store_id: str
    timestamp: str
    window_start: str
    revenue: Decimal
    orders: int
    returns: int
    returned_revenue: Decimal
    text: str = field(compare=False, default="")

    @property
    def net(self) -> Decimal:
        """The revenue without that of the returns."""
        return self.revenue - self.returned_revenue

    @property
    def key(self) -> RowKey:
        return RowKey(self.store_id, self.window_start, self.timestamp)


@dataclass
class Collection:
    """Rows as they come in; the job delivers at least once, so a row may come again.

    `repeated` counts the rows that came again the same, `garbage` has the lines that are no row.
    """

    repeated: int = 0
    contradictions: int = 0
    garbage: list[Line] = field(default_factory=list)
    _known: dict[RowKey, list[Row]] = field(default_factory=dict)

    def add(self, lines: Iterable[Line]) -> list[Row]:
        """Those among the lines that are rows, and new; in the order of window and store.

        A row that contradicts one that is known is new as well: to choose is not ours.
        """
        fresh = [row for line in lines if (row := self._row(line)) and self._is_new(row)]
        return sorted(fresh, key=order)

    @property
    def rows(self) -> dict[RowKey, list[Row]]:
        """All that differ; more than one of a store and a window contradict each other."""
        return self._known

    def _row(self, line: Line) -> Row | None:
        row = parse(line)
        if row is None:
            self.garbage.append(line)
        return row

    def _is_new(self, row: Row) -> bool:
        key = row.key
        known = self._known.get(key)
        if known is None:
            self._known[key] = [row]
            return True
        if row in known:
            self.repeated += 1
            return False
        self.contradictions += 1
        known.append(row)
        return True


def parse(line: Line) -> Row | None:
    """The row that the line is; None when it is none."""
    fields = line.fields or {}
    try:
        return Row(
            store_id=_text(fields["store_id"]),
            timestamp=_time(fields["timestamp"]),
            window_start=_time(fields["window_start"]),
            revenue=_number(fields["revenue"]),
            orders=_count(fields["orders"]),
            returns=_count(fields["returns"]),
            returned_revenue=_number(fields["returned_revenue"]),
            text=line.text,
        )
    except (KeyError, ValueError):
        return None


def have_several_lengths(rows: Iterable[Row]) -> bool:
    """Whether an update gave the windows of these rows another length."""
    lengths = {windowing.read(row.timestamp) - windowing.read(row.window_start) for row in rows}
    return len(lengths) > 1


def order(row: Row) -> tuple[str, str, int, str]:
    """Sorts by window, then store, `store_2` before `store_10`."""
    return row.timestamp, row.window_start, len(row.store_id), row.store_id


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"no text: {value!r}")
    return value


def _time(value: Any) -> str:
    windowing.read(_text(value))
    return str(value)


def _number(value: Any) -> Decimal:
    # To Python, true is the number 1.
    if not isinstance(value, (int, Decimal)) or isinstance(value, bool):
        raise ValueError(f"no number: {value!r}")
    number = Decimal(value)
    if not -HIGHEST < number < HIGHEST or number != number.quantize(FINEST):
        raise ValueError(f"no amount: {value!r}")
    return number


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= HIGHEST:
        raise ValueError(f"no count: {value!r}")
    return value
