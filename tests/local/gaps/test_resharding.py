"""Splits and merges of shards, as the API reference of Kinesis and CloudFormation describe them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import signed_requests
from shared_aws import TestAws
from waiting import until

HASH_KEYS = 2**128
# A limit that is exceeded is worth a few more tries to boto3.
NO_RETRIES = Config(retries={"total_max_attempts": 1})
TEMPLATE = """
Parameters:
  ShardCount: {Type: Number}
Resources:
  Stream:
    Type: AWS::Kinesis::Stream
    Properties: {ShardCount: !Ref ShardCount}
Outputs:
  Name: {Value: !Ref Stream}
"""


@dataclass(frozen=True)
class Stream:
    aws: TestAws
    name: str

    @property
    def kinesis(self) -> Any:
        return self.aws.client("kinesis", config=NO_RETRIES)

    @property
    def status(self) -> str:
        described = self.kinesis.describe_stream(StreamName=self.name)["StreamDescription"]
        return str(described["StreamStatus"])

    def reshard(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """What the operation answered, once the stream is at rest again."""
        answer: dict[str, Any] = getattr(self.kinesis, operation)(StreamName=self.name, **arguments)
        until(lambda: self.status == "ACTIVE", "the end of the resharding")
        return answer

    def count(self, target: int) -> dict[str, Any]:
        scaling = {"TargetShardCount": target, "ScalingType": "UNIFORM_SCALING"}
        return self.reshard("update_shard_count", **scaling)

    def shards(self, **wanted: Any) -> list[dict[str, Any]]:
        found = {"ShardFilter": wanted} if wanted else {}
        answer = self.kinesis.list_shards(StreamName=self.name, **found)
        shards: list[dict[str, Any]] = answer["Shards"]
        return shards

    def open(self) -> list[dict[str, Any]]:
        return self.shards(Type="AT_LATEST")

    def put(self, *keys: str) -> list[str]:
        """Put a record of each key; the shards that they went to."""
        records = [{"Data": key.encode(), "PartitionKey": key} for key in keys]
        answer = self.kinesis.put_records(StreamName=self.name, Records=records)
        assert answer["FailedRecordCount"] == 0
        return [one["ShardId"] for one in answer["Records"]]

    def iterator(self, shard: str, **where: Any) -> str:
        where = where or {"ShardIteratorType": "TRIM_HORIZON"}
        answer = self.kinesis.get_shard_iterator(StreamName=self.name, ShardId=shard, **where)
        return str(answer["ShardIterator"])

    def page(self, shard: str, **where: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.kinesis.get_records(
            ShardIterator=self.iterator(shard, **where)
        )
        return answer


@pytest.fixture
def make(local_aws: TestAws) -> Iterator[Callable[[int], Stream]]:
    kinesis, made = local_aws.client("kinesis"), []

    def make(shards: int) -> Stream:
        name = f"reshard-{uuid.uuid4()}"
        kinesis.create_stream(StreamName=name, ShardCount=shards)
        made.append(name)
        return Stream(local_aws, name)

    yield make
    for name in made:
        kinesis.delete_stream(StreamName=name)


def shard_id(number: int) -> str:
    return f"shardId-{number:012d}"


def keys(shard: dict[str, Any]) -> tuple[int, int]:
    found = shard["HashKeyRange"]
    return int(found["StartingHashKey"]), int(found["EndingHashKey"])


def is_closed(shard: dict[str, Any]) -> bool:
    return "EndingSequenceNumber" in shard["SequenceNumberRange"]


def test_a_split_closes_the_parent_and_opens_two_children(
    make: Callable[[int], Stream],
) -> None:
    stream = make(1)
    at = HASH_KEYS // 4
    stream.reshard("split_shard", ShardToSplit=shard_id(0), NewStartingHashKey=str(at))

    parent, lower, upper = stream.shards()
    assert [is_closed(one) for one in (parent, lower, upper)] == [True, False, False]
    assert [keys(lower), keys(upper)] == [(0, at - 1), (at, HASH_KEYS - 1)]
    assert {one["ParentShardId"] for one in (lower, upper)} == {parent["ShardId"]}
    assert not any("AdjacentParentShardId" in one for one in (lower, upper))
    assert "ParentShardId" not in parent
    end = int(parent["SequenceNumberRange"]["EndingSequenceNumber"])
    assert all(int(one["SequenceNumberRange"]["StartingSequenceNumber"]) > end for one in (lower,))


def test_a_merge_closes_both_parents_and_opens_one_child(make: Callable[[int], Stream]) -> None:
    stream = make(3)
    # In whichever order they are named.
    stream.reshard("merge_shards", ShardToMerge=shard_id(1), AdjacentShardToMerge=shard_id(0))

    first, second, third, child = stream.shards()
    assert [is_closed(one) for one in (first, second, third, child)] == [True, True, False, False]
    assert keys(child) == (0, keys(second)[1])
    assert {child["ParentShardId"], child["AdjacentParentShardId"]} == {shard_id(0), shard_id(1)}


@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 4), (4, 2), (2, 3), (4, 3), (3, 3)])
def test_the_shards_are_of_one_size_after_an_update_of_their_count(
    make: Callable[[int], Stream], before: int, after: int
) -> None:
    stream = make(before)
    answer = stream.count(after)
    assert (answer["CurrentShardCount"], answer["TargetShardCount"]) == (before, after)
    ranges = sorted(keys(shard) for shard in stream.open())
    size = HASH_KEYS // after
    assert [first for first, _ in ranges] == [number * size for number in range(after)]
    assert [last for _, last in ranges] == [first - 1 for first, _ in ranges[1:]] + [HASH_KEYS - 1]


def test_a_doubling_splits_each_shard_and_a_halving_merges_them_again(
    make: Callable[[int], Stream],
) -> None:
    stream = make(2)
    stream.count(4)
    assert [one.get("ParentShardId") for one in stream.open()] == [
        shard_id(n) for n in (0, 0, 1, 1)
    ]
    stream.count(2)
    assert len(stream.shards()) == 2 + 4 + 2
    assert [(one["ParentShardId"], one["AdjacentParentShardId"]) for one in stream.open()] == [
        (shard_id(2), shard_id(3)),
        (shard_id(4), shard_id(5)),
    ]


def test_shards_that_were_split_by_hand_are_made_of_one_size_again(
    make: Callable[[int], Stream],
) -> None:
    stream = make(2)
    stream.reshard("split_shard", ShardToSplit=shard_id(0), NewStartingHashKey="12345")
    stream.count(2)
    assert sorted(keys(one)[0] for one in stream.open()) == [0, HASH_KEYS // 2]


@pytest.mark.parametrize("target", [5, 1, 9])
def test_a_count_of_more_than_double_or_less_than_half_is_refused(
    make: Callable[[int], Stream], target: int
) -> None:
    stream = make(2 if target == 5 else 4)
    with pytest.raises(ClientError, match="LimitExceededException"):
        stream.count(target)
    assert not any(map(is_closed, stream.shards()))


def test_while_it_is_resharded_a_stream_takes_and_gives_records_and_no_other_resharding(
    make: Callable[[int], Stream],
) -> None:
    stream = make(2)
    scaling = {"TargetShardCount": 4, "ScalingType": "UNIFORM_SCALING"}
    stream.kinesis.update_shard_count(StreamName=stream.name, **scaling)
    assert stream.status == "UPDATING"
    summary = stream.kinesis.describe_stream_summary(StreamName=stream.name)
    assert summary["StreamDescriptionSummary"]["StreamStatus"] == "UPDATING"
    (shard,) = stream.put("a")
    assert [one["Data"] for one in stream.page(shard)["Records"]] == [b"a"]
    with pytest.raises(ClientError, match="ResourceInUseException"):
        stream.kinesis.update_shard_count(StreamName=stream.name, **scaling)
    until(lambda: stream.status == "ACTIVE", "the end of the resharding")


def test_records_go_to_open_shards_only_and_all_of_them_can_be_read(
    make: Callable[[int], Stream],
) -> None:
    stream, names = make(1), [str(number) for number in range(100)]
    stream.put(*names)
    stream.count(2)
    assert set(stream.put(*names)) == {shard_id(1), shard_id(2)}
    # A key below all others, which the parent had as well.
    put = {"Data": b"z", "PartitionKey": "z", "ExplicitHashKey": "0"}
    assert stream.kinesis.put_record(StreamName=stream.name, **put)["ShardId"] == shard_id(1)

    pages = [stream.page(shard_id(number))["Records"] for number in range(3)]
    read = [one["Data"].decode() for page in pages for one in page]
    assert sorted(read) == sorted([*names, *names, "z"])
    numbers = [int(one["SequenceNumber"]) for one in pages[0]]
    assert max(numbers) < min(int(one["SequenceNumber"]) for page in pages[1:] for one in page)


def test_the_read_that_comes_to_a_closed_shards_end_tells_its_children(
    make: Callable[[int], Stream],
) -> None:
    stream = make(1)
    stream.put("a", "b")
    stream.count(2)
    first = stream.kinesis.get_records(ShardIterator=stream.iterator(shard_id(0)), Limit=1)
    assert "NextShardIterator" in first
    assert "ChildShards" not in first
    last = stream.kinesis.get_records(ShardIterator=first["NextShardIterator"])
    assert [one["Data"] for one in last["Records"]] == [b"b"]
    assert "NextShardIterator" not in last
    assert [one["ShardId"] for one in last["ChildShards"]] == [shard_id(1), shard_id(2)]
    assert all(one["ParentShards"] == [shard_id(0)] for one in last["ChildShards"])


@pytest.mark.parametrize("kind", ["TRIM_HORIZON", "LATEST", "AT_SEQUENCE_NUMBER"])
def test_every_iterator_works_on_a_closed_shard(make: Callable[[int], Stream], kind: str) -> None:
    stream = make(1)
    stream.put("a")
    stream.count(2)
    where = {"ShardIteratorType": kind}
    if kind == "AT_SEQUENCE_NUMBER":
        end = stream.shards()[0]["SequenceNumberRange"]["EndingSequenceNumber"]
        where["StartingSequenceNumber"] = end
    page = stream.page(shard_id(0), **where)
    assert len(page["Records"]) == (kind == "TRIM_HORIZON")
    assert "NextShardIterator" not in page


def test_an_open_shard_goes_on_at_its_end(make: Callable[[int], Stream]) -> None:
    stream = make(1)
    page = stream.page(shard_id(0))
    assert page["NextShardIterator"]
    assert "ChildShards" not in page


def test_the_end_of_a_closed_shard_is_told_in_cbor_as_well(make: Callable[[int], Stream]) -> None:
    stream = make(1)
    stream.count(2)

    def ask(operation: str, **fields: Any) -> Any:
        return signed_requests.kinesis(stream.aws, operation, **fields).document

    listed = ask("ListShards", StreamName=stream.name)["Shards"]
    assert [is_closed(one) for one in listed] == [True, False, False]
    where = {"ShardId": shard_id(0), "ShardIteratorType": "TRIM_HORIZON"}
    iterator = ask("GetShardIterator", StreamName=stream.name, **where)["ShardIterator"]
    page = ask("GetRecords", ShardIterator=iterator)
    assert "NextShardIterator" not in page
    assert len(page["ChildShards"]) == 2


def test_the_lists_tell_closed_from_open_shards(make: Callable[[int], Stream]) -> None:
    stream = make(1)
    stream.count(2)
    summary = stream.kinesis.describe_stream_summary(StreamName=stream.name)
    assert summary["StreamDescriptionSummary"]["OpenShardCount"] == 2
    described = stream.kinesis.describe_stream(StreamName=stream.name)["StreamDescription"]
    assert [is_closed(one) for one in described["Shards"]] == [True, False, False]


def test_shards_are_listed_as_they_were_at_a_time_or_since(
    make: Callable[[int], Stream],
) -> None:
    stream = make(1)
    stream.count(2)
    second = _next_second()
    stream.reshard("split_shard", ShardToSplit=shard_id(1), NewStartingHashKey="7")
    third = _next_second()

    def numbers(**wanted: Any) -> list[int]:
        return [int(one["ShardId"].rpartition("-")[2]) for one in stream.shards(**wanted)]

    assert numbers(Type="FROM_TRIM_HORIZON") == [0, 1, 2, 3, 4]
    assert numbers(Type="AT_TRIM_HORIZON") == [0]
    assert numbers(Type="AT_LATEST") == [2, 3, 4]
    assert numbers(Type="AFTER_SHARD_ID", ShardId=shard_id(2)) == [3, 4]
    assert numbers(Type="AT_TIMESTAMP", Timestamp=second) == [1, 2]
    assert numbers(Type="FROM_TIMESTAMP", Timestamp=second) == [1, 2, 3, 4]
    assert numbers(Type="FROM_TIMESTAMP", Timestamp=third) == [2, 3, 4]


def _next_second() -> int:
    """boto3 gives whole seconds: the first that begins from now on, once it has begun."""
    second = int(time.time()) + 1
    until(lambda: time.time() >= second, "the next second")
    return second


@pytest.mark.aws
def test_a_closed_shard_goes_when_its_records_time_is_over() -> None:
    from ministack.services import kinesis

    from miztiik_events.local.gaps import closed_shards, shard_lineage

    stream = {"RetentionPeriodHours": 24, "shards": kinesis._build_shards(1)}
    shard_lineage.split(stream, 5)
    expire = closed_shards._with_closed_shards(lambda stream: None)
    expire(stream)
    assert len(stream["shards"]) == 3
    parent = stream["shards"][shard_id(0)]
    a_day_ago = int(parent["ending_sequence_number"][:20]) - 24 * 3600 * 1000 - 1
    parent["ending_sequence_number"] = f"{a_day_ago:020d}{1:010d}"
    expire(stream)
    assert list(stream["shards"]) == [shard_id(1), shard_id(2)]


def test_what_cannot_be_split_or_merged_is_refused(make: Callable[[int], Stream]) -> None:
    stream = make(3)
    apart = {"ShardToMerge": shard_id(0), "AdjacentShardToMerge": shard_id(2)}
    with pytest.raises(ClientError, match="InvalidArgumentException"):
        stream.reshard("merge_shards", **apart)
    with pytest.raises(ClientError, match="InvalidArgumentException"):
        stream.reshard("split_shard", ShardToSplit=shard_id(0), NewStartingHashKey="0")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        stream.reshard("split_shard", ShardToSplit=shard_id(9), NewStartingHashKey="1")
    stream.reshard("split_shard", ShardToSplit=shard_id(0), NewStartingHashKey="1")
    with pytest.raises(ClientError, match="InvalidArgumentException"):
        stream.reshard("split_shard", ShardToSplit=shard_id(0), NewStartingHashKey="2")


def test_an_update_of_a_stack_reshards_its_stream(local_aws: TestAws) -> None:
    cloudformation, name = local_aws.client("cloudformation"), f"reshard-{uuid.uuid4().hex[:8]}"

    def apply(operation: str, shards: int) -> str:
        getattr(cloudformation, f"{operation}_stack")(
            StackName=name,
            TemplateBody=TEMPLATE,
            Parameters=[{"ParameterKey": "ShardCount", "ParameterValue": str(shards)}],
        )
        return until(lambda: _rest(cloudformation, name), f"the end of {operation}")

    assert apply("create", 2) == "CREATE_COMPLETE"
    outputs = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
    stream = Stream(local_aws, outputs[0]["OutputValue"])
    (shard,) = stream.put("a")
    assert apply("update", 4) == "UPDATE_COMPLETE"
    # It is done when the stream is.
    assert stream.status == "ACTIVE"
    assert len(stream.open()) == 4
    assert len(stream.page(shard)["Records"]) == 1
    assert apply("update", 1) == "UPDATE_ROLLBACK_COMPLETE"
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    reasons = [one.get("ResourceStatusReason", "") for one in events]
    assert any("less than half, of the 4 open shards" in reason for reason in reasons)
    assert len(stream.open()) == 4
    cloudformation.delete_stack(StackName=name)


def _rest(cloudformation: Any, name: str) -> str:
    status = str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
    return "" if status.endswith("IN_PROGRESS") else status
