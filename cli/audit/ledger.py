"""What the stream holds, record by record, as far as the audit needs it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import NamedTuple

from ..pipeline.envelope import Envelope
from ..pipeline.records import Record, Shard, is_heartbeat
from .sales import Sale, event_time, sale


class RecordId(NamedTuple):
    """Names a record for ever; `late_events/` names records by it as well."""

    shard_id: str
    sequence_number: str

    def __str__(self) -> str:
        return f"{self.shard_id}/{self.sequence_number}"


class Stamp(NamedTuple):
    """Which record it is, and its times, in milliseconds since 1970."""

    id: RecordId
    event_time: int
    arrival: int


@dataclass
class ShardPage:
    """One shard's part of the ledger; `newest` is the latest arrival in it."""

    is_open: bool
    records: int = 0
    first: int = 0
    last: int = 0
    newest: int | None = None


@dataclass
class Ledger:
    """Every record of the stream at one moment.

    Those that are `unreadable` are no JSON objects; what the job makes of them is for it to say.
    """

    shards: dict[str, ShardPage]
    sales: list[tuple[Stamp, Sale]] = field(default_factory=list)
    malformed: list[Stamp] = field(default_factory=list)
    heartbeats: int = 0
    unreadable: list[RecordId] = field(default_factory=list)
    oldest: int | None = None

    @classmethod
    def written(cls, shards: Iterable[Shard], records: Iterable[Record]) -> Ledger:
        """The ledger of these records of these shards."""
        ledger = cls({shard.id: ShardPage(shard.is_open) for shard in shards})
        for record in records:
            ledger.take(record)
        return ledger

    @property
    def records(self) -> int:
        return sum(page.records for page in self.shards.values())

    @property
    def oldest_arrival(self) -> datetime | None:
        """To the second."""
        return (
            None
            if self.oldest is None
            else datetime.fromtimestamp(self.oldest // 1000, timezone.utc)
        )

    @property
    def clock(self) -> int | None:
        """The arrival that every open shard has reached; None while one of them has none."""
        newest = [page.newest for page in self.shards.values() if page.is_open]
        reached = [time for time in newest if time is not None]
        return min(reached) if reached and len(reached) == len(newest) else None

    @property
    def newest(self) -> int:
        """The latest arrival in any shard."""
        return max((page.newest or 0 for page in self.shards.values()), default=0)

    def spans(self, record: RecordId) -> bool:
        """Whether a record of this id would have to be here: neither expired nor still to come."""
        page = self.shards.get(record.shard_id)
        if not page or not record.sequence_number.isdecimal():
            return page is not None
        return page.first <= int(record.sequence_number) <= page.last

    def take(self, record: Record) -> None:
        page = self.shards[record.shard_id]
        page.first = page.first or int(record.sequence_number)
        page.last = int(record.sequence_number)
        page.records += 1
        if record.envelope is None:
            self.unreadable.append(RecordId(record.shard_id, record.sequence_number))
        else:
            self._take_event(page, record, record.envelope)

    def _take_event(self, page: ShardPage, record: Record, envelope: Envelope) -> None:
        arrival = round(record.arrival.timestamp() * 1000)
        page.newest = max(arrival, page.newest or 0)
        self.oldest = min(arrival, self.oldest or arrival)
        if is_heartbeat(envelope):
            self.heartbeats += 1
            return
        happened = event_time(envelope, record.arrival)
        stamp = Stamp(RecordId(record.shard_id, record.sequence_number), happened, arrival)
        sold = sale(envelope)
        if sold:
            self.sales.append((stamp, sold))
        else:
            self.malformed.append(stamp)
