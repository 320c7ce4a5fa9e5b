"""A mapping whose concurrency is a parameter's value takes what is in its queue."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from shared_aws import TestAws
from waiting import until

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
TAKE = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
            "Resource": "*",
        }
    ],
}
TEMPLATE: dict[str, Any] = {
    "Parameters": {"Concurrency": {"Type": "Number"}},
    "Resources": {
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": TRUST,
                "Policies": [{"PolicyName": "take", "PolicyDocument": TAKE}],
            },
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": "def handler(event, context):\n    return None\n"},
            },
        },
        "Batches": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "FunctionName": {"Ref": "Function"},
                "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
                "BatchSize": 1,
                "ScalingConfig": {"MaximumConcurrency": {"Ref": "Concurrency"}},
            },
        },
    },
    "Outputs": {"Url": {"Value": {"Ref": "Queue"}}},
}


@pytest.mark.parametrize("concurrency", ["2", "10"])
def test_what_is_in_the_queue_is_taken(local_aws: TestAws, concurrency: str) -> None:
    cloudformation, sqs = local_aws.client("cloudformation"), local_aws.client("sqs")
    name = f"mapped-{uuid.uuid4().hex[:8]}"
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=json.dumps(TEMPLATE),
        Parameters=[{"ParameterKey": "Concurrency", "ParameterValue": concurrency}],
        Capabilities=["CAPABILITY_IAM"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1}
    )
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    url = stack["Outputs"][0]["OutputValue"]
    for number in range(5):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    kinds = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def left() -> int:
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=kinds)
        return sum(int(count) for count in answer["Attributes"].values())

    until(lambda: not left(), "an empty queue", 60)
    cloudformation.delete_stack(StackName=name)
