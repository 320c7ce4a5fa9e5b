"""The policy for the person who deploys: it is enough, every part of it is needed, and no more.

MiniStack checks the person's own calls. What CloudFormation calls for the person it does not
check, while AWS does, with the person's permissions. So that part is held to what AWS's
authorization reference asks for, type by type.
https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from string import Template
from subprocess import CompletedProcess
from typing import TYPE_CHECKING, Any

import pytest

import command_line
import template_trees
from live_project import LiveProject
from repository import EXAMPLES
from small_projects import queue_project
from small_roles import ACCOUNT, ARN, allow
from template_trees import listed

if TYPE_CHECKING:
    from shared_aws import TestAws

POLICY = EXAMPLES / "deployer-policy.json"
PROJECT = "deployer"
MOST_CHARACTERS = 6144
# These calls name a change set by its ARN and no stack. AWS looks at the change set's stack;
# MiniStack knows no resource for them.
VERBS = ("Delete", "Describe", "Execute")
EMULATOR = allow([f"cloudformation:{verb}ChangeSet" for verb in VERBS], "*")
# What making and removing a resource of each type takes.
NEEDED = {
    "AWS::CloudWatch::Alarm": "cloudwatch:PutMetricAlarm cloudwatch:DeleteAlarms",
    "AWS::CloudWatch::Dashboard": "cloudwatch:PutDashboard cloudwatch:DeleteDashboards",
    "AWS::DynamoDB::Table": (
        "dynamodb:CreateTable dynamodb:DescribeTable dynamodb:UpdateTimeToLive "
        "dynamodb:UpdateContinuousBackups dynamodb:DeleteTable"
    ),
    "AWS::Events::Archive": (
        "events:CreateArchive events:DescribeArchive events:UpdateArchive events:DeleteArchive"
    ),
    "AWS::Events::EventBus": "events:CreateEventBus events:DeleteEventBus",
    "AWS::Events::Rule": (
        "events:PutRule events:PutTargets events:RemoveTargets events:DeleteRule iam:PassRole"
    ),
    "AWS::IAM::Role": "iam:CreateRole iam:PutRolePolicy iam:DeleteRolePolicy iam:DeleteRole",
    "AWS::Kinesis::Stream": (
        "kinesis:CreateStream kinesis:StartStreamEncryption kinesis:UpdateShardCount "
        "kinesis:IncreaseStreamRetentionPeriod kinesis:DescribeStreamSummary kinesis:DeleteStream"
    ),
    "AWS::KinesisAnalyticsV2::Application": (
        "kinesisanalytics:CreateApplication kinesisanalytics:UpdateApplication "
        "kinesisanalytics:DescribeApplication kinesisanalytics:DeleteApplication iam:PassRole"
    ),
    "AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption": (
        "kinesisanalytics:AddApplicationCloudWatchLoggingOption "
        "kinesisanalytics:DeleteApplicationCloudWatchLoggingOption"
    ),
    "AWS::KinesisFirehose::DeliveryStream": (
        "firehose:CreateDeliveryStream firehose:StartDeliveryStreamEncryption "
        "firehose:DescribeDeliveryStream firehose:UpdateDestination "
        "firehose:DeleteDeliveryStream iam:PassRole"
    ),
    "AWS::Lambda::EventInvokeConfig": (
        "lambda:PutFunctionEventInvokeConfig lambda:DeleteFunctionEventInvokeConfig"
    ),
    "AWS::Lambda::EventSourceMapping": (
        "lambda:CreateEventSourceMapping lambda:GetEventSourceMapping "
        "lambda:DeleteEventSourceMapping"
    ),
    "AWS::Lambda::Function": (
        "lambda:CreateFunction lambda:UpdateFunctionCode lambda:UpdateFunctionConfiguration "
        "lambda:GetFunction lambda:DeleteFunction s3:GetObject iam:PassRole"
    ),
    "AWS::Lambda::Permission": "lambda:AddPermission lambda:RemovePermission",
    "AWS::Logs::LogGroup": "logs:CreateLogGroup logs:PutRetentionPolicy logs:DeleteLogGroup",
    "AWS::Logs::LogStream": "logs:CreateLogStream logs:DeleteLogStream",
    "AWS::S3::Bucket": (
        "s3:CreateBucket s3:PutBucketPublicAccessBlock s3:PutBucketOwnershipControls "
        "s3:PutEncryptionConfiguration s3:PutBucketVersioning s3:PutLifecycleConfiguration "
        "s3:PutBucketLogging s3:PutBucketTagging s3:DeleteBucket"
    ),
    "AWS::S3::BucketPolicy": "s3:PutBucketPolicy s3:DeleteBucketPolicy",
    "AWS::SNS::Subscription": "sns:Subscribe sns:Unsubscribe",
    "AWS::SNS::Topic": "sns:CreateTopic sns:SetTopicAttributes sns:DeleteTopic",
    "AWS::SNS::TopicPolicy": "sns:SetTopicAttributes",
    "AWS::SQS::Queue": "sqs:CreateQueue sqs:GetQueueAttributes sqs:DeleteQueue",
    "AWS::SQS::QueuePolicy": "sqs:SetQueueAttributes",
}


def policy(project: str = PROJECT) -> dict[str, Any]:
    values = {"Partition": "aws", "Region": "us-east-1", "Account": ACCOUNT, "Project": project}
    filled: dict[str, Any] = json.loads(Template(POLICY.read_text()).substitute(values))
    return filled


@dataclass(frozen=True)
class Person:
    """An IAM user with the policy, and the environment in which the user works."""

    aws: TestAws
    name: str
    keys: dict[str, str]

    def may_all_but(self, *sids: str) -> None:
        statements = [one for one in policy()["Statement"] if one["Sid"] not in sids]
        document = json.dumps({"Version": "2012-10-17", "Statement": [*statements, EMULATOR]})
        self.aws.client("iam").put_user_policy(
            UserName=self.name, PolicyName="deployer", PolicyDocument=document
        )

    def run(self, *arguments: str, project: str = PROJECT) -> CompletedProcess[str]:
        environment = {**self.aws.environment, **self.keys}
        return command_line.run(environment, *arguments, "--project", project)


@pytest.fixture(scope="module")
def person(local_aws: TestAws) -> Person:
    iam, name = local_aws.client("iam"), "deploying-person"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    keys = {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }
    person = Person(local_aws, name, keys)
    person.may_all_but()
    return person


@pytest.fixture(scope="module")
def deployed(person: Person) -> Person:
    ended = person.run("deploy")
    assert ended.returncode == 0, ended.stderr
    return person


@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("status", "--drift"),
        ("deploy", "--plan", "-pWindowSeconds=20"),
        ("results",),
        ("verify", "--wait=0"),
        ("produce", "--count=3", "--rate=100"),
        ("logs",),
        ("redrive",),
    ],
    ids=" ".join,
)
def test_the_person_may_use_the_program(deployed: Person, command: tuple[str, ...]) -> None:
    ended = deployed.run(*command)
    assert ended.returncode == 0, ended.stderr
    assert "not authorized" not in ended.stdout + ended.stderr
    assert "not authorized" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("sid", "command"),
    [
        ("Stacks", ("deploy", "-pWindowSeconds=30")),
        ("WhatTakesNoArn", ("status",)),
        ("Buckets", ("results",)),
        ("Functions", ("produce", "--count=1", "--rate=100")),
        ("Stream", ("verify", "--wait=0")),
        ("Queues", ("verify", "--wait=0")),
        ("Logs", ("logs",)),
    ],
)
def test_without_a_part_of_it_something_is_refused(
    deployed: Person, sid: str, command: tuple[str, ...]
) -> None:
    deployed.may_all_but(sid)
    try:
        ended = deployed.run(*command)
    finally:
        deployed.may_all_but()
    assert ended.returncode == 1
    assert "not authorized" in ended.stderr


def test_another_project_is_not_the_persons(person: Person, tmp_path: Path) -> None:
    """Its name begins like that of the person's, but for the hyphen behind the name."""
    other = LiveProject(person.aws, queue_project(tmp_path), f"{PROJECT}2")
    ended = person.run("deploy", *other.sources.options, project=other.name)
    assert "CreateChangeSet was refused: AccessDenied" in ended.stderr
    assert ended.returncode == 1
    assert other.deploy().returncode == 0
    ended = person.run("destroy", "--yes", project=other.name)
    assert "ListStackResources was refused: AccessDenied" in ended.stderr
    assert ended.returncode == 1
    assert len(other.statuses) == 3


def test_the_person_may_replay_events_of_the_project_alone(deployed: Person) -> None:
    names = ("aws_access_key_id", "aws_secret_access_key")
    events = deployed.aws.client("events", **dict(zip(names, deployed.keys.values())))
    stacks = deployed.aws.client("cloudformation").describe_stacks(StackName=f"{PROJECT}-archive")
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stacks["Stacks"][0]["Outputs"]}
    bus = f"arn:aws:events:{ARN}:event-bus/{PROJECT}-event-bus"
    replay = {"EventStartTime": 0, "EventEndTime": 1, "Destination": {"Arn": bus}}
    name = f"{PROJECT}-replay"
    events.start_replay(ReplayName=name, EventSourceArn=outputs["ArchiveArn"], **replay)
    assert events.describe_replay(ReplayName=name)["EventSourceArn"] == outputs["ArchiveArn"]
    other = f"arn:aws:events:{ARN}:archive/{PROJECT}2-archive"
    with pytest.raises(events.exceptions.ClientError, match="not authorized"):
        events.start_replay(ReplayName=name, EventSourceArn=other, **replay)


def test_in_the_end_the_person_may_destroy(deployed: Person) -> None:
    ended = deployed.run("destroy", "--yes")
    assert ended.returncode == 0, ended.stderr
    assert "not looked for everywhere" not in ended.stderr


def granted() -> Iterator[str]:
    for statement in policy()["Statement"]:
        yield from listed(statement["Action"])


def test_each_type_of_the_templates_can_be_made_and_removed() -> None:
    types = {one["Type"] for tree in template_trees.TREES for one in tree.resources().values()}
    # Other types take other actions: look them up, and add them here and to the policy.
    assert types - NEEDED.keys() == set()
    patterns = list(granted())
    for action in (action for type_ in types for action in NEEDED[type_].split()):
        assert any(fnmatchcase(action, pattern) for pattern in patterns), action


def test_everything_that_takes_an_arn_is_held_to_the_projects_name() -> None:
    for statement in policy()["Statement"]:
        for resource in listed(statement["Resource"]):
            is_held = f"{PROJECT}-*" in resource or f"{PROJECT}-*" in str(
                statement.get("Condition")
            )
            is_mapping = resource.endswith(":event-source-mapping:*")
            assert is_held or is_mapping or statement["Sid"] == "WhatTakesNoArn", resource


def test_it_fits_into_a_managed_policy() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
    assert len("".join(json.dumps(policy("miztiik-events")).split())) <= MOST_CHARACTERS
