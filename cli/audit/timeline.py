"""Event time, cut into the windows that the rows of the results tell of.

An update may give the windows another length while some are open: those keep theirs, so that around
the update windows of both lengths overlap, and each sale is in one of them. Which one cannot be
told from outside; that no sale is missing there, and none is too much, can.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from ..pipeline.windowing import MARGIN, Windowing, written

# What templates/analytics.yaml allows: a row that tells of a longer window is wrong.
LONGEST = 900_000


class Period(NamedTuple):
    """A window, in milliseconds; it `is_mixed` if it stands for several that overlap."""

    start: int
    end: int
    is_mixed: bool = False

    @property
    def length(self) -> int:
        return self.end - self.start

    def overlaps(self, other: Period) -> bool:
        return self.start < other.end and other.start < self.end

    def __str__(self) -> str:
        return f"{written(self.start)} to {written(self.end)}"


@dataclass(frozen=True)
class _Piece:
    """From `start` on, until the next piece, windows have this length; without one, it is mixed."""

    start: int
    length: int | None


@dataclass(frozen=True)
class Timeline:
    """`spans` are the windows that the rows tell of; `windowing` is for what comes after them."""

    windowing: Windowing
    spans: Collection[Period] = ()

    def period(self, event_time: int) -> Period:
        """Where a sale of that time has to be counted."""
        number = max(0, bisect_right(self._starts, event_time) - 1)
        piece = self._pieces[number]
        if piece.length is None:
            return Period(piece.start, self._pieces[number + 1].start, is_mixed=True)
        start = event_time // piece.length * piece.length
        return Period(start, start + piece.length)

    def has(self, span: Period) -> bool:
        """Whether there can be such a window: tumbling ones of its length have one at its place."""
        longest = max(LONGEST, self.windowing.length)
        return 0 < span.length <= longest and span.start % span.length == 0

    def closed_until(self, clock: int) -> int:
        """Until when the windows of all lengths are closed, when arrivals have come to `clock`."""
        reached = self.reached(clock)
        return min(reached // length * length for length in self.lengths)

    def reached(self, clock: int) -> int:
        """The ends until then are past: a window is closed when its last millisecond has come."""
        return clock - self.windowing.lateness - MARGIN + 1

    def may_be_late(self, event_time: int, arrival: int) -> bool:
        """Whether a sale is late for the first to end of the windows that it may be in."""
        return arrival >= min(self._ends(event_time)) + self.windowing.lateness

    def is_late(self, event_time: int, arrival: int) -> bool:
        """Whether a sale is late for all windows that it may be in; an update makes several."""
        return arrival >= max(self._ends(event_time)) + self.windowing.lateness

    def may_be_closed(self, event_time: int, clock: int) -> bool:
        """Whether arrivals have closed the first to end of the windows that it may be in."""
        return self.reached(clock) >= min(self._ends(event_time))

    def _ends(self, event_time: int) -> Sequence[int]:
        return [(event_time // length + 1) * length for length in self.lengths]

    @cached_property
    def lengths(self) -> Sequence[int]:
        return sorted({self.windowing.length, *(span.length for span in self._windows)})

    @cached_property
    def _windows(self) -> Sequence[Period]:
        return sorted(span for span in set(self.spans) if self.has(span))

    @cached_property
    def _starts(self) -> Sequence[int]:
        return [piece.start for piece in self._pieces]

    @cached_property
    def _pieces(self) -> Sequence[_Piece]:
        return list(_cut(list(_merged(self._windows)), self.windowing.length))


def _merged(windows: Sequence[Period]) -> Iterator[Period]:
    """The windows in their order; those that overlap others, of another length then, as one."""
    current: Period | None = None
    for span in windows:
        if current and current.overlaps(span):
            current = Period(current.start, max(current.end, span.end), is_mixed=True)
            continue
        if current:
            yield current
        current = span
    if current:
        yield current


def _cut(periods: Sequence[Period], newest: int) -> Iterator[_Piece]:
    """The pieces that these windows make, and after them those of the newest length.

    Where the length changes, what is not between whole windows of both belongs to the change.
    """
    length: int | None = periods[0].length if periods and not periods[0].is_mixed else newest
    end = 0
    yield _Piece(end, length)
    for period in periods:
        if period.is_mixed and length:
            yield _Piece(period.start // length * length, None)
            length = None
        elif not period.is_mixed and period.length != length:
            yield from _change(end, length, period.length)
            length = period.length
        end = period.end
    if length != newest:
        yield from _change(end, length, newest)


def _change(end: int, before: int | None, after: int) -> Iterator[_Piece]:
    """From windows that end then, of one length (`before`) or several, to those of another."""
    beginning = -(-end // after) * after
    if before and end < beginning:
        yield _Piece(end, None)
    yield _Piece(beginning, after)
