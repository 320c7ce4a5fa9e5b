"""IAM for requests in CBOR: the role's policy decides, as it does for those in JSON."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest

import signed_requests
import small_roles
import small_streams
from shared_aws import TestAws
from signed_requests import Answer
from small_roles import Statement, allow
from small_streams import SHARD, SmallStream


@pytest.fixture
def stream(local_aws: TestAws) -> SmallStream:
    stream = small_streams.create(local_aws)
    stream.put()
    return stream


def ask(aws: TestAws, may: Statement, operation: str, **fields: Any) -> Answer:
    """The answer to a role that may do only this."""
    credentials = small_roles.create(aws, may).credentials()
    return signed_requests.kinesis(aws, operation, credentials, **fields)


def is_refusal(answer: Answer) -> bool:
    return answer.status == 403 and b"AccessDenied" in answer.body


def test_what_the_role_may_is_answered(stream: SmallStream) -> None:
    may, iterator = allow("kinesis:GetRecords", "*"), stream.iterator()
    answer = ask(stream.aws, may, "GetRecords", ShardIterator=iterator)
    assert answer.status == 200, answer.body
    assert len(answer.document["Records"]) == 1


def test_what_the_role_may_not_is_refused(stream: SmallStream) -> None:
    may, iterator = allow("kinesis:DescribeStream", "*"), stream.iterator()
    assert is_refusal(ask(stream.aws, may, "GetRecords", ShardIterator=iterator))


def test_the_policy_is_for_the_stream_that_the_iterator_is_of(stream: SmallStream) -> None:
    other = small_streams.create(stream.aws)
    may = allow("kinesis:GetRecords", stream.arn)
    own = ask(stream.aws, may, "GetRecords", ShardIterator=stream.iterator())
    assert own.status == 200, own.body
    assert is_refusal(ask(stream.aws, may, "GetRecords", ShardIterator=other.iterator()))


@pytest.mark.parametrize("field", ["StreamName", "StreamARN"])
def test_the_policy_is_for_the_stream_that_the_request_names(
    stream: SmallStream, field: str
) -> None:
    other = small_streams.create(stream.aws)
    may, record = allow("kinesis:PutRecord", stream.arn), {"Data": b"\xff", "PartitionKey": "key"}
    names = {"StreamName": (stream.name, other.name), "StreamARN": (stream.arn, other.arn)}
    own_name, other_name = names[field]
    own = ask(stream.aws, may, "PutRecord", **{field: own_name}, **record)
    assert own.status == 200, own.body
    assert stream.records()[-1]["Data"] == b"\xff"
    assert is_refusal(ask(stream.aws, may, "PutRecord", **{field: other_name}, **record))
    assert not other.records()


def test_a_tagged_time_is_no_obstacle(stream: SmallStream) -> None:
    where = {"ShardId": SHARD, "ShardIteratorType": "AT_TIMESTAMP"}
    tagged = {"Timestamp": cbor2.CBORTag(1, 1_795_532_645_678)}
    may = allow("kinesis:GetShardIterator", stream.arn)
    answer = ask(stream.aws, may, "GetShardIterator", StreamName=stream.name, **where, **tagged)
    assert answer.status == 200, answer.body
