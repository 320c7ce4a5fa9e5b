"""The resource that IAM looks at: the stream of a shard iterator, the stream of a log group."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

import small_roles
import small_streams
from shared_aws import TestAws
from small_roles import ARN, allow
from small_streams import SHARD


@dataclass(frozen=True)
class LogGroup:
    """A log group with the streams `one` and `other`."""

    aws: TestAws
    name: str

    @property
    def arn(self) -> str:
        return f"arn:aws:logs:{ARN}:log-group:{self.name}"

    def call(self, client: Any, operation: str, stream: str) -> Any:
        settings: dict[str, dict[str, Any]] = {
            "create_log_stream": {"logStreamName": f"new-{stream}"},
            "delete_log_stream": {"logStreamName": stream},
            "get_log_events": {"logStreamName": stream},
            "put_log_events": {"logStreamName": stream, "logEvents": [event("text")]},
        }
        return getattr(client, operation)(logGroupName=self.name, **settings.get(operation, {}))


@pytest.fixture
def group(local_aws: TestAws) -> LogGroup:
    group, logs = LogGroup(local_aws, f"/test/{uuid.uuid4()}"), local_aws.client("logs")
    logs.create_log_group(logGroupName=group.name)
    for stream in ("one", "other"):
        logs.create_log_stream(logGroupName=group.name, logStreamName=stream)
    return group


def event(message: str) -> dict[str, Any]:
    return {"timestamp": int(time.time() * 1000), "message": message}


def action(operation: str) -> str:
    return "logs:" + "".join(word.capitalize() for word in operation.split("_"))


def test_get_records_is_allowed_on_the_streams_arn_alone(local_aws: TestAws) -> None:
    own, other = small_streams.create(local_aws), small_streams.create(local_aws)
    own.put(b"record")
    kinesis = small_roles.create(local_aws, allow("kinesis:GetRecords", own.arn)).client("kinesis")
    page = kinesis.get_records(ShardIterator=own.iterator())
    assert [record["Data"] for record in page["Records"]] == [b"record"]
    assert "Records" in kinesis.get_records(ShardIterator=page["NextShardIterator"])
    with pytest.raises(ClientError, match="not authorized to perform: kinesis:GetRecords"):
        kinesis.get_records(ShardIterator=other.iterator())


def test_an_iterator_is_allowed_on_the_stream_that_it_names(local_aws: TestAws) -> None:
    own, other = small_streams.create(local_aws), small_streams.create(local_aws)
    may = allow("kinesis:GetShardIterator", own.arn)
    kinesis = small_roles.create(local_aws, may).client("kinesis")
    where = {"ShardId": SHARD, "ShardIteratorType": "LATEST"}
    assert kinesis.get_shard_iterator(StreamName=own.name, **where)["ShardIterator"]
    with pytest.raises(ClientError, match="not authorized to perform: kinesis:GetShardIterator"):
        kinesis.get_shard_iterator(StreamName=other.name, **where)


@pytest.mark.parametrize(
    "operation",
    [
        "create_log_stream",
        "delete_log_stream",
        "describe_log_streams",
        "filter_log_events",
        "get_log_events",
        "put_log_events",
    ],
)
def test_what_is_about_a_groups_streams_needs_a_star_behind_the_group(
    group: LogGroup, operation: str
) -> None:
    role = small_roles.create(group.aws, allow(action(operation), group.arn))
    logs = role.client("logs")
    with pytest.raises(ClientError, match=f"{group.arn}:log-stream:"):
        group.call(logs, operation, "one")
    role.may(allow(action(operation), f"{group.arn}:*"))
    group.call(logs, operation, "one")


@pytest.mark.parametrize("operation", ["get_log_events", "put_log_events"])
def test_a_policy_on_one_log_stream_is_for_no_other(group: LogGroup, operation: str) -> None:
    may = allow(action(operation), f"{group.arn}:log-stream:one")
    logs = small_roles.create(group.aws, may).client("logs")
    group.call(logs, operation, "one")
    with pytest.raises(ClientError, match="log-stream:other"):
        group.call(logs, operation, "other")


def test_what_is_about_the_group_itself_is_allowed_on_its_arn(group: LogGroup) -> None:
    may = allow("logs:PutRetentionPolicy", group.arn)
    logs = small_roles.create(group.aws, may).client("logs")
    logs.put_retention_policy(logGroupName=group.name, retentionInDays=1)
    (found,) = group.aws.client("logs").describe_log_groups(logGroupNamePrefix=group.name)[
        "logGroups"
    ]
    assert found["retentionInDays"] == 1
