"""How far a stack has come, out of the events of its operation."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from miztiik_events.cloudformation import history
from miztiik_events.cloudformation.events import since
from miztiik_events.cloudformation.history import StackProgress
from miztiik_events.cloudformation.progress import StackEvent
from miztiik_events.cloudformation.stacks import Stack
from stubs import Answer, stubbed

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
BODY = "Resources:\n" + "".join(f"  {name}: {{Type: T}}\n" for name in ("Queue", "Topic", "Bus"))


def looked(status: str, *newest_first: tuple[str, str, float]) -> StackProgress:
    """The progress after events of (resource, status, seconds ago)."""
    now = datetime.now(timezone.utc)
    events: list[dict[str, Any]] = [
        {
            "StackId": "s1",
            "EventId": str(number),
            "StackName": "s",
            "LogicalResourceId": resource,
            "ResourceStatus": state,
            "Timestamp": now - timedelta(seconds=ago),
        }
        for number, (resource, state, ago) in enumerate(newest_first)
    ]
    answers = [Answer("describe_stack_events", {"StackEvents": events})]
    if not status.startswith("UPDATE"):
        answers.append(Answer("get_template", {"TemplateBody": BODY}))
    stack = Stack("s", "s1", status, "", {}, {}, {}, now)
    with stubbed("cloudformation", *answers) as client:
        return history.progress(client, stack)


def test_the_slowest_is_what_has_been_under_way_longest() -> None:
    found = looked(
        "CREATE_IN_PROGRESS",
        ("Queue", "CREATE_COMPLETE", 1),
        ("Bus", "CREATE_IN_PROGRESS", 2),
        # A second time, with the reason that its creation has begun.
        ("Topic", "CREATE_IN_PROGRESS", 3),
        ("Topic", "CREATE_IN_PROGRESS", 30),
        ("Queue", "CREATE_IN_PROGRESS", 40),
        ("s", "CREATE_IN_PROGRESS", 41),
    )
    assert (found.done, found.total, found.slowest) == (1, 3, "Topic")
    assert 30 <= found.seconds < 60


def event(number: int, resource: str, status: str, **more: Any) -> dict[str, Any]:
    return {
        "StackId": "s1",
        "EventId": str(number),
        "StackName": "s",
        "LogicalResourceId": resource,
        "ResourceStatus": status,
        "Timestamp": NOW + timedelta(seconds=number),
        **more,
    }


def cause(told: list[dict[str, Any]], *answers: Answer) -> StackEvent | None:
    """The cause among the events, the oldest first, when these questions are answered so."""
    own = Answer("describe_stack_events", {"StackEvents": told[::-1]})
    with stubbed("cloudformation", own, *answers) as client:
        return history.cause(client, "s", "s1", since(client, "s1"))


BEGUN = event(0, "s", "CREATE_IN_PROGRESS")


def test_the_cause_is_the_resource_that_failed_first() -> None:
    found = cause([BEGUN, event(1, "Queue", "CREATE_FAILED", ResourceStatusReason="denied")])
    assert found
    assert (found.resource, found.reason) == ("Queue", "denied")


@pytest.mark.parametrize(
    "pointer",
    [
        event(1, "s", "CREATE_FAILED", ResourceStatusReason="Call DescribeEvents to see why"),
        event(1, "Queue", "CREATE_FAILED", ResourceStatusReason="The hook(s) failed: [H]"),
    ],
    ids=["validation", "hook"],
)
def test_what_describe_events_is_pointed_to_is_the_cause(pointer: dict[str, Any]) -> None:
    operation = {
        "EventId": "o",
        "StackId": "s1",
        "OperationId": "1",
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": "Bucket",
        "ValidationStatusReason": "it already exists",
        "Timestamp": NOW + timedelta(seconds=1),
    }
    found = cause([BEGUN, pointer], Answer("describe_events", {"OperationEvents": [operation]}))
    assert found
    assert (found.resource, found.status) == ("Bucket", "VALIDATION_FAILED")
    assert found.reason == "it already exists"


def test_what_failed_in_an_earlier_operation_is_not_the_cause() -> None:
    old = {
        "EventId": "o",
        "StackId": "s1",
        "OperationId": "1",
        "EventType": "STACK_EVENT",
        "ResourceStatusReason": "of last week",
        "Timestamp": NOW - timedelta(days=7),
    }
    own = event(1, "s", "CREATE_FAILED", ResourceStatusReason="no such role")
    found = cause([BEGUN, own], Answer("describe_events", {"OperationEvents": [old]}))
    assert found
    assert found.reason == "no such role"


def test_the_cause_in_a_nested_stack_is_dug_out() -> None:
    nested = event(
        *(1, "Child", "CREATE_FAILED"),
        ResourceType="AWS::CloudFormation::Stack",
        PhysicalResourceId="c1",
        ResourceStatusReason="Embedded stack c1 was not successfully created",
    )
    inner = event(2, "Table", "CREATE_FAILED", StackName="c", ResourceStatusReason="denied")
    found = cause([BEGUN, nested], Answer("describe_stack_events", {"StackEvents": [inner]}))
    assert found
    assert (found.stack, found.resource, found.reason) == ("c", "Table", "denied")


def test_only_the_present_operation_counts() -> None:
    found = looked(
        "UPDATE_IN_PROGRESS",
        ("Queue", "UPDATE_COMPLETE", 1),
        ("s", "UPDATE_IN_PROGRESS", 2),
        ("Topic", "CREATE_COMPLETE", 100),
    )
    assert (found.done, found.total, found.slowest) == (1, None, "")


def test_what_comes_under_way_again_is_not_done() -> None:
    found = looked(
        "DELETE_IN_PROGRESS",
        ("Queue", "DELETE_IN_PROGRESS", 1),
        ("Queue", "DELETE_SKIPPED", 2),
        ("s", "DELETE_IN_PROGRESS", 3),
    )
    assert (found.done, found.total, found.slowest) == (0, 3, "Queue")
