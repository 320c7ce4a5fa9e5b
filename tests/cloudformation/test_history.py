"""How far a stack has come, out of the events of its operation."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from miztiik_events.cloudformation import history
from miztiik_events.cloudformation.history import StackProgress
from miztiik_events.cloudformation.stacks import Stack
from stubs import Answer, stubbed

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
