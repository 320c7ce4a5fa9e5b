"""The stream, read again from the beginning."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from miztiik_events.pipeline import records
from miztiik_events.pipeline.records import Shard
from stubs import Answer, Refusal, stubbed

if TYPE_CHECKING:
    from shared_aws import TestAws

ARRIVAL = datetime(2026, 11, 24, 15, 0, tzinfo=timezone.utc)
OPEN = Shard("shardId-000000000000", is_open=True)


@pytest.fixture
def stream(local_aws: TestAws) -> Iterator[str]:
    kinesis, name = local_aws.client("kinesis"), f"read-{uuid.uuid4()}"
    kinesis.create_stream(StreamName=name, ShardCount=3)
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    yield name
    kinesis.delete_stream(StreamName=name)


def put(kinesis: Any, stream: str, numbers: range) -> None:
    for first in range(0, len(numbers), 500):
        kinesis.put_records(
            StreamName=stream,
            Records=[
                {"Data": json.dumps({"number": number}).encode(), "PartitionKey": str(number)}
                for number in numbers[first : first + 500]
            ],
        )


def iterator(shard: Shard = OPEN, **where: Any) -> Answer:
    where = where or {"ShardIteratorType": "TRIM_HORIZON"}
    return Answer(
        "get_shard_iterator",
        {"ShardIterator": "first"},
        {"StreamName": "sales", "ShardId": shard.id, **where},
    )


def page(*numbers: int, behind: int = 0, asked: str = "first", following: str = "next") -> Answer:
    entries = [
        {
            "SequenceNumber": str(number),
            "ApproximateArrivalTimestamp": ARRIVAL,
            "Data": b"{}",
            "PartitionKey": "key",
        }
        for number in numbers
    ]
    answer = {"Records": entries, "MillisBehindLatest": behind, "NextShardIterator": following}
    kept = {name: value for name, value in answer.items() if value != ""}
    return Answer("get_records", kept, {"ShardIterator": asked})


def numbers_read(*answers: Answer | Refusal) -> list[int]:
    with stubbed("kinesis", *answers) as kinesis:
        return [int(r.sequence_number) for r in records.read(kinesis, "sales", [OPEN])]


def test_every_record_of_every_shard_is_read_once_and_in_order(
    local_aws: TestAws, stream: str
) -> None:
    kinesis = local_aws.client("kinesis")
    put(kinesis, stream, range(2500))
    shards = records.shards(kinesis, stream)
    received = list(records.read(kinesis, stream, shards))

    assert sorted(r.envelope["number"] for r in received if r.envelope) == list(range(2500))
    assert {record.shard_id for record in received} == {shard.id for shard in shards}
    for shard in shards:
        sequence = [int(r.sequence_number) for r in received if r.shard_id == shard.id]
        assert sequence == sorted(sequence)


def test_what_arrived_before_a_given_time_is_left_out(local_aws: TestAws, stream: str) -> None:
    kinesis = local_aws.client("kinesis")
    put(kinesis, stream, range(10))
    shards = records.shards(kinesis, stream)
    newest = max(record.arrival for record in records.read(kinesis, stream, shards))
    while time.time() <= newest.timestamp() + 0.01:
        pass
    since = datetime.now(timezone.utc)
    put(kinesis, stream, range(10, 15))

    read = records.read(kinesis, stream, shards, since)
    assert sorted(r.envelope["number"] for r in read if r.envelope) == list(range(10, 15))


def test_a_closed_shard_is_read_to_its_end_as_well() -> None:
    assert numbers_read(iterator(), page(1, 2, behind=5), page(3, asked="next", following="")) == [
        1,
        2,
        3,
    ]


def test_an_empty_page_is_not_the_end() -> None:
    assert numbers_read(iterator(), page(behind=9000), page(7, asked="next")) == [7]


def test_a_throttled_read_is_repeated() -> None:
    refusal = Refusal("get_records", "ProvisionedThroughputExceededException")
    assert numbers_read(iterator(), refusal, page(4)) == [4]


def test_after_an_expired_iterator_it_goes_on_behind_the_last_record() -> None:
    again = iterator(ShardIteratorType="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber="1")
    expired = Refusal("get_records", "ExpiredIteratorException")
    assert numbers_read(iterator(), page(1, behind=5), expired, again, page(2)) == [1, 2]


def test_further_pages_of_shards_are_asked_for_by_their_token_alone() -> None:
    def listed(number: int, **sequence: str) -> dict[str, Any]:
        return {
            "ShardId": f"shard-{number}",
            "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": "1"},
            "SequenceNumberRange": {"StartingSequenceNumber": "1", **sequence},
        }

    first = {"Shards": [listed(0, EndingSequenceNumber="9")], "NextToken": "more"}
    with stubbed(
        "kinesis",
        Answer("list_shards", first, {"StreamName": "sales"}),
        Answer("list_shards", {"Shards": [listed(1)]}, {"NextToken": "more"}),
    ) as kinesis:
        found = records.shards(kinesis, "sales")
    assert found == [Shard("shard-0", False, 0, 1), Shard("shard-1", True, 0, 1)]
