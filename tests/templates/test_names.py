"""The names of what the templates make: each fits, and begins with the project's name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from miztiik_events.commands.shared_options import LONGEST_PROJECT
from template_trees import TREES, Tree

PROJECT = "p" * LONGEST_PROJECT
STACK_ID = "1a2b3c4d-5e6f-11f0-8a9b-0123456789ab"

# How long a name may be, by the API references of the services; None where nobody sees a name, or
# where it is AWS's own.
LONGEST: dict[str, int | None] = {
    "AWS::Athena::WorkGroup": 128,
    "AWS::CloudWatch::Alarm": 255,
    "AWS::CloudWatch::Dashboard": 255,
    "AWS::DynamoDB::Table": 255,
    "AWS::Events::Archive": 48,
    "AWS::Events::EventBus": 256,
    "AWS::Events::Rule": 64,
    "AWS::Glue::Database": 255,
    "AWS::IAM::Role": 64,
    "AWS::Kinesis::Stream": 128,
    "AWS::KinesisAnalyticsV2::Application": 128,
    "AWS::KinesisFirehose::DeliveryStream": 64,
    "AWS::Lambda::Function": 64,
    "AWS::Logs::LogGroup": 512,
    "AWS::Logs::LogStream": 512,
    "AWS::S3::Bucket": 63,
    "AWS::SNS::Topic": 256,
    "AWS::SQS::Queue": 80,
    # Each is named within what the project has for itself: its workgroup, its database.
    "AWS::Athena::NamedQuery": None,
    "AWS::Glue::Table": None,
    "AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption": None,
    "AWS::Lambda::EventInvokeConfig": None,
    "AWS::Lambda::EventSourceMapping": None,
    "AWS::Lambda::Permission": None,
    "AWS::S3::BucketPolicy": None,
    "AWS::SNS::Subscription": None,
    "AWS::SNS::TopicPolicy": None,
    "AWS::SQS::QueuePolicy": None,
}
# A name that the template gives: its property.
EXPLICIT = {
    "AWS::Athena::WorkGroup": "Name",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::Events::Archive": "ArchiveName",
    "AWS::Events::EventBus": "Name",
    "AWS::Glue::Database": "DatabaseName",
    "AWS::KinesisAnalyticsV2::Application": "ApplicationName",
    "AWS::Logs::LogStream": "LogStreamName",
}


def made_up(stack: str, logical_id: str, longest: int) -> str:
    """A name as CloudFormation's handlers make it up.

    The stack's name and the logical id get even shares of what twelve random characters and two
    hyphens leave; what one does not need, the other gets.
    https://github.com/aws-cloudformation/cloudformation-cli-java-plugin, IdentifierUtils
    """
    free = longest - 14
    of_stack = min(len(stack), max(free - free // 2, free - len(logical_id)))
    of_id = min(len(logical_id), free - of_stack)
    return f"{stack[:of_stack]}-{logical_id[:of_id]}-{'x' * 12}"


def filled(value: Any, stack: str) -> str:
    """A name that a template gives, as CloudFormation puts it together."""
    if value == {"Ref": "AWS::StackName"}:
        return stack
    if isinstance(value, dict):
        text = value["Fn::Sub"]
        text, pieces = (text, {}) if isinstance(text, str) else text
        known = {"AWS::StackName": stack, **dict.fromkeys(pieces, STACK_ID.partition("-")[0])}
        return re.sub(r"\$\{(.+?)\}", lambda match: known[match[1]], text)
    return str(value)


def named(tree: Tree) -> Iterator[tuple[str, str, int]]:
    """Type, name and the longest that a name may be, of all in a template that has a name."""
    stack = f"{PROJECT}-{tree.name}"
    for logical_id, resource in tree.resources().items():
        kind = resource["Type"]
        longest, given = LONGEST[kind], resource.get("Properties", {}).get(EXPLICIT.get(kind, ""))
        if longest is not None:
            name = made_up(stack, logical_id, longest) if given is None else filled(given, stack)
            yield kind, name, longest


NAMED = [(tree.name, *one) for tree in TREES for one in named(tree)]


@pytest.mark.parametrize(("template", "kind", "name", "longest"), NAMED)
def test_a_name_fits_and_begins_with_the_projects(
    template: str, kind: str, name: str, longest: int
) -> None:
    assert len(name) <= longest
    # A stream of log records is named within its group.
    assert name.startswith(f"{PROJECT}-") or kind == "AWS::Logs::LogStream"


def test_an_archive_has_a_new_name_in_each_stack_that_is_made() -> None:
    (archive,) = (one for tree in TREES for one in tree.properties("AWS::Events::Archive").values())
    text, pieces = archive["ArchiveName"]["Fn::Sub"]
    assert text == "${AWS::StackName}-${Piece}"
    # arn:aws:cloudformation:eu-west-1:123:stack/NAME/1a2b3c4d-...
    id_of_stack = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
    assert pieces == {"Piece": {"Fn::Select": [0, {"Fn::Split": ["-", id_of_stack]}]}}


@pytest.mark.parametrize(
    ("stack", "logical_id", "name"),
    [
        ("shop-bus", "Rule", "shop-bus-Rule-xxxxxxxxxxxx"),
        ("s" * 80, "Rule", f"{'s' * 46}-Rule-xxxxxxxxxxxx"),
        ("shop", "R" * 80, f"shop-{'R' * 46}-xxxxxxxxxxxx"),
        ("s" * 80, "R" * 80, f"{'s' * 25}-{'R' * 25}-xxxxxxxxxxxx"),
    ],
)
def test_a_name_is_shortened_as_cloudformation_does(stack: str, logical_id: str, name: str) -> None:
    assert made_up(stack, logical_id, 64) == name
