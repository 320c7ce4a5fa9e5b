"""What of a project needs a person, and what counts as a change of its state."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from miztiik_events.cloudformation.history import StackProgress
from miztiik_events.operate.health import (
    Alarms,
    QueuesHealth,
    StreamHealth,
)
from miztiik_events.pipeline.metrics import Alarm
from well_project import APPLICATION, NOW, STACK, START, WELL


def test_a_project_that_works_has_no_problems() -> None:
    assert WELL.problems == ()


def test_a_failed_stack_is_a_problem() -> None:
    failed = replace(STACK, status="ROLLBACK_COMPLETE", has_failed=True)
    assert replace(WELL, stacks=(failed,)).problems == ("stack p-stream is ROLLBACK_COMPLETE",)


@pytest.mark.parametrize("status", ["FORCE_STOPPING", "ROLLING_BACK", "ROLLED_BACK"])
def test_an_application_that_does_not_come_to_run_is_a_problem(status: str) -> None:
    found = replace(WELL, application=replace(APPLICATION, status=status))
    assert found.problems == (f"the analytics application: it is {status}",)


@pytest.mark.parametrize("status", ["READY", "STARTING", "STOPPING", "UPDATING"])
def test_an_application_at_rest_or_on_its_way_is_none(status: str) -> None:
    assert replace(WELL, application=replace(APPLICATION, status=status)).problems == ()


def test_an_application_at_rest_because_its_start_failed_is_a_problem() -> None:
    failed = replace(APPLICATION, status="READY", operation=replace(START, status="FAILED"))
    (problem,) = replace(WELL, application=failed).problems
    assert problem == "the analytics application: its last StartApplication failed"


def test_an_update_that_was_taken_back_leaves_no_problem() -> None:
    failed = replace(START, name="UpdateApplication", status="FAILED")
    at_rest = replace(APPLICATION, status="READY", operation=failed)
    back = replace(STACK, status="UPDATE_ROLLBACK_COMPLETE")
    assert replace(WELL, application=at_rest, stacks=(back,)).problems == ()


def test_an_application_with_other_code_than_its_stack_is_a_problem() -> None:
    other = replace(APPLICATION, has_deployed_code=False)
    (problem,) = replace(WELL, application=other).problems
    assert "does not run the code that was deployed" in problem


def test_dead_letters_failed_calls_and_alarms_are_problems_rejected_events_are_not() -> None:
    found = replace(
        WELL,
        queues=QueuesHealth(9, {"Warehouse": 1, "Dispatch": 0}, {"Heartbeat": 1200}),
        alarms=Alarms((Alarm("p-operations-Down", "ALARM", "It is down.", NOW, "1 > 0"),)),
    )
    assert found.problems == (
        "1 dead letter in Warehouse",
        "1,200 failed calls of Heartbeat",
        "alarm p-operations-Down",
    )


def test_what_may_not_be_seen_is_no_problem() -> None:
    refused = dict.fromkeys(("application", "queues", "alarms"), "DescribeAlarms was refused")
    hidden = replace(WELL, application=None, queues=None, alarms=None, refused=refused)
    assert hidden.problems == ()
    assert hidden.state != WELL.state


def test_ages_are_no_change_of_state() -> None:
    later = replace(WELL, stream=StreamHealth("s", 1, NOW + timedelta(seconds=5)))
    assert later.state == WELL.state


def test_a_resource_that_is_done_is_a_change_of_state() -> None:
    one = replace(STACK, status="CREATE_IN_PROGRESS", progress=StackProgress(1, 3, "Stream", 4))
    two = replace(one, progress=StackProgress(2, 3, "Stream", 5))
    older = replace(one, progress=StackProgress(1, 3, "Stream", 9))
    assert replace(WELL, stacks=(one,)).state != replace(WELL, stacks=(two,)).state
    assert replace(WELL, stacks=(one,)).state == replace(WELL, stacks=(older,)).state


def test_an_application_is_in_its_state_since_the_end_of_its_last_operation() -> None:
    assert APPLICATION.since == START.ended
    assert replace(APPLICATION, operation=replace(START, ended=None)).since == START.started
    assert replace(APPLICATION, operation=None).since is None
