"""Kinesis streams of one shard, and what was written to them."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from small_roles import ARN

if TYPE_CHECKING:
    from conftest import TestAws

SHARD = "shardId-000000000000"


@dataclass(frozen=True)
class SmallStream:
    aws: TestAws
    name: str

    @property
    def arn(self) -> str:
        return f"arn:aws:kinesis:{ARN}:stream/{self.name}"

    def put(self, data: bytes = b"{}") -> None:
        kinesis = self.aws.client("kinesis")
        kinesis.put_record(StreamName=self.name, Data=data, PartitionKey="key")

    def iterator(self) -> str:
        """A shard iterator from the beginning."""
        where = {"ShardId": SHARD, "ShardIteratorType": "TRIM_HORIZON"}
        answer = self.aws.client("kinesis").get_shard_iterator(StreamName=self.name, **where)
        return str(answer["ShardIterator"])

    def records(self) -> list[dict[str, Any]]:
        answer = self.aws.client("kinesis").get_records(ShardIterator=self.iterator())
        records: list[dict[str, Any]] = answer["Records"]
        return records

    def documents(self) -> list[Any]:
        return [json.loads(record["Data"]) for record in self.records()]


def create(aws: TestAws) -> SmallStream:
    stream = SmallStream(aws, f"stream-{uuid.uuid4()}")
    aws.client("kinesis").create_stream(StreamName=stream.name, ShardCount=1)
    return stream
