"""Every record of the stream in its one place.

Pure arithmetic on what was read, in whole milliseconds and decimals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Union

from .ledger import Ledger, RecordId, Stamp
from .sales import Sale
from .windowing import Windowing

Figure = Union[Decimal, int, str, None]
WindowAndRequest = tuple[int, str]
LATE, MALFORMED = "late", "malformed"


@dataclass(frozen=True)
class Difference:
    """One thing on which the stream and the data store do not agree.

    `may_settle`: what is still on its way to the data store could resolve it.
    """

    what: str
    window_end: str
    store_id: str
    expected: Figure
    stored: Figure
    record: str = ""
    may_settle: bool = False


@dataclass
class Books:
    """The records of a ledger, each in its place; `recorded` is what late_events/ says of them.

    Windows before `first` are left out: the stream may no longer hold all of their events.
    `originals` has, of all copies of a sale (request_id) in a window, the one that counts: that
    happened first, by the record's id when several did. Open windows are among them.
    """

    ledger: Ledger
    windowing: Windowing
    recorded: Mapping[RecordId, str]
    first: int
    counts: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    originals: dict[WindowAndRequest, tuple[Stamp, Sale]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ledger = self.ledger
        self.counts.update(heartbeats=ledger.heartbeats, unreadable=ledger.unreadable)
        for stamp in ledger.malformed:
            self._keep_malformed(stamp)
        late = [pair for pair in ledger.sales if not self._keep_sale(*pair)]
        self._keep_late(late)
        unclosed = sum(window >= self.closed_before for window, _ in self.originals)
        self.counts.update(open=unclosed, counted=len(self.originals) - unclosed)
        self._look_for_strangers()

    @cached_property
    def closed_before(self) -> int:
        """The number of the first window that is still open."""
        clock = self.ledger.clock
        return self.first if clock is None else self.windowing.closed_before(clock)

    def _keep_malformed(self, stamp: Stamp) -> None:
        reason = self.recorded.get(stamp.id)
        if reason is None and self._window(stamp) >= self.closed_before:
            self.counts["open"] += 1
            return
        self.counts[MALFORMED] += 1
        if reason != MALFORMED:
            stored = f"recorded as {reason}" if reason else "not recorded"
            self._differ("malformed event", stamp, "recorded", stored, may_settle=not reason)

    def _keep_sale(self, stamp: Stamp, sale: Sale) -> bool:
        """Put it in its place; False, and nothing else, when it is recorded as late."""
        reason = self.recorded.get(stamp.id)
        key = (self._window(stamp), sale.request_id)
        if reason == MALFORMED:
            self.counts[MALFORMED] += 1
            self._differ("well-formed sale", stamp, "counted", "recorded as malformed")
        elif key[0] < self.first:
            self.counts["skipped"] += 1
        elif reason:
            return False
        else:
            known = self.originals.setdefault(key, (stamp, sale))
            if known[0] is not stamp:
                self.counts["duplicates"] += 1
                self.originals[key] = min(known, (stamp, sale), key=_age)
        return True

    def _keep_late(self, late: Iterable[tuple[Stamp, Sale]]) -> None:
        """A late copy of a sale that was counted in time, or is late as well, is a duplicate."""
        known = set(self.originals)
        for stamp, sale in late:
            key = (self._window(stamp), sale.request_id)
            self.counts["duplicates" if key in known else LATE] += 1
            known.add(key)
            newest = self.ledger.newest_until(stamp.arrival)
            if self.windowing.closed_before(newest) <= key[0]:
                # Nothing that the stream held by then had come past the window's end.
                self._differ("sale in time", stamp, "counted", "recorded as late")

    def _look_for_strangers(self) -> None:
        known = {stamp.id for stamp, _ in self.ledger.sales}
        known.update(stamp.id for stamp in self.ledger.malformed)
        for record, reason in self.recorded.items():
            if record not in known and self.ledger.spans(record):
                stored = f"recorded as {reason}"
                self.differences.append(
                    Difference("no such event", "", "", "", stored, str(record))
                )

    def _differ(
        self, what: str, stamp: Stamp, expected: str, stored: str, may_settle: bool = False
    ) -> None:
        end = self.windowing.end(self._window(stamp))
        self.differences.append(
            Difference(what, end, "", expected, stored, str(stamp.id), may_settle)
        )

    def _window(self, stamp: Stamp) -> int:
        return self.windowing.window(stamp.event_time)


def _age(copy: tuple[Stamp, Sale]) -> tuple[int, RecordId]:
    stamp, _ = copy
    return stamp.event_time, stamp.id
