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

from ..pipeline.windowing import written
from .ledger import Ledger, RecordId, Stamp
from .sales import Sale
from .timeline import Period, Timeline

Figure = Union[Decimal, int, str, None]
PeriodAndRequest = tuple[Period, str]
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
class Places:
    """The records of a ledger, each in its place; `recorded` is what late_events/ says of them.

    Windows that do not begin after `complete_after`, in milliseconds, are left out: the stream may
    no longer hold all of their events. `originals` has, of all copies of a sale (request_id) in a
    window, the one that counts: that happened first, by the record's id when several did. Those in
    windows that are still open are among them. `disorder` is the most by which a sale, no copy,
    came out of order in its shard (milliseconds).
    """

    ledger: Ledger
    timeline: Timeline
    recorded: Mapping[RecordId, str]
    complete_after: int
    counts: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    disorder: int = 0
    originals: dict[PeriodAndRequest, tuple[Stamp, Sale]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ledger = self.ledger
        self.counts.update(heartbeats=ledger.heartbeats, unreadable=ledger.unreadable)
        for stamp in ledger.malformed:
            self._keep_malformed(stamp)
        late = [pair for pair in ledger.sales if not self._keep_sale(*pair)]
        self._keep_late(late)
        unclosed = sum(not self.is_closed(period) for period, _ in self.originals)
        in_time = (stamp.behind for stamp, _ in self.originals.values())
        self.disorder = max(self.disorder, max(in_time, default=0))
        self.counts.update(open=unclosed, counted=len(self.originals) - unclosed)
        self._find_unknown_records()

    def is_closed(self, period: Period) -> bool:
        return period.end <= self._closed_until

    def is_due(self, period: Period) -> bool:
        """Whether all its sales are known, and its rows written: it neither expired nor is open."""
        return period.start > self.complete_after and self.is_closed(period)

    @cached_property
    def _closed_until(self) -> int:
        clock = self.ledger.clock
        return 0 if clock is None else self.timeline.closed_until(clock)

    def _keep_malformed(self, stamp: Stamp) -> None:
        reason = self.recorded.get(stamp.id)
        period = self._period(stamp)
        if reason is None and not self.is_due(period):
            self.counts["open" if period.start > self.complete_after else "skipped"] += 1
            return
        self.counts[MALFORMED] += 1
        if reason != MALFORMED:
            stored = f"recorded as {reason}" if reason else "not recorded"
            self._differ("malformed event", stamp, "recorded", stored, may_settle=not reason)

    def _keep_sale(self, stamp: Stamp, sale: Sale) -> bool:
        """Put it in its place; False, and nothing else, when it is recorded as late."""
        reason = self.recorded.get(stamp.id)
        key = (self._period(stamp), sale.request_id)
        if reason == MALFORMED:
            self.counts[MALFORMED] += 1
            self._differ("well-formed sale", stamp, "counted", "recorded as malformed")
        elif key[0].start <= self.complete_after:
            self.counts["skipped"] += 1
        elif reason:
            return False
        else:
            original = self.originals.setdefault(key, (stamp, sale))
            if original[0] is not stamp:
                self.counts["duplicates"] += 1
                self.originals[key] = min(original, (stamp, sale), key=_age)
        return True

    def _keep_late(self, late: Iterable[tuple[Stamp, Sale]]) -> None:
        """A late copy of a sale that was counted in time, or is late as well, is a duplicate."""
        known = set(self.originals)
        for stamp, sale in late:
            key = (self._period(stamp), sale.request_id)
            if key in known:
                self.counts["duplicates"] += 1
            else:
                self.counts[LATE] += 1
                self.disorder = max(self.disorder, stamp.behind)
            known.add(key)
            newest = self.ledger.newest_until(stamp.arrival)
            if self.timeline.reached(newest) < self.timeline.earliest_end(stamp.event_time):
                # Nothing that the stream held by then had come past the window's end.
                self._differ("sale in time", stamp, "counted", "recorded as late")

    def _find_unknown_records(self) -> None:
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
        end = written(self._period(stamp).end)
        self.differences.append(
            Difference(what, end, "", expected, stored, str(stamp.id), may_settle)
        )

    def _period(self, stamp: Stamp) -> Period:
        return self.timeline.period(stamp.event_time)


def _age(copy: tuple[Stamp, Sale]) -> tuple[int, RecordId]:
    stamp, _ = copy
    return stamp.event_time, stamp.id
