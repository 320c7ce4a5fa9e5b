"""Where the events of an example were found, and where they have to be by the oracles.

An out-of-order event may or may not be late: Flink's watermark moves in its own time. Within those
bounds the job says which ones were late; the rest has to be counted to the cent.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import bus_oracle
import oracle
from analysed_project import LATENESS_SECONDS, WINDOW_SECONDS, StreamRecord
from event_sequences import Event

RecordName = tuple[str, str]
StoreAndEnd = tuple[str, str]


@dataclass(frozen=True)
class Placed:
    """A record that is a sale; those that happened before it in its shard bound its lateness."""

    record: StreamRecord
    sale: oracle.Sale
    surely_in_time: bool
    surely_late: bool

    @property
    def name(self) -> RecordName:
        return self.record.shard, self.record.number

    @property
    def order(self) -> tuple[int, str, str]:
        """Of copies, the first counts."""
        happened = oracle.milliseconds(self.record.envelope, self.record.arrival)
        return happened, self.record.shard, self.record.number

    @property
    def key(self) -> tuple[int, str]:
        return self.sale.second // WINDOW_SECONDS, self.sale.request_id


@dataclass
class Whereabouts:
    """`settled`: event time, in milliseconds, that the job has certainly passed."""

    settled: int = 0
    reached: dict[str, int] = field(default_factory=dict)
    on_stream: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    sales: list[Placed] = field(default_factory=list)
    malformed: list[RecordName] = field(default_factory=list)
    rows: dict[StoreAndEnd, set[oracle.Revenue]] = field(default_factory=lambda: defaultdict(set))
    reasons: dict[RecordName, set[str]] = field(default_factory=lambda: defaultdict(set))

    def take_record(self, record: StreamRecord) -> None:
        envelope = record.envelope
        happened = oracle.milliseconds(envelope, record.arrival)
        before = self.reached.get(record.shard, 0)
        self.reached[record.shard] = max(before, happened)
        if envelope["detail-type"] == "heartbeat":
            return
        self.on_stream[envelope["id"]] += 1
        sale = oracle.sale(envelope, record.arrival)
        if not sale:
            self.malformed.append((record.shard, record.number))
            return
        end = (happened // (WINDOW_SECONDS * 1000) + 1) * WINDOW_SECONDS * 1000
        in_time = end > before - LATENESS_SECONDS * 1000
        self.sales.append(Placed(record, sale, in_time, end <= self.settled))

    def take_row(self, line: Mapping[str, Any]) -> None:
        key, revenue = oracle.reported(line)
        self.rows[key].add(revenue)

    def take_reason(self, line: Mapping[str, Any]) -> None:
        self.reasons[line["shard_id"], line["sequence_number"]].add(line["reason"])

    def is_late(self, placed: Placed) -> bool:
        return "late" in self.reasons.get(placed.name, ())

    @property
    def expected(self) -> dict[StoreAndEnd, oracle.Revenue]:
        counted = (one for one in self.sales if not self.is_late(one))
        in_order = [one.sale for one in sorted(counted, key=lambda one: one.order)]
        return oracle.windows(in_order, WINDOW_SECONDS)

    def differences(self, sent: Mapping[str, Event]) -> list[str]:
        return [*self._misled(sent), *self._misjudged(), *self._miscounted()]

    def _misled(self, sent: Mapping[str, Event]) -> Iterator[str]:
        for identity, event in sent.items():
            due = bus_oracle.places(_original(event)) if event.shard is None else {"sales"}
            found = {"sales": self.on_stream[identity], "rejected": self.rejected[identity]}
            if found != {place: int(place in due) for place in found}:
                yield f"has to be in {sorted(due)}, is in {found}: {event}"

    def _misjudged(self) -> Iterator[str]:
        for name in self.malformed:
            if self.reasons.get(name) != {"malformed"}:
                yield f"malformed, but recorded as {self.reasons.get(name)}: {name}"
        for one in self.sales:
            reasons = self.reasons.get(one.name, set())
            if reasons - {"late"} or (reasons and one.surely_in_time):
                yield f"in time, but recorded as {reasons}: {one}"
            if one.surely_late and not reasons:
                yield f"late, but not recorded: {one}"
        known = {*self.malformed, *(one.name for one in self.sales)}
        for name in self.reasons.keys() - known:
            yield f"no such record: {name}"

    def _miscounted(self) -> Iterator[str]:
        expected = self.expected
        for key in sorted(expected.keys() | self.rows.keys()):
            if self.rows.get(key, set()) != {expected[key]} if key in expected else True:
                yield f"{key}: {expected.get(key)} is due, there is {self.rows.get(key)}"


def counts(examples: Sequence[Whereabouts]) -> dict[str, int]:
    """How many records are in each place, as `verify` counts them."""
    found = {"malformed": sum(len(one.malformed) for one in examples)}
    sales = [(one, placed) for one in examples for placed in one.sales]
    counted = {placed.key for one, placed in sales if not one.is_late(placed)}
    late = {placed.key for one, placed in sales if one.is_late(placed)} - counted
    found |= {"counted": len(counted), "late": len(late)}
    return {**found, "duplicates": len(sales) - len(counted) - len(late)}


def _original(event: Event) -> dict[str, Any]:
    detail = json.loads(event.detail, parse_int=Decimal, parse_float=Decimal)
    return {"detail-type": event.kind, "source": event.source, "detail": detail}
