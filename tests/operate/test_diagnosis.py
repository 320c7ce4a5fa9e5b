"""Why something failed, after the fact: on the emulator, and what only AWS tells by a stub."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from live_project import WAITING, LiveProject
from miztiik_events.cloudformation import history, stacks
from miztiik_events.cloudformation.history import Past
from miztiik_events.operate import diagnosis
from small_projects import FAILING, empty_project
from stubs import Answer, Refusal, stubbed
from waiting import until

if TYPE_CHECKING:
    from shared_aws import TestAws

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
SIGNALLED_OUT = "CREATE_FAILED: WaitCondition timed out. Received 0 conditions when expecting 1"
TOPIC = "Resources:\n  Topic: {Type: AWS::SNS::Topic}\n"


@pytest.fixture
def project(local_aws: TestAws, tmp_path: Path) -> LiveProject:
    return LiveProject(local_aws, empty_project(tmp_path))


def told(project: LiveProject) -> list[diagnosis.Failure]:
    client = project.aws.client("cloudformation")
    deployed = stacks.belonging(stacks.every_live(client), project.name)
    return diagnosis.of_stacks(client, project.name, deployed, project.sources.templates)


def test_a_creation_that_was_rolled_back_has_cause_place_and_next_step(
    project: LiveProject,
) -> None:
    path = project.sources.template("failing", FAILING)
    project.create("failing", FAILING)
    until(lambda: project.statuses["failing"] == "ROLLBACK_COMPLETE")
    (failure,) = told(project)
    assert (failure.subject, failure.status) == (f"{project.name}-failing", "ROLLBACK_COMPLETE")
    assert (failure.logical_id, failure.reason) == ("Signal", SIGNALLED_OUT)
    assert failure.type == "AWS::CloudFormation::WaitCondition"
    assert failure.place == f"{path}:4"
    assert failure.next_step.endswith(f"miztiik-events deploy --project {project.name}")
    assert not failure.is_over


def test_a_creation_of_which_nothing_is_left_is_told(project: LiveProject) -> None:
    project.sources.template("failing", FAILING)
    assert project.deploy().returncode == 1
    (failure,) = told(project)
    assert (failure.status, failure.reason) == ("DELETE_COMPLETE", SIGNALLED_OUT)
    assert failure.is_over


def test_it_is_told_no_more_once_the_stack_is_there(project: LiveProject) -> None:
    project.sources.template("failing", FAILING)
    assert project.deploy().returncode == 1
    project.sources.template("failing", TOPIC)
    assert project.deploy().returncode == 0
    assert told(project) == []


def test_an_update_that_was_rolled_back_is_told_although_the_stack_works(
    project: LiveProject,
) -> None:
    project.sources.template("note", TOPIC)
    assert project.deploy().returncode == 0
    project.sources.template("note", TOPIC + FAILING.partition("\n")[2].partition("Outputs")[0])
    assert project.deploy().returncode == 1
    (failure,) = told(project)
    assert (failure.status, failure.logical_id) == ("UPDATE_ROLLBACK_COMPLETE", "Signal")
    assert failure.is_over


def test_a_stack_that_was_removed_on_purpose_is_not_told(project: LiveProject) -> None:
    project.sources.template("note", TOPIC)
    assert project.deploy().returncode == 0
    assert project.run("destroy", "--yes").returncode == 0
    assert told(project) == []


def test_another_project_whose_name_begins_so_is_not_told(project: LiveProject) -> None:
    european = LiveProject(project.aws, project.sources, f"{project.name}-eu")
    project.sources.template("failing", FAILING)
    assert european.deploy().returncode == 1
    assert told(project) == []
    assert len(told(european)) == 1


def test_a_stack_under_way_is_not_told(project: LiveProject) -> None:
    project.create("waiting", WAITING)
    assert told(project) == []


def failed_event(kind: str, at: datetime, **fields: Any) -> dict[str, Any]:
    return {
        "StackId": "s1",
        "EventId": uuid.uuid4().hex,
        "OperationId": "o1",
        "EventType": kind,
        "Timestamp": at,
        **fields,
    }


INVALID = failed_event(
    "VALIDATION_ERROR",
    NOW,
    LogicalResourceId="Queue",
    ResourceType="AWS::SQS::Queue",
    ValidationStatusReason="no such property",
)


def reasons(past: Past, *answers: Answer | Refusal) -> list[str]:
    with stubbed("cloudformation", *answers) as client:
        return [event.reason for event in history.failures(client, past)]


def operations(*events: dict[str, Any]) -> Answer:
    request = {"StackName": "s1", "Filters": {"FailedEvents": True}}
    return Answer("describe_events", {"OperationEvents": list(events)}, request)


def test_a_change_set_that_failed_validation_is_told_of_a_stack_that_works() -> None:
    past = Past("s", "s1", "CREATE_COMPLETE", NOW - timedelta(hours=1))
    assert reasons(past, operations(INVALID)) == ["no such property"]


def test_it_is_forgotten_after_an_update_that_went_well() -> None:
    past = Past("s", "s1", "UPDATE_COMPLETE", NOW + timedelta(hours=1))
    assert reasons(past, operations(INVALID)) == []


def test_what_a_validation_or_a_hook_only_warns_of_is_no_failure() -> None:
    past = Past("s", "s1", "CREATE_COMPLETE", NOW - timedelta(hours=1))
    warning = {**INVALID, "ValidationFailureMode": "WARN"}
    assert reasons(past, operations(warning)) == []


def test_of_several_failed_operations_the_last_counts() -> None:
    past = Past("s", "s1", "UPDATE_ROLLBACK_COMPLETE", NOW)
    status = {"ResourceStatus": "UPDATE_FAILED"}
    old = failed_event("PROVISIONING_ERROR", NOW, ResourceStatusReason="old", **status)
    new = failed_event(
        "PROVISIONING_ERROR",
        NOW + timedelta(minutes=1),
        ResourceStatusReason="new",
        **{**status, "OperationId": "o2"},
    )
    assert reasons(past, operations(new, old)) == ["new"]


def stack_event(resource: str, status: str, reason: str = "") -> dict[str, Any]:
    return {
        "StackId": "s1",
        "EventId": uuid.uuid4().hex,
        "StackName": "s",
        "LogicalResourceId": resource,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
        "Timestamp": NOW,
    }


def test_without_describe_events_the_stacks_own_events_tell() -> None:
    past = Past("s", "s1", "UPDATE_ROLLBACK_COMPLETE", NOW)
    newest_first = [
        stack_event("s", "UPDATE_ROLLBACK_COMPLETE"),
        stack_event("Queue", "UPDATE_FAILED", "denied"),
        stack_event("s", "UPDATE_IN_PROGRESS"),
        stack_event("Topic", "UPDATE_FAILED", "of an operation before"),
    ]
    refused = Refusal("describe_events", "AccessDenied")
    answer = Answer("describe_stack_events", {"StackEvents": newest_first})
    assert reasons(past, refused, answer) == ["denied"]


def test_when_the_rollback_failed_what_failed_in_it_counts() -> None:
    past = Past("s", "s1", "UPDATE_ROLLBACK_FAILED", NOW)
    newest_first = [
        stack_event("s", "UPDATE_ROLLBACK_FAILED"),
        stack_event("Queue", "UPDATE_FAILED", "it is gone"),
        stack_event("s", "UPDATE_ROLLBACK_IN_PROGRESS"),
        stack_event("Queue", "UPDATE_FAILED", "denied"),
        stack_event("s", "UPDATE_IN_PROGRESS"),
    ]
    answer = Answer("describe_stack_events", {"StackEvents": newest_first})
    assert reasons(past, operations(), answer)[0] == "it is gone"


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("UPDATE_FAILED", "deploy --recover --project p"),
        ("UPDATE_ROLLBACK_FAILED", "deploy --recover --project p"),
        ("CREATE_FAILED", "deploy --recover --project p"),
        ("ROLLBACK_FAILED", "destroy p-queue --project p"),
        ("DELETE_FAILED", "destroy p-queue --project p"),
        ("IMPORT_ROLLBACK_FAILED", "deploy --project p"),
    ],
)
def test_the_way_out_deletes_at_most_the_stack_that_never_came_to_be(
    status: str, advice: str
) -> None:
    next_step = diagnosis._next_step(Past("p-queue", "s1", status, NOW), "denied", "p")
    assert next_step == f"remove the cause, then miztiik-events {advice}"
