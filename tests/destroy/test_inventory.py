"""What a removal takes, read from stacks as they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from miztiik_events.cloudformation.stacks import PROJECT_TAG, Stack
from miztiik_events.destroy import inventory
from miztiik_events.destroy.inventory import Inventory
from shared_aws import TestAws

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


def stack(name: str, takes: str = "", gives: str = "", *, is_protected: bool = False) -> Stack:
    parameters, outputs = (dict.fromkeys(names.split(), "x") for names in (takes, gives))
    return Stack(name, name, "CREATE_COMPLETE", "", parameters, outputs, {}, NOW, is_protected)


def of(*stacks: Stack) -> Inventory:
    going = {one.name: one for one in stacks}
    return Inventory("0", "r", "p", going, (), (), {}, frozenset(), frozenset())


def test_stacks_go_in_the_reverse_of_their_needs() -> None:
    found = of(
        stack("bucket", gives="Bucket"),
        stack("delivery", takes="Bucket Seconds", gives="Delivery"),
        # A stack may give on what it was given.
        stack("stream", takes="Shards", gives="Stream Shards"),
        stack("analytics", takes="Delivery Stream Shards"),
    )
    names = [one.name for one in found.in_order()]
    assert names.index("analytics") < names.index("delivery") < names.index("bucket")
    assert names.index("analytics") < names.index("stream")
    assert found.children(found.stacks["stream"]) == {"analytics"}


def aged(name: str, takes: str, gives: str, day: int) -> Stack:
    return replace(stack(name, takes, gives), created=NOW.replace(day=day))


def test_stacks_that_hand_on_what_they_take_are_no_circle() -> None:
    found = of(
        aged("edge", "Vpc", "Vpc", 3), aged("network", "", "Vpc", 1), aged("app", "Vpc", "Vpc", 2)
    )
    assert [one.name for one in found.in_order()] == ["edge", "app", "network"]
    assert found.children(found.stacks["app"]) == {"edge"}


def test_in_a_circle_the_first_that_was_made_goes_last() -> None:
    found = of(aged("a", "C", "A", 1), aged("b", "A", "B", 2), aged("c", "B", "C", 3))
    assert [one.name for one in found.in_order()] == ["c", "b", "a"]


def test_who_imports_goes_before_who_exports_whatever_else_they_share() -> None:
    young, old = aged("young", "", "Arn", 2), aged("old", "Arn", "", 1)
    found = of(young, old)
    assert [one.name for one in found.in_order()] == ["old", "young"]
    found = replace(found, importers={"old": frozenset({"young"})})
    assert [one.name for one in found.in_order()] == ["young", "old"]


def test_protected_stacks_are_known() -> None:
    found = of(stack("a"), stack("b", is_protected=True))
    assert [one.name for one in found.protected] == ["b"]


@pytest.fixture
def session(local_aws: TestAws, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ENDPOINT_URL", local_aws.endpoint)
    return local_aws.session()


def create(session: Any, project: str, body: str) -> None:
    cloudformation = session.client("cloudformation")
    tags = [{"Key": PROJECT_TAG, "Value": project}]
    name = f"{project}-one"
    cloudformation.create_stack(StackName=name, TemplateBody=body, Tags=tags)
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1}
    )


@pytest.mark.parametrize(
    ("policy", "is_retained"),
    [("Delete", False), ("Snapshot", False), ("Retain", True), ("RetainExceptOnCreate", True)],
)
@pytest.mark.parametrize(
    "body",
    [
        "Resources: {Queue: {Type: AWS::SQS::Queue, DeletionPolicy: %s}, \n"
        " Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Queue}}}",
        '{"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "DeletionPolicy": "%s"},'
        ' "Topic": {"Type": "AWS::SNS::Topic"}}}',
    ],
)
def test_a_templates_deletion_policies_tell_what_stays(
    session: Any, body: str, policy: str, is_retained: bool
) -> None:
    project = f"kept-{policy}-{len(body)}"
    create(session, project, body % policy)
    found = inventory.take(session, project)
    kept = {one.logical_id: one.is_retained for one in found.resources}
    assert kept == {"Queue": is_retained, "Topic": False}
    assert bool(found.going("AWS::SQS::Queue")) != is_retained


def test_a_stack_that_was_never_created_goes_too(session: Any) -> None:
    session.client("cloudformation").create_change_set(
        StackName="shell-one",
        ChangeSetName="first",
        ChangeSetType="CREATE",
        TemplateBody="Resources: {Queue: {Type: AWS::SQS::Queue}}",
        Tags=[{"Key": PROJECT_TAG, "Value": "shell"}],
    )
    found = inventory.take(session, "shell")
    assert {one.name: one.status for one in found.stacks.values()} == {
        "shell-one": "REVIEW_IN_PROGRESS"
    }
    assert found.resources == ()


NESTED = """\
Resources:
  Child:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: %s}
"""
CHILD = """\
Resources:
  Store: {Type: AWS::S3::Bucket}
  Kept: {Type: AWS::S3::Bucket, DeletionPolicy: Retain}
"""


def test_what_is_in_a_nested_stack_goes_with_its_root(session: Any) -> None:
    s3 = session.client("s3")
    s3.create_bucket(Bucket="nested-templates")
    s3.put_object(Bucket="nested-templates", Key="child.yaml", Body=CHILD.encode())
    url = f"{s3.meta.endpoint_url}/nested-templates/child.yaml"
    create(session, "nest", NESTED % url)
    found = inventory.take(session, "nest")
    assert list(found.stacks) == ["nest-one"]
    assert not any(name.startswith("nest-one") for name in found.others)
    held = {one.logical_id: one.is_retained for one in found.resources}
    assert held == {"Child": False, "Store": False, "Kept": True}
    assert len(found.going("AWS::S3::Bucket", "nest-one")) == 1
