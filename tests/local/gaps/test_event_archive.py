"""Archives of events by CloudFormation: made, changed, replaced, looked at and removed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

import small_roles
from shared_aws import TestAws
from small_roles import ARN, allow

QUICKLY = {"Delay": 1, "MaxAttempts": 60}


@dataclass(frozen=True)
class Stack:
    """A stack with a bus or two, and an archive."""

    aws: TestAws
    name: str

    def apply(self, verb: str, bus: str = "One", **properties: Any) -> dict[str, str]:
        """Create or update the stack; its outputs."""
        source = {"SourceArn": {"Fn::GetAtt": [bus, "Arn"]}}
        archive = {"Type": "AWS::Events::Archive", "Properties": {**source, **properties}}
        resources = {name: _bus(f"{self.name}-{name}") for name in ("One", "Two")}
        outputs = {
            "Name": {"Value": {"Ref": "Archive"}},
            "NameAgain": {"Value": {"Fn::GetAtt": ["Archive", "ArchiveName"]}},
            "Arn": {"Value": {"Fn::GetAtt": ["Archive", "Arn"]}},
        }
        template = {"Resources": {**resources, "Archive": archive}, "Outputs": outputs}
        client = self.aws.client("cloudformation")
        change = getattr(client, f"{verb}_stack")
        change(StackName=self.name, TemplateBody=json.dumps(template))
        client.get_waiter(f"stack_{verb}_complete").wait(StackName=self.name, WaiterConfig=QUICKLY)
        described = client.describe_stacks(StackName=self.name)["Stacks"][0]
        return {one["OutputKey"]: one["OutputValue"] for one in described["Outputs"]}

    def archives(self) -> list[dict[str, Any]]:
        events = self.aws.client("events")
        listed = events.list_archives(NamePrefix=self.name[:20])["Archives"]
        return [events.describe_archive(ArchiveName=one["ArchiveName"]) for one in listed]

    def drift(self) -> dict[str, Any]:
        answer = self.aws.client("cloudformation").detect_stack_resource_drift(
            StackName=self.name, LogicalResourceId="Archive"
        )
        found: dict[str, Any] = answer["StackResourceDrift"]
        return found


def _bus(name: str) -> dict[str, Any]:
    return {"Type": "AWS::Events::EventBus", "Properties": {"Name": name}}


@pytest.fixture
def stack(local_aws: TestAws) -> Iterator[Stack]:
    made = Stack(local_aws, f"a{uuid.uuid4().hex[:19]}-with-a-name-that-is-rather-long")
    yield made
    local_aws.client("cloudformation").delete_stack(StackName=made.name)


PATTERN = {"source": ["shop"]}
WHOLE = {"RetentionDays": 7, "Description": "sold", "EventPattern": PATTERN}


def test_an_archive_is_as_the_template_says(stack: Stack) -> None:
    outputs = stack.apply("create", **WHOLE)
    [archive] = stack.archives()
    assert archive["EventSourceArn"] == f"arn:aws:events:{ARN}:event-bus/{stack.name}-One"
    assert (archive["RetentionDays"], archive["Description"]) == (7, "sold")
    assert json.loads(archive["EventPattern"]) == PATTERN
    assert outputs["Name"] == outputs["NameAgain"] == archive["ArchiveName"]
    assert outputs["Arn"] == archive["ArchiveArn"]
    # What the API allows, and IAM policies on `project-*` rely on.
    assert len(outputs["Name"]) <= 48
    assert outputs["Name"].startswith(stack.name[:20])


def test_a_changed_archive_stays_the_same_one(stack: Stack) -> None:
    before = stack.apply("create", **WHOLE)
    assert stack.apply("update", RetentionDays="30") == before
    [archive] = stack.archives()
    assert (archive["RetentionDays"], archive["Description"]) == (30, "")
    assert not archive.get("EventPattern")


def test_an_archive_of_another_bus_is_another_one(stack: Stack) -> None:
    before = stack.apply("create")
    after = stack.apply("update", bus="Two")
    assert after["Name"] != before["Name"]
    [archive] = stack.archives()
    assert archive["ArchiveName"] == after["Name"]


def test_an_archive_goes_with_its_stack(stack: Stack) -> None:
    stack.apply("create")
    client = stack.aws.client("cloudformation")
    client.delete_stack(StackName=stack.name)
    client.get_waiter("stack_delete_complete").wait(StackName=stack.name, WaiterConfig=QUICKLY)
    assert stack.archives() == []


def test_drift_is_seen(stack: Stack) -> None:
    name, events = stack.apply("create", **WHOLE)["Name"], stack.aws.client("events")
    assert stack.drift()["StackResourceDriftStatus"] == "IN_SYNC"
    events.update_archive(ArchiveName=name, RetentionDays=1)
    [difference] = stack.drift()["PropertyDifferences"]
    assert (difference["PropertyPath"], difference["ActualValue"]) == ("/RetentionDays", "1")
    events.delete_archive(ArchiveName=name)
    assert stack.drift()["StackResourceDriftStatus"] == "DELETED"


def test_an_archive_of_a_bus_that_does_not_exist_is_refused(local_aws: TestAws) -> None:
    nowhere = {"EventSourceArn": f"arn:aws:events:{ARN}:event-bus/nowhere"}
    with pytest.raises(ClientError, match="Event bus nowhere does not exist"):
        local_aws.client("events").create_archive(ArchiveName=str(uuid.uuid4()), **nowhere)


def test_iam_looks_at_the_archive_and_at_the_replay(local_aws: TestAws) -> None:
    name, bus = f"mine-{uuid.uuid4()}", f"arn:aws:events:{ARN}:event-bus/default"
    mine = (f"arn:aws:events:{ARN}:{kind}/mine-*" for kind in ("archive", "replay"))
    role = small_roles.create(local_aws, allow(["events:*Archive", "events:*Replay"], *mine))
    events = role.client("events")

    def replay(archive: str) -> None:
        events.start_replay(
            ReplayName=archive,
            EventSourceArn=f"arn:aws:events:{ARN}:archive/{archive}",
            EventStartTime=0,
            EventEndTime=1,
            Destination={"Arn": bus},
        )

    def each(archive: str) -> list[Callable[[], Any]]:
        return [
            lambda: events.create_archive(ArchiveName=archive, EventSourceArn=bus),
            lambda: events.describe_archive(ArchiveName=archive),
            lambda: replay(archive),
            lambda: events.describe_replay(ReplayName=archive),
            lambda: events.delete_archive(ArchiveName=archive),
        ]

    for call in each(name):
        call()
    for call in each("other"):
        with pytest.raises(ClientError, match="not authorized"):
            call()
