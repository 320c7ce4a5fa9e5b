"""The heartbeat: one event into every open shard, or an error."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest
from botocore.stub import ANY, Stubber

from function_loader import NO_AWS, load


class Context:
    invoked_function_arn = "arn:aws-cn:lambda:cn-north-1:123456789012:function:heartbeat"


@pytest.fixture
def heartbeat() -> ModuleType:
    return load("heartbeat", {**NO_AWS, "STREAM_NAME": "sales"})


def shard(number: int, *, closed: bool = False) -> dict[str, Any]:
    sequence_numbers = {"StartingSequenceNumber": "1"}
    return {
        "ShardId": f"shardId-{number:012}",
        "HashKeyRange": {"StartingHashKey": str(number), "EndingHashKey": str(number)},
        "SequenceNumberRange": {
            **sequence_numbers,
            **({"EndingSequenceNumber": "2"} if closed else {}),
        },
    }


def put(stubber: Stubber, numbers: list[int], failing: dict[int, str]) -> None:
    """Expects one PutRecords with a record for each of these shards."""
    records = [
        {"Data": ANY, "PartitionKey": f"shardId-{number:012}", "ExplicitHashKey": str(number)}
        for number in numbers
    ]
    results = [
        {"ErrorCode": failing[number]} if number in failing else {"SequenceNumber": "1"}
        for number in numbers
    ]
    stubber.add_response(
        "put_records", {"Records": results}, {"StreamName": "sales", "Records": records}
    )


def list_shards(stubber: Stubber, *shards: dict[str, Any]) -> None:
    stubber.add_response("list_shards", {"Shards": list(shards)}, {"StreamName": "sales"})


def test_every_open_shard_of_every_page_gets_one(heartbeat: ModuleType) -> None:
    with Stubber(heartbeat.client) as stubber:
        stubber.add_response(
            "list_shards",
            {"Shards": [shard(0, closed=True), shard(1)], "NextToken": "more"},
            {"StreamName": "sales"},
        )
        stubber.add_response("list_shards", {"Shards": [shard(2)]}, {"NextToken": "more"})
        put(stubber, [1, 2], failing={})
        answer = heartbeat.handler({}, Context())
        stubber.assert_no_pending_responses()
    assert answer["shards"] == 2


def test_a_call_has_at_most_500_records(heartbeat: ModuleType) -> None:
    with Stubber(heartbeat.client) as stubber:
        list_shards(stubber, *map(shard, range(501)))
        put(stubber, list(range(500)), failing={})
        put(stubber, [500], failing={})
        assert heartbeat.handler({}, Context())["shards"] == 501
        stubber.assert_no_pending_responses()


def test_a_failed_shard_is_tried_again_alone(heartbeat: ModuleType) -> None:
    with Stubber(heartbeat.client) as stubber:
        list_shards(stubber, *map(shard, range(4)))
        put(stubber, [0, 1, 2, 3], failing={1: "InternalFailure", 3: "InternalFailure"})
        put(stubber, [1, 3], failing={3: "ProvisionedThroughputExceededException"})
        put(stubber, [3], failing={})
        assert heartbeat.handler({}, Context())["shards"] == 4
        stubber.assert_no_pending_responses()


def test_a_shard_that_fails_for_ever_is_an_error(heartbeat: ModuleType) -> None:
    with Stubber(heartbeat.client) as stubber:
        list_shards(stubber, shard(0), shard(1))
        put(stubber, [0, 1], failing={1: "InternalFailure"})
        for _ in range(heartbeat.ATTEMPTS - 1):
            put(stubber, [1], failing={1: "InternalFailure"})
        with pytest.raises(
            heartbeat.HeartbeatError, match="1 shards got no heartbeat: InternalFailure"
        ):
            heartbeat.handler({}, Context())
        stubber.assert_no_pending_responses()


def test_a_real_stream_has_the_event_in_each_shard(local_aws: Any) -> None:
    kinesis, stream = local_aws.client("kinesis"), f"heartbeat-{uuid4()}"
    kinesis.create_stream(StreamName=stream, ShardCount=3)
    kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})
    function = load("heartbeat", {**local_aws.environment, "STREAM_NAME": stream})

    before = datetime.now(timezone.utc).replace(microsecond=0)
    answer = function.handler({}, Context())

    events = [event for shard_events in read(kinesis, stream) for event in shard_events]
    assert answer["shards"] == len(events) == len({event["id"] for event in events}) == 3
    assert all(len(shard_events) == 1 for shard_events in read(kinesis, stream))
    told = datetime.strptime(answer["time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    assert before <= told <= datetime.now(timezone.utc)
    assert {**events[0], "id": "any"} == {
        "version": "0",
        "id": "any",
        "detail-type": "heartbeat",
        "source": "Miztiik-Automation-Heartbeat",
        "account": "123456789012",
        "time": answer["time"],
        "region": local_aws.environment["AWS_REGION"],
        "resources": [],
        "detail": {},
    }


def read(kinesis: Any, stream: str) -> list[list[dict[str, Any]]]:
    """The events of each shard."""
    return [
        [
            json.loads(record["Data"])
            for record in kinesis.get_records(
                ShardIterator=kinesis.get_shard_iterator(
                    StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
                )["ShardIterator"]
            )["Records"]
        ]
        for shard in kinesis.list_shards(StreamName=stream)["Shards"]
    ]
