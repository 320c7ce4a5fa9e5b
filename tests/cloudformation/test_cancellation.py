"""Undoing what is under way: which call it is, and what is left alone."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError

from miztiik_events.cloudformation.cancellation import cancel
from miztiik_events.cloudformation.progress import Note, ProgressEvent, StackDone
from miztiik_events.patience import Patience
from stubs import ANY, Answer, Refusal, stubbed

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
ID = "arn:aws:cloudformation:eu-west-1:111122223333:stack/s/1"
CANCEL = Answer("cancel_update_stack", {}, {"StackName": ID, "ClientRequestToken": ANY})
DELETE = Answer("delete_stack", {}, {"StackName": ID, "ClientRequestToken": ANY})
GONE = Refusal("describe_stacks", "ValidationError", "Stack with id s does not exist")


def state(status: str) -> Answer:
    stack = {"StackName": "s", "StackId": ID, "StackStatus": status, "CreationTime": NOW}
    return Answer("describe_stacks", {"Stacks": [stack]})


def events(*latest_first: str) -> Answer:
    found = [
        {
            "StackId": ID,
            "EventId": str(len(latest_first) - place),
            "StackName": "s",
            "LogicalResourceId": "s",
            "ResourceStatus": status,
            "Timestamp": NOW,
        }
        for place, status in enumerate(latest_first)
    ]
    return Answer("describe_stack_events", {"StackEvents": found})


def told(cloudformation: Any) -> list[str]:
    heard: list[ProgressEvent] = []
    cancel(cloudformation, ["s"], heard.append, Patience(60))
    notes = [event.text for event in heard if isinstance(event, Note)]
    return notes + [event.outcome for event in heard if isinstance(event, StackDone)]


def test_an_update_is_cancelled_and_followed_until_it_is_rolled_back() -> None:
    begun = ("UPDATE_IN_PROGRESS",)
    over = events("UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_IN_PROGRESS", *begun)
    answers = (
        *(state(*begun), events(*begun), state(*begun), CANCEL),
        *(events("UPDATE_ROLLBACK_IN_PROGRESS", *begun), state("UPDATE_ROLLBACK_IN_PROGRESS")),
        *(over, state("UPDATE_ROLLBACK_COMPLETE"), over),
    )
    with stubbed("cloudformation", *answers) as cloudformation:
        assert told(cloudformation) == [
            "its update is cancelled: it is being rolled back",
            "cancelled",
        ]


def test_a_creation_is_deleted() -> None:
    begun = ("CREATE_IN_PROGRESS",)
    over = events("DELETE_COMPLETE", "DELETE_IN_PROGRESS", *begun)
    answers = (
        *(state(*begun), events(*begun), state(*begun)),
        *(events(*begun), DELETE, over, state("DELETE_COMPLETE"), over),
    )
    with stubbed("cloudformation", *answers) as cloudformation:
        assert told(cloudformation)[-1] == "cancelled"


def test_an_update_that_goes_back_no_more_is_waited_for() -> None:
    cleaning = ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",)
    over = events("UPDATE_COMPLETE", *cleaning)
    answers = (
        *(state(*cleaning), events(*cleaning), state(*cleaning)),
        *(events(*cleaning), over, state("UPDATE_COMPLETE"), over),
    )
    with stubbed("cloudformation", *answers) as cloudformation:
        assert told(cloudformation) == [
            "is already in UPDATE_COMPLETE_CLEANUP_IN_PROGRESS; waiting for it to finish",
            "updated",
        ]


@pytest.mark.parametrize("is_late", [False, True])
def test_an_update_that_ends_at_this_very_moment_is_none_to_cancel(is_late: bool) -> None:
    begun, over = ("UPDATE_IN_PROGRESS",), events("UPDATE_COMPLETE", "UPDATE_IN_PROGRESS")
    refused = Refusal("cancel_update_stack", "ValidationError", "cannot be called from")
    # The events may have told of the end before the stack does; then none come any more.
    known = over if is_late else events(*begun)
    answers = (
        *(state(*begun), known, state(*begun), refused),
        *(over, over, state("UPDATE_COMPLETE"), over),
    )
    with stubbed("cloudformation", *answers) as cloudformation:
        assert told(cloudformation)[-1] == "updated"


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ((GONE,), "cancelled"),
        ((state("CREATE_IN_PROGRESS"), events(), state("CREATE_COMPLETE")), "created"),
        ((state("UPDATE_IN_PROGRESS"), events(), state("UPDATE_COMPLETE")), "updated"),
        ((state("UPDATE_IN_PROGRESS"), events(), state("UPDATE_ROLLBACK_COMPLETE")), "cancelled"),
    ],
)
def test_what_has_ended_meanwhile_is_left_alone(answers: tuple[Any, ...], outcome: str) -> None:
    with stubbed("cloudformation", *answers) as cloudformation:
        assert told(cloudformation) == [outcome]


def test_who_may_not_cancel_is_told_so() -> None:
    begun = ("UPDATE_IN_PROGRESS",)
    refused = Refusal("cancel_update_stack", "AccessDenied", "not authorized")
    answers = (state(*begun), events(*begun), state(*begun), refused)
    with stubbed("cloudformation", *answers) as cloudformation, pytest.raises(ClientError):
        told(cloudformation)
