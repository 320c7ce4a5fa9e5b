"""The sales that the page knows of: exact sums for each store and window."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ..pipeline import backfill, results, windowing
from ..pipeline.data_store import Line
from ..pipeline.results import Row

# A store's sums in a window take some 250 bytes: a thousand stores for most of a day, or fifty for
# two weeks. Of what is more, the oldest windows go.
MOST_SUMS = 1_000_000
# In milliseconds: of a window, and between this machine's clock and that of the producers.
LONGEST, CLOCKS_APART = 86_400_000, 3_600_000
# Whole numbers add up exactly, and ten times as fast as decimals.
UNIT = results.FINEST


class Window(NamedTuple):
    """From one moment to another, in milliseconds; the end comes first, to sort by."""

    end: int
    start: int


class Sums(NamedTuple):
    """Amounts in millionths, and counts."""

    revenue: int = 0
    returned: int = 0
    orders: int = 0
    returns: int = 0

    @property
    def net(self) -> int:
        return self.revenue - self.returned

    def plus(self, other: Sums) -> Sums:
        return Sums(
            self.revenue + other.revenue,
            self.returned + other.returned,
            self.orders + other.orders,
            self.returns + other.returns,
        )


@dataclass
class Sales:
    """By window and store; of rows that contradict each other, the first counts."""

    unreadable: int = 0
    contradictions: int = 0
    # Until when sums were let go, because there were too many.
    forgotten_until: int = 0
    _windows: dict[Window, dict[str, Sums]] = field(default_factory=dict)
    _totals: dict[Window, Sums] = field(default_factory=dict)
    _order: list[Window] = field(default_factory=list)
    _names: dict[str, str] = field(default_factory=dict)
    _garbage: set[tuple[str, str]] = field(default_factory=set)
    _made_up: set[Window] = field(default_factory=set)
    _count: int = 0

    def add(self, lines: Iterable[Line]) -> bool:
        """Take the lines in; whether anything is new."""
        news = [self._take(line) for line in lines]
        if any(news):
            self._forget()
            self._order = sorted(self._windows)
        return any(news)

    @property
    def newest(self) -> Window | None:
        return self._order[-1] if self._order else None

    @property
    def earliest(self) -> int:
        """The start of the first window; 0 when there is none."""
        return self._order[0].start if self._order else 0

    @property
    def names(self) -> list[str]:
        """Of all stores, `store_2` before `store_10`."""
        return sorted(self._names, key=lambda name: (len(name), name))

    def ended(self, after: int, until: int) -> list[Window]:
        """The windows that ended then, in their order."""
        first, last = (bisect_right(self._order, (end, until)) for end in (after, until))
        return self._order[first:last]

    def of(self, window: Window) -> Mapping[str, Sums]:
        return self._windows[window]

    def made_up(self, windows: Iterable[Window]) -> list[Window]:
        """Those of them that a backfill made up for a demonstration."""
        return [window for window in windows if window in self._made_up]

    def total(self, windows: Iterable[Window], store: str | None = None) -> Sums:
        """Of all stores, or of one."""
        total = Sums()
        for window in windows:
            sums = self._windows[window].get(store) if store else self._totals[window]
            total = total.plus(sums) if sums else total
        return total

    def by_store(self, windows: Iterable[Window]) -> list[tuple[str, Sums]]:
        """What each store took in, the most net revenue first."""
        totals: dict[str, Sums] = defaultdict(Sums)
        for window in windows:
            for name, sums in self._windows[window].items():
                totals[name] = totals[name].plus(sums)
        return sorted(totals.items(), key=lambda pair: (-pair[1].net, len(pair[0]), pair[0]))

    def _take(self, line: Line) -> bool:
        row = results.parse(line)
        window = _window(row) if row else None
        if not row or not window:
            is_new = (line.key, line.text) not in self._garbage
            self._garbage.add((line.key, line.text))
            self.unreadable += is_new
            return is_new
        if window.end <= self.forgotten_until:
            return False
        stores = self._windows.setdefault(window, {})
        name, sums = self._names.setdefault(row.store_id, row.store_id), _sums(row)
        known = stores.get(name)
        if known is not None:
            self.contradictions += known != sums
            return known != sums
        stores[name] = sums
        if backfill.is_marked(row):
            self._made_up.add(window)
        self._totals[window] = self._totals.get(window, Sums()).plus(sums)
        self._count += 1
        return True

    def _forget(self) -> None:
        for window in self._oldest():
            self._count -= len(self._windows.pop(window))
            self._totals.pop(window)
            self._made_up.discard(window)
            self.forgotten_until = window.end

    def _oldest(self) -> Iterator[Window]:
        for window in sorted(self._windows) if self._count > MOST_SUMS else ():
            if self._count <= MOST_SUMS:
                break
            yield window


def _window(row: Row) -> Window | None:
    """None for a window that cannot be: it would move or stretch all that is shown."""
    window = Window(windowing.read(row.timestamp), windowing.read(row.window_start))
    is_possible = 0 < window.end - window.start <= LONGEST
    is_past = window.end <= time.time() * 1000 + CLOCKS_APART
    return window if is_possible and is_past else None


def _sums(row: Row) -> Sums:
    revenue, returned = int(row.revenue / UNIT), int(row.returned_revenue / UNIT)
    return Sums(revenue, returned, row.orders, row.returns)
