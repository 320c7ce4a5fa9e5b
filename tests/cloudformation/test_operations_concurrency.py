"""Somebody else at work on the same stack: which answers say so, and how often it is tried again.

test_two_at_once.py has two deploys on the AWS of the tests.
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from miztiik_events.cloudformation.change_sets import is_conflict
from miztiik_events.cloudformation.operations import MOST_LOOKS, Operator
from miztiik_events.cloudformation.progress import Note
from miztiik_events.cloudformation.stacks import Stack
from miztiik_events.errors import StackError, StuckError
from miztiik_events.patience import Patience
from stack_answers import CREATE, DESIRED, EXECUTE, ID, NOW, READY, STUCK, Told, events, state
from stubs import Answer, Refusal, stubbed

GONE = Refusal("describe_stacks", "ValidationError", "Stack with id s does not exist")
TAKEN = Refusal("create_change_set", "AlreadyExistsException", "Stack [s] already exists")


@pytest.mark.parametrize(
    ("code", "text", "is_one"),
    [
        ("AlreadyExistsException", "Stack [s] already exists", True),
        ("ChangeSetNotFound", "ChangeSet [c] does not exist", True),
        ("InvalidChangeSetStatus", "An operation on this ChangeSet is in progress.", True),
        ("ValidationError", "Stack [s] does not exist", True),
        (
            "ValidationError",
            "Stack [s] already exists and cannot be created again with the changeSet [c].",
            True,
        ),
        ("ValidationError", "Stack:s is in UPDATE_IN_PROGRESS state and can not be updated.", True),
        (
            "ValidationError",
            "Stack:s is in UPDATE_ROLLBACK_FAILED state and can not be updated.",
            True,
        ),
        ("ValidationError", "Stack [s] cannot be deleted while in status UPDATE_IN_PROGRESS", True),
        (
            "ValidationError",
            "This stack is currently in a non-terminal [UPDATE_FAILED] state. To update the stack "
            "from this state, please use the disable-rollback parameter with update-stack API.",
            True,
        ),
        (
            "ValidationError",
            "Stack [s] cannot be deleted while TerminationProtection is enabled",
            False,
        ),
        ("ValidationError", "Template format error: the role does not exist", False),
        ("ValidationError", "Parameter Size must be a number", False),
        ("AccessDenied", "Stack [s] does not exist", False),
    ],
)
def test_an_answer_is_a_conflict_or_not(code: str, text: str, is_one: bool) -> None:
    error = ClientError({"Error": {"Code": code, "Message": text}}, "CreateChangeSet")
    assert is_conflict(error) is is_one


def tried(*answers: Any) -> tuple[str, list[str]]:
    """The outcome of a creation that meets these answers, and what was noted."""
    told = Told()
    with stubbed("cloudformation", *answers) as cloudformation:
        found = Operator(cloudformation, Patience(60), told).apply(DESIRED, None)
    return found.outcome, [event.text for event in told if isinstance(event, Note)]


def test_after_a_conflict_the_stack_is_looked_at_again() -> None:
    before, after = ("s", "REVIEW_IN_PROGRESS"), ("s", "CREATE_COMPLETE")
    outcome, notes = tried(
        *(TAKEN, GONE, CREATE, READY, events(before), EXECUTE),
        *(events(after, before), state("CREATE_COMPLETE"), events(after, before)),
    )
    assert outcome == "created"
    assert notes == ["somebody else is changing it; looking again"]


def test_a_rollback_that_fails_in_between_is_told_as_one_that_had_failed_before() -> None:
    refusal = f"Stack:{ID} is in UPDATE_ROLLBACK_FAILED state and can not be updated."
    refused = Refusal("create_change_set", "ValidationError", refusal)
    live = Stack("s", ID, "UPDATE_COMPLETE", "", {"Size": "4", "Age": "9"}, {}, {}, NOW)
    answers = (refused, state("UPDATE_ROLLBACK_FAILED"), STUCK)
    with stubbed("cloudformation", *answers) as client, pytest.raises(StuckError) as failed:
        Operator(client, Patience(60), Told()).apply(DESIRED, live)
    assert "remove the cause, then miztiik-events deploy --recover" in str(failed.value)
    assert "correct the template" not in str(failed.value)


@pytest.mark.parametrize(
    "left", [GONE, state("DELETE_IN_PROGRESS"), state("ROLLBACK_IN_PROGRESS")], ids=str
)
def test_a_creation_that_fails_at_once_names_its_cause_though_nobody_waits(left: Any) -> None:
    failed = (("Queue", "CREATE_FAILED"), ("s", "CREATE_IN_PROGRESS"), ("s", "REVIEW_IN_PROGRESS"))
    answers = (CREATE, READY, EXECUTE, left, events(*failed[1:]), events(*failed))
    with stubbed("cloudformation", *answers) as client, pytest.raises(StackError) as raised:
        Operator(client, Patience(60), Told(), waits=False).apply(DESIRED, None)
    assert str(raised.value).splitlines() == [
        "stack s failed at Queue (AWS::SQS::Queue)",
        "  CREATE_FAILED: denied",
        "  queue.yaml:1",
        "  Next: remove the cause, then deploy again",
    ]


def test_who_always_comes_in_between_is_told_of() -> None:
    answers = [TAKEN, *[GONE, TAKEN] * (MOST_LOOKS - 1), GONE]
    with pytest.raises(StackError) as failed:
        tried(*answers)
    assert "somebody else is changing it at the same time: Stack [s] already exists" in str(
        failed.value
    )
    assert "Next: wait until they are done, then deploy again" in str(failed.value)


def test_another_refusal_stays_what_it_is() -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        tried(Refusal("create_change_set", "AccessDenied"))


def test_a_change_set_that_is_refused_does_not_stay_behind() -> None:
    answers = (
        *(CREATE, READY, events(("s", "REVIEW_IN_PROGRESS"))),
        Refusal("execute_change_set", "AccessDenied"),
        Answer("delete_change_set", {}, {"ChangeSetName": "arn:change-set"}),
        GONE,
    )
    with stubbed("cloudformation", *answers) as client, pytest.raises(ClientError, match="Denied"):
        Operator(client, Patience(60), Told()).apply(DESIRED, None)


def test_a_look_that_comes_late_is_not_taken_for_the_end() -> None:
    before, after = ("s", "REVIEW_IN_PROGRESS"), ("s", "CREATE_COMPLETE")
    outcome, _ = tried(
        *(CREATE, READY, events(before), EXECUTE),
        *(events(after, before), state("REVIEW_IN_PROGRESS")),
        *(events(after, before), state("CREATE_COMPLETE"), events(after, before)),
    )
    assert outcome == "created"


def test_the_cause_is_waited_for_when_the_stack_is_gone_before_its_events_say_why() -> None:
    before = ("s", "REVIEW_IN_PROGRESS")
    failed = (("s", "DELETE_COMPLETE"), ("Queue", "CREATE_FAILED"), ("s", "CREATE_IN_PROGRESS"))
    with pytest.raises(StackError, match="CREATE_FAILED: denied"):
        tried(
            *(CREATE, READY, events(before), EXECUTE),
            *(events(before), GONE, events(before), events(*failed, before)),
        )
