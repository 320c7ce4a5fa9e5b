"""The screen of `status`: what each part says when it is well, bad, or not to be seen."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from miztiik_events.cloudformation.history import StackProgress
from miztiik_events.commands.views.status import BAD, as_text, folded, lines
from miztiik_events.operate.health import (
    MALFORMED,
    Alarms,
    Health,
    LakeHealth,
    Measured,
    QueuesHealth,
    StoreHealth,
    StreamHealth,
)
from miztiik_events.pipeline import costs
from miztiik_events.pipeline.metrics import Alarm
from well_project import APPLICATION, NOW, STACK, START, WELL


def said(health: Health) -> str:
    return "\n".join(line.text for line in lines(health, NOW + timedelta(minutes=5)))


def test_stacks_that_are_well_are_one_line() -> None:
    assert "Stacks        all 1 healthy; last update 2026-11-24 12:00:00 UTC" in said(WELL)


def test_a_bad_stack_is_told_in_full_and_in_red() -> None:
    bad = replace(STACK, status="ROLLBACK_COMPLETE", reason="it timed out", has_failed=True)
    health = replace(WELL, stacks=(STACK, bad))
    assert "Stacks        1 of 2 healthy" in said(health)
    (line,) = [line for line in lines(health, NOW) if line.color == BAD]
    assert line.text.split("  ")[-4:] == [
        "p-stream",
        "ROLLBACK_COMPLETE",
        "2026-11-24 12:00:00 UTC",
        "it timed out",
    ]


def test_a_stack_that_was_rolled_back_cleanly_is_healthy_and_says_so() -> None:
    back = replace(STACK, status="UPDATE_ROLLBACK_COMPLETE")
    text = said(replace(WELL, stacks=(back,)))
    assert "all 1 healthy" in text
    assert "p-stream  its last update was rolled back: it is as it was before" in text


def test_an_update_has_no_total() -> None:
    progress = StackProgress(2, None, "Stream", 130)
    busy = replace(STACK, status="UPDATE_IN_PROGRESS", progress=progress)
    assert "2 resources done  Stream since 2 min" in said(replace(WELL, stacks=(busy,)))


def test_the_application_has_its_state_and_since_when() -> None:
    assert "Analytics     RUNNING for 4 min, version 1, parallelism 1" in said(WELL)
    new = replace(APPLICATION, status="READY", operation=None)
    assert "READY never started" in said(replace(WELL, application=new))
    failed = replace(APPLICATION, status="READY", operation=replace(START, status="FAILED"))
    assert "its last StartApplication" in said(replace(WELL, application=failed))


def test_a_recomputation_is_told_only_while_it_does_something_or_has_failed() -> None:
    rests = replace(APPLICATION, status="READY")
    assert "Recomputing" not in said(replace(WELL, recomputation=rests))
    cost = costs.hourly(1, 1, 4, "us-east-1")
    running = said(replace(WELL, recomputation=APPLICATION, cost=cost))
    assert "Recomputing   RUNNING for 4 min" in running
    assert "$0.22 more while the recomputation runs" in running
    failed = replace(rests, operation=replace(START, status="FAILED"))
    assert "its last StartApplication failed" in said(replace(WELL, recomputation=failed))


def test_what_cloudwatch_does_not_know_is_said_to_be_not_known() -> None:
    assert "the application's lag is not known" in said(WELL)
    known = replace(WELL, measured=Measured(1200, 62), store=StoreHealth("b", None, None, "x", 0))
    assert "the application is 1 s behind" in said(known)
    assert "nothing in the data store; the oldest undelivered record is 62 s old" in said(known)


def test_the_lake_has_a_line_where_there_is_one() -> None:
    assert "Lake" not in said(WELL)
    lake = LakeHealth("lake/sales/day=2026-11-24/hour=12/a", NOW, 62)
    screen = said(replace(WELL, lake=lake))
    assert "Lake          last file 5 min ago; the oldest undelivered record is 62 s old" in screen
    assert "              lake/sales/day=2026-11-24/hour=12/a" in screen
    nothing = said(replace(WELL, lake=LakeHealth(None, None, None)))
    assert "Lake          no file; the age of undelivered records is not known" in nothing


def test_what_was_set_aside_is_told_and_is_a_problem_unless_it_is_malformed() -> None:
    unconverted = "failed/lake/format-conversion-failed/"
    health = replace(WELL, set_aside={MALFORMED: 1, unconverted: 2})
    assert said(WELL).count("Set aside") == 0
    assert f"Set aside     1 object in 24 hours, under {MALFORMED}" in said(health)
    assert f"              2 objects in 24 hours, under {unconverted}" in said(health)
    (line,) = [line for line in lines(health, NOW) if line.color == BAD]
    assert unconverted in line.text
    assert health.problems == (f"2 objects in {unconverted}",)


def test_a_stream_in_which_nothing_came_says_so() -> None:
    assert "newest record minutes ago" in said(replace(WELL, stream=StreamHealth("s", 2, None)))


def test_a_refused_part_says_what_was_refused() -> None:
    parts = dict.fromkeys(("stream", "measured", "queues", "alarms"))
    answer = "ListShards was refused: AccessDenied"
    health = replace(WELL, **parts, refused=dict.fromkeys(parts, answer))
    assert said(health).count(f"not known: {answer}") == 4
    record = json.loads(as_text(health, "ndjson", color=False))
    assert record["stream"] == record["alarms"] == {"refused": answer}
    assert "refused" not in record


def test_alarms_say_what_is_wrong_and_since_when() -> None:
    alarm = Alarm("p-operations-Down-1", "ALARM", "The application is down.", NOW, "1 > 0")
    screen = said(replace(WELL, alarms=Alarms((alarm,))))
    assert "Alarms        1 in ALARM\n" in screen
    assert "for 5 min: The application is down." in screen


def test_an_alarm_that_has_seen_nothing_is_not_said_to_be_well() -> None:
    assert "0 in ALARM, 2 OK, 14 without data" in said(replace(WELL, alarms=Alarms((), 2, 14)))
    assert "0 in ALARM, 16 OK" in said(replace(WELL, alarms=Alarms((), well=16)))


def test_rejected_events_lead_to_redrive() -> None:
    next_step = "Next: miztiik-events redrive rejected --dry-run --project p"
    assert next_step in said(replace(WELL, queues=QueuesHealth(1, {}, {})))
    assert "redrive" not in said(WELL)


def test_only_the_queues_with_something_in_them_are_named() -> None:
    queues = QueuesHealth(3, {"Rule": 0, "Dispatch": 2}, {"Heartbeat": 0})
    screen = said(replace(WELL, queues=queues))
    assert "Rejected      3 events" in screen
    assert "Dead letters  Dispatch 2\n" in screen
    assert "Failed calls  0" in screen


@pytest.mark.parametrize(("is_local", "start"), [(True, "nothing on this machine"), (False, "abo")])
def test_the_cost_is_that_on_aws(is_local: bool, start: str) -> None:
    health = replace(WELL, is_local=is_local, cost=costs.hourly(1, 1, 4, "eu-west-1"))
    assert f"Cost          {start}" in said(health)
    assert "eu-west-1 may differ" in said(health)


def test_data_cannot_steer_the_terminal() -> None:
    alarm = Alarm("p-operations-Down-1", "ALARM", "\x1b[2J", NOW, "")
    screen = as_text(replace(WELL, alarms=Alarms((alarm,))), "table", color=False)
    assert "\x1b" not in screen


def test_in_few_columns_the_screen_is_folded_and_nothing_of_it_is_lost() -> None:
    screen = lines(WELL, NOW)
    narrow = folded(screen, 40)
    assert max(len(line.text) for line in narrow) <= 40
    words = [" ".join(line.text for line in kept).split() for kept in (screen, narrow)]
    assert words[0] == words[1]
    assert [line.text for line in narrow[:3]] == [
        screen[0].text,
        "Stacks        all 1 healthy; last update",
        "              2026-11-24 12:00:00 UTC",
    ]
