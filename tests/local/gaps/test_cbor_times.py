"""Times in the CBOR that the AWS SDKs for Java speak with Kinesis: milliseconds since 1970."""

from __future__ import annotations

import time
from typing import Any

import cbor2
import pytest

import signed_requests
import small_streams
from shared_aws import TestAws
from small_streams import SHARD, SmallStream


@pytest.fixture
def stream(local_aws: TestAws) -> SmallStream:
    return small_streams.create(local_aws)


def ask(stream: SmallStream, operation: str, **fields: Any) -> Any:
    answer = signed_requests.kinesis(stream.aws, operation, **fields)
    assert answer.status == 200, answer.body
    return answer.document


def read(stream: SmallStream, **where: Any) -> list[dict[str, Any]]:
    where = {"StreamName": stream.name, "ShardId": SHARD, **where}
    iterator = ask(stream, "GetShardIterator", **where)["ShardIterator"]
    records: list[dict[str, Any]] = ask(stream, "GetRecords", ShardIterator=iterator)["Records"]
    return records


def arrivals(stream: SmallStream, **where: Any) -> list[int]:
    return [record["ApproximateArrivalTimestamp"] for record in read(stream, **where)]


def put_at_different_times(stream: SmallStream, count: int) -> list[int]:
    """When they arrived, in milliseconds."""
    for _ in range(count):
        stream.put()
        last = arrivals(stream, ShardIteratorType="TRIM_HORIZON")[-1]
        while time.time() * 1000 <= last + 1:
            pass
    return arrivals(stream, ShardIteratorType="TRIM_HORIZON")


def test_a_records_arrival_is_in_whole_milliseconds(stream: SmallStream) -> None:
    began = int(time.time() * 1000)
    stream.put()
    (arrival,) = arrivals(stream, ShardIteratorType="TRIM_HORIZON")
    assert isinstance(arrival, int)
    assert began <= arrival <= time.time() * 1000 + 1
    (same,) = stream.records()
    assert arrival == round(same["ApproximateArrivalTimestamp"].timestamp() * 1000)


def test_the_creation_of_a_stream_is_in_milliseconds(stream: SmallStream) -> None:
    answer = ask(stream, "DescribeStreamSummary", StreamName=stream.name)
    created = answer["StreamDescriptionSummary"]["StreamCreationTimestamp"]
    assert 0 <= time.time() * 1000 - created < 60_000


def test_a_read_begins_at_a_time_in_milliseconds(stream: SmallStream) -> None:
    first, second, third = put_at_different_times(stream, 3)
    where = {"ShardIteratorType": "AT_TIMESTAMP"}
    assert arrivals(stream, **where, Timestamp=first) == [first, second, third]
    assert arrivals(stream, **where, Timestamp=second) == [second, third]
    assert arrivals(stream, **where, Timestamp=third + 1) == []


def test_a_read_begins_at_a_time_that_is_tagged_as_one_as_well(stream: SmallStream) -> None:
    _, second = put_at_different_times(stream, 2)
    where = {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": cbor2.CBORTag(1, second)}
    assert arrivals(stream, **where) == [second]


def test_a_refusal_is_told_in_cbor(local_aws: TestAws) -> None:
    where: dict[str, Any] = {"StreamName": "gone", "ShardId": SHARD, "ShardIteratorType": "LATEST"}
    answer = signed_requests.kinesis(local_aws, "GetShardIterator", **where)
    assert answer.status == 400
    assert answer.document["__type"] == "ResourceNotFoundException"
