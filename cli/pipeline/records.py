"""The raw events in the Kinesis stream, read again, and how far back it remembers them.

The only module that reads the stream.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import ApplicationError
from .envelope import Envelope, as_flink_reads

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import GetRecordsOutputTypeDef

# A shard takes five reads a second from all its readers together, the analytics job among them.
THROTTLED_PAUSE_SECONDS = 1.0
# The shortest retention that a stream can have: a younger stream has lost nothing.
SHORTEST_RETENTION = timedelta(hours=24)


class Record(NamedTuple):
    """One record of the stream; `envelope` is None when its data cannot be read as an event."""

    shard_id: str
    sequence_number: str
    arrival: datetime
    envelope: Envelope | None


@dataclass(frozen=True)
class Shard:
    """A shard, and the first and the last of its hash keys."""

    id: str
    is_open: bool
    first_key: int = 0
    last_key: int = 0


def shards(kinesis: KinesisClient, stream: str, since: datetime | None = None) -> list[Shard]:
    """Every shard that may hold records, the closed ones among them.

    With `since`, without those that were closed before then.
    """
    # Paginated by hand: with NextToken, ListShards takes no StreamName, but boto3's paginator
    # repeats it (boto/botocore issue 2009).
    wanted: Any = {"ShardFilter": {"Type": "FROM_TIMESTAMP", "Timestamp": since}} if since else {}
    page = kinesis.list_shards(StreamName=stream, **wanted)
    listed = list(page["Shards"])
    while page.get("NextToken"):
        page = kinesis.list_shards(NextToken=page["NextToken"])
        listed += page["Shards"]
    return [
        Shard(
            shard["ShardId"],
            "EndingSequenceNumber" not in shard["SequenceNumberRange"],
            int(shard["HashKeyRange"]["StartingHashKey"]),
            int(shard["HashKeyRange"]["EndingHashKey"]),
        )
        for shard in listed
    ]


def read(
    kinesis: KinesisClient, stream: str, which: Sequence[Shard], since: datetime | None = None
) -> Iterator[Record]:
    """Every record of these shards, or those that arrived since then; ends when it has caught up.

    In order within a shard, in no order between shards: they take turns, so that no shard's limit
    holds up the others.
    """
    pending = deque(_Position(stream, shard.id, since) for shard in which)
    while pending:
        position = pending.popleft()
        page = _get(kinesis, position)
        if page is None:
            pending.append(position)
            continue
        for record in page["Records"]:
            position.sequence_number = record["SequenceNumber"]
            yield Record(
                position.shard_id,
                record["SequenceNumber"],
                record["ApproximateArrivalTimestamp"],
                as_flink_reads(record["Data"]),
            )
        position.iterator = page.get("NextShardIterator")
        # A closed shard has no next iterator at its end. An empty page alone means nothing.
        if position.iterator and page.get("MillisBehindLatest"):
            pending.append(position)


@dataclass
class _Position:
    """How far a shard has been read."""

    stream: str
    shard_id: str
    since: datetime | None
    sequence_number: str | None = None
    iterator: str | None = None

    def start(self, kinesis: KinesisClient) -> str:
        where: dict[str, Any] = {"ShardIteratorType": "TRIM_HORIZON"}
        if self.sequence_number:
            where = {
                "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
                "StartingSequenceNumber": self.sequence_number,
            }
        elif self.since:
            where = {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": self.since}
        answer = kinesis.get_shard_iterator(StreamName=self.stream, ShardId=self.shard_id, **where)
        return answer["ShardIterator"]


def _get(kinesis: KinesisClient, position: _Position) -> GetRecordsOutputTypeDef | None:
    """The shard's next page; None when it has to be asked for again."""
    throttled = (
        kinesis.exceptions.ProvisionedThroughputExceededException,
        kinesis.exceptions.LimitExceededException,
    )
    try:
        position.iterator = position.iterator or position.start(kinesis)
        return kinesis.get_records(ShardIterator=position.iterator)
    except kinesis.exceptions.ExpiredIteratorException:
        # An iterator lives for five minutes; whoever takes our records may take longer.
        position.iterator = None
    except throttled:
        time.sleep(THROTTLED_PAUSE_SECONDS)
    return None


def memory(kinesis: KinesisClient, stream: str, oldest: datetime | None) -> tuple[datetime, int]:
    """Since when the stream has every event; of windows that begin later, it has them all.

    The latter in milliseconds since 1970. `oldest` is when the oldest record that it holds arrived.
    """
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    created, now = summary["StreamCreationTimestamp"], datetime.now(timezone.utc)
    if now - created < SHORTEST_RETENTION:
        return created, 0
    oldest = oldest or now
    # No event happens after it arrived, so a window that begins later has lost none.
    return oldest, int(oldest.timestamp() * 1000)


def require_memory(kinesis: KinesisClient, stream: str, moment: datetime) -> None:
    """Raise ApplicationError when the stream no longer has every event since then."""
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    hours = summary["RetentionPeriodHours"]
    oldest = datetime.now(timezone.utc) - timedelta(hours=hours)
    if moment < oldest and summary["StreamCreationTimestamp"] < oldest:
        raise ApplicationError(
            f"stream {stream} keeps its events for {hours} hours, so windows before "
            f"{oldest:%Y-%m-%d %H:%M:%S} UTC cannot be recomputed. "
            "Next: --from with a later time; deploy -p StreamRetentionHours=HOURS keeps more from "
            "now on"
        )


def is_heartbeat(envelope: Envelope) -> bool:
    return bool(envelope.get("detail-type") == "heartbeat")
