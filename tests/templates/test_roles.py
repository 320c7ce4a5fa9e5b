"""The roles of the templates: what each must be able to do is allowed, what is beyond is refused.

The package is deployed once. IAM is enforced on the AWS of the tests, except for the actions of
Managed Flink (`kinesisanalytics`), which MiniStack does not check and which are left out here. So
are DescribeLogGroups, for which it looks at `*` where AWS looks at the account's log groups, and
other people's buckets: it says that there is none before it asks whether one may look.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from string import Template
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

import command_line
import template_trees
from miztiik_events.cloudformation import stacks
from small_roles import ACCOUNT, Role, document

if TYPE_CHECKING:
    from shared_aws import TestAws

PROJECT = "roles-proved"
REFUSED = ("AccessDenied", "AccessDeniedException")

# `$Name` is the name of a resource of the project, an output or a parameter. A neighbour's
# resources need not be there: who may not look at them is not told so.
Call = tuple[str, str, dict[str, Any]]
RECORD = {"Data": "{}", "PartitionKey": "1"}
NEIGHBOUR = "neighbour-stream"
LATEST = {"ShardId": "shardId-000000000000", "ShardIteratorType": "LATEST"}
ITEM = {"request_id": {"S": "r-1"}}
STOCK = {"store_id": {"S": "store_1"}, "category": {"S": "books"}}


def stream(operation: str, name: str = "$Stream", **arguments: Any) -> Call:
    return "kinesis", operation, {"StreamName": name, **arguments}


def put(name: str = "$Stream") -> Call:
    return stream("put_records", name, Records=[RECORD])


def deliver(name: str) -> Call:
    records = [{"Data": "{}"}]
    return "firehose", "put_record_batch", {"DeliveryStreamName": name, "Records": records}


def send_event(bus: str) -> Call:
    entry = {"EventBusName": bus, "Source": "test", "DetailType": "test", "Detail": "{}"}
    return "events", "put_events", {"Entries": [entry]}


def queue(operation: str, url: str, **arguments: Any) -> Call:
    return "sqs", operation, {"QueueUrl": url, **arguments}


def send(url: str) -> Call:
    return queue("send_message", url, MessageBody="{}")


def table(operation: str, name: str, **arguments: Any) -> Call:
    return "dynamodb", operation, {"TableName": name, **arguments}


def log_stream(group: str) -> Call:
    arguments = {"logGroupName": group, "logStreamName": "test"}
    return "logs", "create_log_stream", arguments


def log(group: str) -> Call:
    event = {"timestamp": 1_750_000_000_000, "message": "test"}
    arguments = {"logGroupName": group, "logStreamName": "test", "logEvents": [event]}
    return "logs", "put_log_events", arguments


def bucket(operation: str, name: str, **arguments: Any) -> Call:
    return "s3", operation, {"Bucket": name, **arguments}


def columns(database: str) -> Call:
    return "glue", "get_table", {"DatabaseName": database, "Name": "sale_records"}


def invoke(function: str) -> Call:
    payload = '{"records": []}'
    return "lambda", "invoke", {"FunctionName": function, "Payload": payload}


# In this order: a log stream has to be made before something is written into it.
MAY: dict[str, list[Call]] = {
    "HeartbeatRole": [
        stream("list_shards"),
        put(),
        send("$HeartbeatFailureQueue"),
        log_stream("$HeartbeatLogGroup"),
        log("$HeartbeatLogGroup"),
    ],
    "StreamWriterRole": [put(), stream("put_record", **RECORD)],
    "DeliveryRole": [
        bucket("put_object", "$FirehoseDataStore", Key="sales_revenue/test"),
        bucket("list_objects_v2", "$FirehoseDataStore"),
        invoke("$TransformerFunction"),
    ],
    "TransformerRole": [log_stream("$TransformerLogGroup"), log("$TransformerLogGroup")],
    "CompactionRole": [
        bucket("list_objects_v2", "$FirehoseDataStore"),
        bucket("get_object", "$FirehoseDataStore", Key="sales_revenue/test"),
        bucket("put_object", "$FirehoseDataStore", Key="compacted/test"),
        bucket("get_object", "$FirehoseDataStore", Key="compacted/test"),
        send("$CompactionFailureQueue"),
        log_stream("$CompactionLogGroup"),
        log("$CompactionLogGroup"),
    ],
    "LakeDeliveryRole": [
        stream("list_shards"),
        stream("get_shard_iterator", **LATEST),
        columns("$LakeDatabase"),
        bucket("put_object", "$FirehoseDataStore", Key="lake/sales/test"),
        bucket("put_object", "$FirehoseDataStore", Key="failed/lake/test"),
        invoke("$EnrichmentFunction"),
    ],
    "EnrichmentRole": [log_stream("$EnrichmentLogGroup"), log("$EnrichmentLogGroup")],
    "ApplicationRole": [
        bucket("get_object", "$ArtifactBucket", Key="$AnalyticsCode"),
        stream("list_shards"),
        stream("get_shard_iterator", **LATEST),
        deliver("$RevenueAnalyticsStream"),
        deliver("$LateEventsStream"),
    ],
    "RecomputationRole": [
        bucket("get_object", "$ArtifactBucket", Key="$AnalyticsCode"),
        stream("list_shards"),
        stream("get_shard_iterator", **LATEST),
        deliver("$RecomputedRevenueStream"),
        deliver("$RecomputedLateEventsStream"),
    ],
    "ProducerRole": [
        send_event("$EventBus"),
        send("$ProducerFailureQueue"),
        log_stream("$ProducerLogGroup"),
        log("$ProducerLogGroup"),
    ],
    "DispatchRole": [
        queue("receive_message", "$DispatchQueue"),
        table("put_item", "$DispatchTable", Item=ITEM),
        log_stream("$DispatchLogGroup"),
        log("$DispatchLogGroup"),
    ],
    "WarehouseRole": [
        queue("receive_message", "$WarehouseQueue"),
        table("update_item", "$StockTable", Key=STOCK),
        table("put_item", "$AppliedTable", Item=ITEM),
        log_stream("$WarehouseLogGroup"),
        log("$WarehouseLogGroup"),
    ],
}
MAY_NOT: dict[str, list[Call]] = {
    "HeartbeatRole": [
        put(NEIGHBOUR),
        stream("get_shard_iterator", **LATEST),
        stream("delete_stream"),
        queue("receive_message", "$HeartbeatFailureQueue"),
        log_stream("$ProducerLogGroup"),
        send_event("$EventBus"),
    ],
    "StreamWriterRole": [
        put(NEIGHBOUR),
        stream("get_shard_iterator", **LATEST),
        stream("split_shard", ShardToSplit=LATEST["ShardId"], NewStartingHashKey="1"),
        send("$RuleDeadLetterQueue"),
    ],
    "DeliveryRole": [
        bucket("delete_object", "$FirehoseDataStore", Key="sales_revenue/test"),
        bucket("delete_bucket", "$FirehoseDataStore"),
        bucket("put_object", "$ArtifactBucket", Key="$TransformerCode"),
        invoke("$ProducerFunction"),
        log("$TransformerLogGroup"),
    ],
    "TransformerRole": [
        log_stream("$DeliveryLogGroup"),
        ("logs", "create_log_group", {"logGroupName": "$TransformerLogGroup-2"}),
        ("logs", "filter_log_events", {"logGroupName": "$TransformerLogGroup"}),
        bucket("get_object", "$FirehoseDataStore", Key="sales_revenue/test"),
        bucket("put_object", "$FirehoseDataStore", Key="sales_revenue/test"),
        deliver("$RevenueAnalyticsStream"),
        stream("list_shards"),
        invoke("$TransformerFunction"),
    ],
    "CompactionRole": [
        bucket("put_object", "$FirehoseDataStore", Key="sales_revenue/test"),
        bucket("delete_object", "$FirehoseDataStore", Key="compacted/test"),
        bucket("get_object", "$FirehoseDataStore", Key="lake/sales/test"),
        bucket("list_objects_v2", "$ArtifactBucket"),
        queue("receive_message", "$CompactionFailureQueue"),
        log_stream("$TransformerLogGroup"),
    ],
    "LakeDeliveryRole": [
        put(),
        stream("get_shard_iterator", NEIGHBOUR, **LATEST),
        columns("neighbour"),
        bucket("put_object", "$FirehoseDataStore", Key="sales_revenue/test"),
        bucket("delete_object", "$FirehoseDataStore", Key="lake/sales/test"),
        invoke("$TransformerFunction"),
        log("$TransformerLogGroup"),
    ],
    "EnrichmentRole": [
        log_stream("$TransformerLogGroup"),
        bucket("get_object", "$FirehoseDataStore", Key="lake/sales/test"),
        bucket("put_object", "$FirehoseDataStore", Key="lake/sales/test"),
        stream("list_shards"),
        columns("$LakeDatabase"),
        invoke("$EnrichmentFunction"),
    ],
    "ApplicationRole": [
        put(),
        stream("get_shard_iterator", NEIGHBOUR, **LATEST),
        stream("delete_stream"),
        bucket("get_object", "$FirehoseDataStore", Key="sales_revenue/test"),
        bucket("get_object", "$ArtifactBucket", Key="$ProducerCode"),
        bucket("put_object", "$ArtifactBucket", Key="$AnalyticsCode"),
        deliver("neighbour-deliveries"),
        send_event("$EventBus"),
        table("get_item", "$StockTable", Key=STOCK),
    ],
    "RecomputationRole": [
        put(),
        stream("delete_stream"),
        bucket("get_object", "$ArtifactBucket", Key="$ProducerCode"),
        bucket("put_object", "$FirehoseDataStore", Key="sales_revenue/test"),
        deliver("$RevenueAnalyticsStream"),
        deliver("$LateEventsStream"),
        send_event("$EventBus"),
    ],
    "ProducerRole": [
        send_event("default"),
        send_event("neighbour-bus"),
        ("events", "delete_event_bus", {"Name": "$EventBus"}),
        put(),
        stream("get_shard_iterator", **LATEST),
        queue("receive_message", "$RejectedEventsQueue"),
        invoke("$ProducerFunction"),
        bucket("get_object", "$ArtifactBucket", Key="$ProducerCode"),
    ],
    "DispatchRole": [
        queue("receive_message", "$WarehouseQueue"),
        queue("receive_message", "$DispatchDeadLetterQueue"),
        send("$DispatchQueue"),
        queue("purge_queue", "$DispatchQueue"),
        table("get_item", "$DispatchTable", Key=ITEM),
        table("scan", "$DispatchTable"),
        table("delete_item", "$DispatchTable", Key=ITEM),
        table("put_item", "$StockTable", Item=STOCK),
        send_event("$EventBus"),
    ],
    "WarehouseRole": [
        queue("receive_message", "$DispatchQueue"),
        queue("purge_queue", "$WarehouseQueue"),
        table("scan", "$StockTable"),
        table("get_item", "$StockTable", Key=STOCK),
        table("delete_item", "$AppliedTable", Key=ITEM),
        table("delete_table", "$StockTable"),
        table("put_item", "$DispatchTable", Item=ITEM),
        bucket("list_objects_v2", "$FirehoseDataStore"),
    ],
}


@dataclass(frozen=True)
class Deployed:
    aws: TestAws
    project: str

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The name, or a queue's URL, of everything, by logical id, output or parameter."""
        cloudformation = self.aws.client("cloudformation")
        found: dict[str, str] = {}
        for stack in stacks.of_project(cloudformation, self.project).values():
            summaries = cloudformation.list_stack_resources(StackName=stack.id)
            found |= {
                one["LogicalResourceId"]: one["PhysicalResourceId"]
                for one in summaries["StackResourceSummaries"]
            }
            found |= {**stack.parameters, **stack.outputs}
        return found

    def role(self, logical_id: str) -> Role:
        return Role(self.aws, self.names[logical_id])

    def call(self, client: Any, operation: str, arguments: Mapping[str, Any]) -> Any:
        filled = json.loads(Template(json.dumps(arguments)).substitute(self.names))
        return getattr(client, operation)(**filled)


@pytest.fixture(scope="module")
def deployed(local_aws: TestAws) -> Deployed:
    ended = command_line.run(local_aws.environment, "deploy", "--project", PROJECT)
    assert ended.returncode == 0, ended.stderr
    return Deployed(local_aws, PROJECT)


@pytest.fixture(scope="module")
def refusals(deployed: Deployed) -> dict[str, str]:
    """What the account's root is told when it wants to take a role on, as deployed."""
    found = {}
    for logical_id in MAY:
        with pytest.raises(ClientError) as refused:
            deployed.role(logical_id).credentials()
        found[logical_id] = str(refused.value.response["Error"]["Code"])
    return found


@pytest.fixture(scope="module")
def roles(deployed: Deployed, refusals: Mapping[str, str]) -> dict[str, Role]:
    """The roles, which root may take on from here, in the place of their services."""
    assert refusals
    iam, root = deployed.aws.client("iam"), {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    trust = document({"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"})
    found = {logical_id: deployed.role(logical_id) for logical_id in MAY}
    for role in found.values():
        iam.update_assume_role_policy(RoleName=role.name, PolicyDocument=trust)
    return found


def test_every_role_of_the_templates_is_here() -> None:
    found = {role for tree in template_trees.TREES for role in tree.resources("AWS::IAM::Role")}
    assert MAY.keys() == MAY_NOT.keys() == found


def test_nobody_but_its_service_may_take_a_role_on(refusals: Mapping[str, str]) -> None:
    # To MiniStack, a service that is trusted for any account is root as well.
    assert refusals == dict.fromkeys(MAY, "AccessDenied")


@pytest.mark.parametrize("logical_id", MAY)
def test_a_role_may_do_its_work(
    deployed: Deployed, roles: Mapping[str, Role], logical_id: str
) -> None:
    for service, operation, arguments in MAY[logical_id]:
        deployed.call(roles[logical_id].client(service), operation, arguments)


@pytest.mark.parametrize("logical_id", MAY_NOT)
def test_a_role_may_do_nothing_beyond(
    deployed: Deployed, roles: Mapping[str, Role], logical_id: str
) -> None:
    for service, operation, arguments in MAY_NOT[logical_id]:
        with pytest.raises(ClientError) as refused:
            deployed.call(roles[logical_id].client(service), operation, arguments)
        code = refused.value.response["Error"]["Code"]
        assert code in REFUSED, f"{operation} {arguments}: {refused.value}"
