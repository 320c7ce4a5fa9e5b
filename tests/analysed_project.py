"""The project from the bus to the data store, and event time in the hands of a test."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import command_line
from event_sequences import Event

if TYPE_CHECKING:
    from conftest import TestAws

WINDOW_SECONDS = 4
LATENESS_SECONDS = 2
SHARDS = 2
SETTINGS = {
    "ShardCount": SHARDS,
    "WindowSeconds": WINDOW_SECONDS,
    "AllowedLatenessSeconds": LATENESS_SECONDS,
    "BufferIntervalSeconds": 1,
}
TEMPLATES = Path(__file__).parent.parent / "templates"
NEEDED = (
    *("artifacts", "data-store", "stream", "event-bus", "transformer", "firehose"),
    "analytics",
)


@dataclass(frozen=True)
class StreamRecord:
    """A record as the stream has it; `arrival` in milliseconds."""

    shard: str
    number: str
    arrival: int
    envelope: dict[str, Any]


@dataclass
class AnalysedProject:
    """Deployed without its consumers and without the heartbeat: the test beats.

    Hence event time stands still between two examples, and goes where the test wants it.
    """

    aws: TestAws
    name: str
    outputs: dict[str, str] = field(default_factory=dict)
    _iterators: dict[str, str] = field(default_factory=dict)
    _read: set[str] = field(default_factory=set)

    def deploy(self, folder: Path) -> None:
        for template in NEEDED:
            shutil.copy(TEMPLATES / f"{template}.yaml", folder)
        parameters = [f"--parameter-overrides={name}={value}" for name, value in SETTINGS.items()]
        deployed = self.run("deploy", "--output=json", f"--templates={folder}", *parameters)
        self.outputs.update(json.loads(deployed))
        self.run("start-analytics")

    def run(self, *arguments: str, exit_code: int = 0) -> str:
        done = command_line.run(self.aws.environment, *arguments, "--project", self.name)
        assert done.returncode == exit_code, f"{arguments}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def send(self, sequence: Sequence[Event], start: int) -> dict[str, Event]:
        """Send them one after the other; by their ids, on the bus and past it."""
        sent = {}
        for number, event in enumerate(sequence):
            moment = start + event.second
            if event.shard is None:
                sent[self._put(event, moment)] = event
            else:
                identity = f"{start}-{number}"
                self.write(envelope(event, moment, identity), event.shard)
                sent[identity] = event
        return sent

    def _put(self, event: Event, moment: int) -> str:
        entry = {
            "EventBusName": self.outputs["EventBusName"],
            "Source": event.source,
            "DetailType": event.kind,
            "Detail": event.detail,
            "Time": datetime.fromtimestamp(moment, timezone.utc),
        }
        answer = self.aws.client("events").put_events(Entries=[entry])
        assert answer["FailedEntryCount"] == 0
        return str(answer["Entries"][0]["EventId"])

    def write(self, data: str, shard: int) -> None:
        hashes = 2**128 // SHARDS
        self.aws.client("kinesis").put_record(
            StreamName=self.outputs["SalesStreamName"],
            Data=data.encode(),
            PartitionKey="of a test",
            ExplicitHashKey=str(hashes * shard + 1),
        )

    def beat(self, moment: int) -> None:
        for shard in range(SHARDS):
            beat = {"id": "beat", "detail-type": "heartbeat", "time": iso(moment), "detail": {}}
            self.write(json.dumps({"source": "beat", **beat}), shard)

    def fresh_records(self) -> list[StreamRecord]:
        """What came into the stream since the last look, in order within a shard."""
        kinesis, name = self.aws.client("kinesis"), self.outputs["SalesStreamName"]
        found = []
        for shard in kinesis.list_shards(StreamName=name)["Shards"]:
            shard_id = shard["ShardId"]
            iterator = self._iterators.get(shard_id) or self._beginning(shard_id)
            behind = 1
            while behind:
                page = kinesis.get_records(ShardIterator=iterator)
                iterator, behind = page["NextShardIterator"], page["MillisBehindLatest"]
                found += [_record(shard_id, one) for one in page["Records"]]
            self._iterators[shard_id] = iterator
        return found

    def _beginning(self, shard_id: str) -> str:
        answer = self.aws.client("kinesis").get_shard_iterator(
            StreamName=self.outputs["SalesStreamName"],
            ShardId=shard_id,
            ShardIteratorType="TRIM_HORIZON",
        )
        return str(answer["ShardIterator"])

    def rejected(self) -> list[str]:
        """The ids of the events that came into the queue of rejected events since the last look."""
        sqs, url = self.aws.client("sqs"), self.outputs["RejectedEventsQueueUrl"]
        ids = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                ids.append(json.loads(message["Body"])["id"])
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return ids

    def fresh_lines(self, prefix: str) -> list[dict[str, Any]]:
        """The lines of the data store that were not there at the last look, numbers exact."""
        s3, bucket = self.aws.client("s3"), self.outputs["FirehoseDataStore"]
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        fresh = [key for key in keys if key not in self._read]
        self._read.update(fresh)
        bodies = [s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in fresh]
        lines = [line for body in bodies for line in body.split("\n") if line]
        return [json.loads(line, parse_float=Decimal) for line in lines]


def envelope(event: Event, moment: int, identity: str) -> str:
    """As EventBridge writes an event into the stream; of what it refuses, as it would look."""
    written = event.time or f'"{iso(moment)[:-1]}{event.fraction}Z"'
    before = {"version": "0", "id": identity, "detail-type": event.kind, "source": event.source}
    return f'{json.dumps(before)[:-1]}, "time": {written}, "detail": {event.detail}}}'


def iso(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


def _record(shard_id: str, record: dict[str, Any]) -> StreamRecord:
    return StreamRecord(
        shard_id,
        record["SequenceNumber"],
        round(record["ApproximateArrivalTimestamp"].timestamp() * 1000),
        json.loads(record["Data"], parse_int=Decimal, parse_float=Decimal),
    )
