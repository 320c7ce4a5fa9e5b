"""A name that is taken is refused to another stack, as on AWS; and what has it stays as it is."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from miztiik_events.local.gaps import existing_names
from shared_aws import TestAws
from waiting import until

KEYS: dict[str, Any] = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
}
ROLE = "arn:aws:iam::000000000000:role/any"
PROPERTIES: dict[str, dict[str, Any]] = {
    "AWS::Athena::WorkGroup": {},
    "AWS::CloudWatch::Alarm": {
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 1,
        "EvaluationPeriods": 1,
        "Namespace": "own",
        "MetricName": "own",
        "Period": 60,
        "Statistic": "Sum",
    },
    "AWS::CloudWatch::Dashboard": {"DashboardBody": '{"widgets": []}'},
    "AWS::DynamoDB::GlobalTable": {**KEYS, "Replicas": [{"Region": "us-east-1"}]},
    "AWS::DynamoDB::Table": KEYS,
    "AWS::Events::EventBus": {},
    existing_names.RULE: {"EventPattern": {"source": ["own"]}},
    "AWS::IAM::Role": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
    "AWS::Kinesis::Stream": {"ShardCount": 1},
    "AWS::KinesisAnalyticsV2::Application": {
        "RuntimeEnvironment": "FLINK-1_20",
        "ServiceExecutionRole": ROLE,
    },
    "AWS::KinesisFirehose::DeliveryStream": {
        "ExtendedS3DestinationConfiguration": {"BucketARN": "arn:aws:s3:::own", "RoleARN": ROLE}
    },
    "AWS::Lambda::Function": {
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Role": ROLE,
        "Code": {"ZipFile": "handler = print"},
    },
    "AWS::Logs::LogGroup": {},
    "AWS::SNS::Topic": {},
    "AWS::SQS::Queue": {},
    "AWS::SSM::Parameter": {"Type": "String", "Value": "own"},
    "AWS::SecretsManager::Secret": {"SecretString": "own"},
    "AWS::StepFunctions::StateMachine": {
        "RoleArn": ROLE,
        "DefinitionString": '{"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}',
    },
}


def created(aws: TestAws, stack: str, kind: str, properties: dict[str, Any]) -> tuple[str, str]:
    """The status of a new stack of this one resource, and why it failed, if it did."""
    cloudformation = aws.client("cloudformation")
    template = {"Resources": {"Thing": {"Type": kind, "Properties": properties}}}
    cloudformation.create_stack(
        StackName=stack, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"]
    )

    def status() -> str:
        return str(cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])

    until(lambda: status() in ("CREATE_COMPLETE", "ROLLBACK_COMPLETE"))
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    reasons = [one for one in events if one["ResourceStatus"] == "CREATE_FAILED"]
    return status(), "".join(one["ResourceStatusReason"] for one in reasons)


@pytest.mark.parametrize("kind", existing_names.KINDS)
def test_a_name_that_is_taken_is_refused(local_aws: TestAws, kind: str) -> None:
    name = f"taken-{uuid.uuid4()}"
    named = {**PROPERTIES[kind], existing_names.KINDS[kind][0]: name}
    assert created(local_aws, f"{name}-first", kind, named) == ("CREATE_COMPLETE", "")
    status, reason = created(local_aws, f"{name}-second", kind, named)
    assert status == "ROLLBACK_COMPLETE"
    assert f"'{kind}' with identifier '{name}' already exists" in reason
    # The rollback of the second leaves it to the first.
    assert created(local_aws, f"{name}-third", kind, named)[0] == "ROLLBACK_COMPLETE"


def test_what_is_there_keeps_what_is_in_it_and_names_that_are_made_up_are_free(
    local_aws: TestAws,
) -> None:
    name, dynamodb = f"taken-{uuid.uuid4()}", local_aws.client("dynamodb")
    dynamodb.create_table(TableName=name, **KEYS)
    dynamodb.put_item(TableName=name, Item={"id": {"S": "before"}})
    kind = "AWS::DynamoDB::Table"
    assert created(local_aws, name, kind, {**KEYS, "TableName": name})[0] == "ROLLBACK_COMPLETE"
    assert dynamodb.scan(TableName=name)["Count"] == 1
    for stack in (f"{name}-a", f"{name}-b"):
        assert created(local_aws, stack, kind, KEYS)[0] == "CREATE_COMPLETE"
