"""The policies for the person who deploys: they are enough, every part is needed, and no more.

MiniStack checks the person's own calls. What CloudFormation calls for the person it does not
check, while AWS does, with the person's permissions. So that part is held to what AWS's
authorization reference asks for, type by type.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from string import Template
from subprocess import CompletedProcess
from typing import TYPE_CHECKING, Any

import pytest

import authorization_reference
import command_line
import program_calls
import template_trees
from authorization_reference import Reference
from live_project import LiveProject
from repository import EXAMPLES
from small_projects import queue_project
from small_roles import ACCOUNT, ARN, allow
from template_trees import listed

if TYPE_CHECKING:
    from shared_aws import TestAws

POLICIES = [EXAMPLES / f"{name}.json" for name in ("deployer-policy", "deployer-pipeline-policy")]
PROJECT = "deployer"
TAKES_NO_ARN = ("WhatTakesNoArn", "MoreThatTakesNoArn")
MOST_CHARACTERS = 6144
# These calls name a change set by its ARN and no stack. AWS looks at the change set's stack;
# MiniStack knows no resource for them.
VERBS = ("Delete", "Describe", "Execute")
EMULATOR = allow([f"cloudformation:{verb}ChangeSet" for verb in VERBS], "*")
# What making and removing a resource of each type takes: the main actions, and what the handlers in
# CloudFormation's registry list beyond what one would guess.
NEEDED = {
    "AWS::Athena::NamedQuery": (
        "athena:CreateNamedQuery athena:GetNamedQuery athena:DeleteNamedQuery"
    ),
    "AWS::Athena::WorkGroup": (
        "athena:CreateWorkGroup athena:GetWorkGroup athena:UpdateWorkGroup athena:DeleteWorkGroup "
        "athena:TagResource athena:UntagResource athena:ListTagsForResource"
    ),
    "AWS::CloudWatch::Alarm": "cloudwatch:PutMetricAlarm cloudwatch:DeleteAlarms",
    "AWS::CloudWatch::Dashboard": "cloudwatch:PutDashboard cloudwatch:DeleteDashboards",
    "AWS::DynamoDB::Table": (
        "dynamodb:CreateTable dynamodb:DescribeTable dynamodb:UpdateTimeToLive "
        "dynamodb:UpdateContinuousBackups dynamodb:GetResourcePolicy dynamodb:DeleteTable"
    ),
    "AWS::Events::Archive": (
        "events:CreateArchive events:DescribeArchive events:UpdateArchive events:DeleteArchive"
    ),
    "AWS::Events::EventBus": "events:CreateEventBus events:DeleteEventBus",
    "AWS::Events::Rule": (
        "events:PutRule events:PutTargets events:RemoveTargets events:DeleteRule iam:PassRole"
    ),
    "AWS::Glue::Database": (
        "glue:CreateDatabase glue:GetDatabase glue:UpdateDatabase glue:DeleteDatabase"
    ),
    "AWS::Glue::Table": "glue:CreateTable glue:GetTable glue:UpdateTable glue:DeleteTable",
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
    "AWS::Logs::LogGroup": (
        "logs:CreateLogGroup logs:PutRetentionPolicy logs:GetDataProtectionPolicy "
        "logs:DescribeIndexPolicies logs:DescribeResourcePolicies logs:DeleteLogGroup"
    ),
    "AWS::Logs::LogStream": "logs:CreateLogStream logs:DeleteLogStream",
    "AWS::S3::Bucket": (
        "s3:CreateBucket s3:PutBucketPublicAccessBlock s3:PutBucketOwnershipControls "
        "s3:PutEncryptionConfiguration s3:PutBucketVersioning s3:PutLifecycleConfiguration "
        "s3:PutBucketLogging s3:PutBucketTagging s3:TagResource s3:UntagResource "
        "s3:ListTagsForResource s3:DeleteBucket"
    ),
    "AWS::S3::BucketPolicy": "s3:PutBucketPolicy s3:DeleteBucketPolicy",
    "AWS::SNS::Subscription": "sns:Subscribe sns:GetSubscriptionAttributes sns:Unsubscribe",
    "AWS::SNS::Topic": (
        "sns:CreateTopic sns:SetTopicAttributes sns:GetDataProtectionPolicy sns:DeleteTopic"
    ),
    "AWS::SNS::TopicPolicy": "sns:SetTopicAttributes",
    "AWS::SQS::Queue": "sqs:CreateQueue sqs:GetQueueAttributes sqs:DeleteQueue",
    "AWS::SQS::QueuePolicy": "sqs:SetQueueAttributes",
}


VALUES = {"Partition": "aws", "Region": "us-east-1", "Account": ACCOUNT}


def policy(path: Path, project: str = PROJECT) -> dict[str, Any]:
    text = Template(path.read_text("utf-8")).substitute(VALUES, Project=project)
    filled: dict[str, Any] = json.loads(text)
    return filled


STATEMENTS = [statement for path in POLICIES for statement in policy(path)["Statement"]]


@dataclass(frozen=True)
class Person:
    """An IAM user with the policy, and the environment in which the user works."""

    aws: TestAws
    name: str
    keys: dict[str, str]

    def may_all_but(self, *sids: str) -> None:
        statements = [one for one in STATEMENTS if one["Sid"] not in sids]
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
        ("doctor",),
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


def test_what_each_type_of_the_templates_takes_is_known() -> None:
    types = {one["Type"] for tree in template_trees.TREES for one in tree.resources().values()}
    # Other types take other actions: look them up, and add them here and to the policies.
    assert types - NEEDED.keys() == set()


def needed() -> set[str]:
    """What the program calls, and what CloudFormation calls for the person."""
    return program_calls.actions() | {action for text in NEEDED.values() for action in text.split()}


def statements_for(action: str) -> list[dict[str, Any]]:
    return [
        statement
        for statement in STATEMENTS
        if any(fnmatchcase(action, pattern) for pattern in listed(statement["Action"]))
    ]


def test_everything_that_is_needed_is_granted() -> None:
    assert {"cloudformation:UpdateStack", "s3:ListBucket"} <= program_calls.actions()
    assert [action for action in sorted(needed()) if not statements_for(action)] == []


@pytest.fixture(scope="module")
def reference() -> Reference:
    return authorization_reference.installed()


@pytest.mark.tools
def test_every_action_of_the_policies_exists(reference: Reference) -> None:
    for statement in STATEMENTS:
        for pattern in listed(statement["Action"]):
            assert list(reference.actions(pattern)), pattern


@pytest.mark.tools
def test_an_action_that_takes_no_resource_is_tied_to_none(reference: Reference) -> None:
    """It would be refused. Of a pattern, such as `s3:Get*`, some may take one and some may not."""
    for statement in STATEMENTS:
        if listed(statement["Resource"]) != ["*"]:
            for pattern in listed(statement["Action"]):
                assert any(map(reference.resources, reference.actions(pattern))), pattern


@pytest.mark.tools
def test_everything_that_is_needed_is_granted_on_what_it_takes(reference: Reference) -> None:
    for action in sorted(needed()):
        assert list(reference.actions(action)) == [action]
        resources = {
            resource
            for statement in statements_for(action)
            for resource in listed(statement["Resource"])
        }
        arns = reference.resources(action)
        assert "*" in resources or any(is_covered(arn, resources) for arn in arns), action


@pytest.mark.tools
def test_nothing_makes_a_service_linked_role(reference: Reference) -> None:
    """So `doctor` looks for none."""
    dependents = {one for action in needed() for one in reference.dependents(action)}
    assert "iam:PassRole" in dependents
    assert "iam:CreateServiceLinkedRole" not in dependents


def is_covered(arn: str, resources: set[str]) -> bool:
    """Whether the policies reach the ARN when it is of something of the project's."""
    of_the_project = {**VALUES, "Name": f"{PROJECT}-something"}
    filled = re.sub(
        r"\$\{(\w+)\}", lambda one: of_the_project.get(one[1], of_the_project["Name"]), arn
    )
    return any(fnmatchcase(filled, resource) for resource in resources)


def test_everything_that_takes_an_arn_is_held_to_the_projects_name() -> None:
    for statement in STATEMENTS:
        for resource in listed(statement["Resource"]):
            is_held = f"{PROJECT}-*" in resource or f"{PROJECT}-*" in str(
                statement.get("Condition")
            )
            # An account has one catalog, which Glue asks for beside what is in it.
            is_common = resource.endswith((":event-source-mapping:*", ":catalog"))
            assert is_held or is_common or statement["Sid"] in TAKES_NO_ARN, resource


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_each_fits_into_a_managed_policy(path: Path) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
    longest = policy(path, "p" * 64)
    assert len("".join(json.dumps(longest).split())) <= MOST_CHARACTERS
