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
Counted = tuple[Stamp, Sale]
LATE, OVERTAKEN, MALFORMED = "late", "overtaken", "malformed"


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
    window, the one that counts: the first in the stream. Those in windows that are still open are
    among them. `rivals` has all that may count instead, where copies that differ are in two shards:
    only there, the order in which the job reads them decides. `lag` is the most by which a sale, no
    copy, arrived after it happened (milliseconds).
    """

    ledger: Ledger
    timeline: Timeline
    recorded: Mapping[RecordId, str]
    complete_after: int
    counts: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    lag: int = 0
    originals: dict[PeriodAndRequest, Counted] = field(default_factory=dict)
    rivals: dict[PeriodAndRequest, set[Sale]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ledger = self.ledger
        self.counts.update(heartbeats=ledger.heartbeats)
        self.counts.update(self._place_of_unreadable(record) for record in ledger.unreadable)
        for stamp in ledger.malformed:
            self._keep_malformed(stamp)
        set_aside = [pair for pair in ledger.sales if not self._keep_sale(*pair)]
        self._keep_set_aside(set_aside)
        unclosed = sum(not self.is_closed(period) for period, _ in self.originals)
        in_time = (stamp.arrival - stamp.event_time for stamp, _ in self.originals.values())
        self.lag = max(self.lag, max(in_time, default=0))
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

    def _place_of_unreadable(self, record: RecordId) -> str:
        """The job skips what it cannot read, or has read its type before, and records it."""
        reason = self.recorded.get(record, "unreadable")
        return reason if reason in (LATE, OVERTAKEN, MALFORMED) else "unreadable"

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
        """Put it in its place; False, and nothing else, when that is late_events/."""
        reason = self.recorded.get(stamp.id)
        key = (self._period(stamp), sale.request_id)
        if reason == MALFORMED:
            self.counts[MALFORMED] += 1
            self._differ("well-formed sale", stamp, "counted", "recorded as malformed")
        elif key[0].start <= self.complete_after:
            self.counts["skipped"] += 1
        elif reason or self.timeline.is_late(stamp.event_time, stamp.arrival):
            return False
        else:
            original = self.originals.setdefault(key, (stamp, sale))
            if original[0] is not stamp:
                self.counts["duplicates"] += 1
                self._keep_copy(key, (stamp, sale))
        return True

    def _keep_copy(self, key: PeriodAndRequest, copy: Counted) -> None:
        """A shard's records come in their order, so only one of another shard can be before."""
        known = self.originals[key]
        if known[0].id.shard_id == copy[0].id.shard_id:
            return
        if known[1] != copy[1]:
            self.rivals.setdefault(key, {known[1]}).add(copy[1])
        self.originals[key] = min(known, copy, key=_arrival)

    def _keep_set_aside(self, sales: Iterable[tuple[Stamp, Sale]]) -> None:
        """A late copy of a sale that was counted in time, or is late as well, is a duplicate."""
        known = set(self.originals)
        for stamp, sale in sales:
            key = (self._period(stamp), sale.request_id)
            reason = self.recorded.get(stamp.id)
            if reason is None and not self.is_due(key[0]):
                self.counts["open"] += 1
                continue
            if key in known:
                self.counts["duplicates"] += 1
            else:
                self.counts[OVERTAKEN if reason == OVERTAKEN else LATE] += 1
                self.lag = max(self.lag, stamp.arrival - stamp.event_time)
            known.add(key)
            self._judge(stamp, reason)

    def _judge(self, stamp: Stamp, reason: str | None) -> None:
        """Whether the reason with which a sale was set aside is the right one."""
        times, timeline = (stamp.event_time, stamp.arrival), self.timeline
        if reason is None:
            self._differ("late sale", stamp, "recorded", "not recorded", may_settle=True)
        elif reason not in (LATE, OVERTAKEN):
            self._differ("unknown reason", stamp, "", f"recorded as {reason}")
        elif reason == LATE and not timeline.may_be_late(*times):
            self._differ("sale in time", stamp, "counted", "recorded as late")
        elif reason == OVERTAKEN and timeline.is_late(*times):
            self._differ("late sale", stamp, "recorded as late", "recorded as overtaken")
        elif reason == OVERTAKEN and not timeline.may_be_closed(times[0], self.ledger.newest):
            # Nothing in the stream can have closed its window.
            self._differ("sale in time", stamp, "counted", "recorded as overtaken")

    def _find_unknown_records(self) -> None:
        known = {stamp.id for stamp, _ in self.ledger.sales}
        known.update(stamp.id for stamp in self.ledger.malformed)
        known.update(self.ledger.unreadable)
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


def _arrival(copy: Counted) -> tuple[int, RecordId]:
    stamp, _ = copy
    return stamp.arrival, stamp.id
