from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from miztiik_events.cloudformation.events import Tail, first_cause
from miztiik_events.cloudformation.progress import StackEvent
from stubs import Answer, stubbed

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
EVENT = StackEvent("1", "s", "Queue", "q", "AWS::SQS::Queue", "CREATE_FAILED", "denied", NOW)
CANCELLED = replace(EVENT, resource="Topic", reason="Resource creation cancelled")
STACK = replace(EVENT, resource="s", type="AWS::CloudFormation::Stack", reason="[Queue]")


def page(*ids: str, more: str = "") -> Answer:
    events = [{"StackId": "s1", "EventId": i, "StackName": "s", "Timestamp": NOW} for i in ids]
    response: dict[str, Any] = {"StackEvents": events}
    if more:
        response["NextToken"] = more
    return Answer("describe_stack_events", response)


def test_the_first_cause_is_no_consequence() -> None:
    assert first_cause([CANCELLED, EVENT, replace(EVENT, reason="later"), STACK]) == EVENT
    assert first_cause([replace(CANCELLED, reason="Resource update cancelled"), EVENT]) == EVENT


def test_without_another_cause_the_stacks_own_is_told() -> None:
    assert first_cause([STACK]) == STACK
    assert first_cause([replace(EVENT, status="CREATE_COMPLETE")]) is None


def test_only_what_is_new_is_told_in_the_order_it_happened() -> None:
    with stubbed("cloudformation", page("2", "1"), page("4", "3", "2", "1"), page("4")) as client:
        tail = Tail(client, "s1")
        assert [event.id for event in tail.fresh()] == ["3", "4"]
        assert tail.fresh() == []


def test_no_event_is_missed_when_they_fill_more_than_a_page() -> None:
    answers = (page("1"), page("5", "4", more="x"), page("3", "2", more="y"), page("1"))
    with stubbed("cloudformation", *answers) as client:
        assert [event.id for event in Tail(client, "s1").fresh()] == ["2", "3", "4", "5"]
