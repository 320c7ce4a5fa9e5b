"""Delivery streams that read from a Kinesis stream.

MiniStack hands them what PutRecord and PutRecords write, but not what the rules of a bus write; it
asks no role, and tells a Lambda function nothing of the record's place. AWS reads the shards as the
role of the source, once a second, from the moment on when the delivery stream was created.
https://docs.aws.amazon.com/firehose/latest/dev/writing-with-kinesis-streams.html
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from .. import role_session
from ..requirements import require
from .firehose_buffer import BUFFERS
from .firehose_processor import Record

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_READS = 1.0

Take = Callable[[list[Record]], None]


@dataclass
class Reader:
    """Reads a Kinesis stream into a delivery stream until it is told to stop."""

    stream: dict[str, Any]
    since: datetime
    stopping: threading.Event = field(default_factory=threading.Event)
    _iterators: dict[str, str | None] = field(default_factory=dict)
    _reading: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        while not self.stopping.wait(SECONDS_BETWEEN_READS):
            self.read()

    def read(self) -> None:
        """Read all that is there now."""
        source = self.stream["kinesis_source"]
        arn, region = source["KinesisStreamARN"], self.stream["arn"].split(":")[3]
        client = role_session.client("kinesis", source["RoleARN"], self.stream["name"], region)
        with self._reading:
            try:
                for shard in client.list_shards(StreamARN=arn)["Shards"]:
                    self._read_shard(client, arn, shard["ShardId"])
            except Exception as error:
                # The role, or the stream, may be there later; AWS tries again as well.
                logger.warning("Firehose %s could not read: %s", self.stream["name"], error)

    def _read_shard(self, client: Any, arn: str, shard: str) -> None:
        if shard not in self._iterators:
            self._iterators[shard] = client.get_shard_iterator(
                StreamARN=arn,
                ShardId=shard,
                ShardIteratorType="AT_TIMESTAMP",
                Timestamp=self.since,
            )["ShardIterator"]
        while iterator := self._iterators[shard]:
            page = client.get_records(StreamARN=arn, ShardIterator=iterator)
            self._take([_record(shard, one) for one in page["Records"]])
            # A closed shard has none at its end.
            self._iterators[shard] = page.get("NextShardIterator")
            if not page["Records"]:
                break

    def _take(self, records: list[Record]) -> None:
        if records:
            BUFFERS.add(self.stream, records)


def fill() -> None:
    from ministack.services import firehose

    names = ("_create_delivery_stream", "_delete_delivery_stream", "ingest_from_kinesis_source")
    require(firehose, "_streams", "_HANDLERS", *names)
    create, delete = firehose._create_delivery_stream, firehose._delete_delivery_stream
    readers: dict[str, Reader] = {}

    def create_and_read(data: dict[str, Any]) -> Any:
        since = datetime.now(timezone.utc)
        answer = create(data)
        stream = firehose._streams.get(data.get("DeliveryStreamName", ""))
        if answer[0] < 300 and stream and stream["kinesis_source"]:
            reader = readers[stream["arn"]] = Reader(stream, since)
            threading.Thread(target=reader.run, daemon=True).start()
        return answer

    def stop_and_delete(data: dict[str, Any]) -> Any:
        stream = firehose._streams.get(data.get("DeliveryStreamName", ""))
        reader = readers.pop(stream["arn"], None) if stream else None
        if reader:
            reader.stopping.set()
        return delete(data)

    firehose._create_delivery_stream = create_and_read
    firehose._delete_delivery_stream = stop_and_delete
    firehose._HANDLERS["CreateDeliveryStream"] = create_and_read
    firehose._HANDLERS["DeleteDeliveryStream"] = stop_and_delete
    firehose.ingest_from_kinesis_source = lambda *_: None


def _record(shard: str, record: dict[str, Any]) -> Record:
    arrival = record["ApproximateArrivalTimestamp"].timestamp()
    return Record(
        id=str(uuid.uuid4()),
        data=record["Data"],
        arrived=arrival,
        metadata={
            "sequenceNumber": record["SequenceNumber"],
            "subsequenceNumber": 0,
            "partitionKey": record["PartitionKey"],
            "shardId": shard,
            "approximateArrivalTimestamp": round(arrival * 1000),
        },
    )
