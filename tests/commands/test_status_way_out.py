"""Which command `status` names for what is wrong: only one that has something to show."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from miztiik_events.commands.status import way_out
from miztiik_events.operate.health import Alarms, QueuesHealth
from miztiik_events.pipeline.metrics import Alarm
from stubs import Answer, Refusal, stubbed
from well_project import APPLICATION, NOW, WELL

RINGING = replace(WELL, alarms=Alarms((Alarm("p-Down", "ALARM", "It is down.", NOW, "1 > 0"),)))
STACK = {
    "StackName": "p-stream",
    "StackId": "id",
    "StackStatus": "CREATE_COMPLETE",
    "CreationTime": datetime(2026, 1, 1, tzinfo=timezone.utc),
}
STACKS = Answer("describe_stacks", {"Stacks": [STACK]})


def resources(kind: str) -> Answer:
    resource = {
        "LogicalResourceId": "Thing",
        "PhysicalResourceId": "thing",
        "ResourceType": kind,
        "LastUpdatedTimestamp": NOW,
        "ResourceStatus": "CREATE_COMPLETE",
    }
    return Answer("list_stack_resources", {"StackResourceSummaries": [resource]})


def way(health: Any, *calls: Answer | Refusal) -> str:
    with stubbed("cloudformation", *calls) as cloudformation:
        return way_out(health, cloudformation)


def test_the_logs_are_named_where_something_logs() -> None:
    assert way(RINGING, STACKS, resources("AWS::Logs::LogGroup")) == "logs"
    assert way(RINGING, Refusal("describe_stacks", "AccessDenied")) == "logs"


@pytest.mark.parametrize(
    ("is_local", "outputs", "words"),
    [(False, {"A": "b"}, "open console"), (False, {}, ""), (True, {"A": "b"}, "")],
)
def test_without_a_log_group_it_is_the_console_where_there_is_one(
    is_local: bool, outputs: dict[str, str], words: str
) -> None:
    health = replace(RINGING, is_local=is_local, outputs=outputs)
    assert way(health, STACKS, resources("AWS::SQS::Queue")) == words


def test_what_explains_more_comes_first_and_nothing_is_looked_up_for_it() -> None:
    dead = replace(RINGING, queues=QueuesHealth(0, {"Warehouse": 1}, {}))
    assert way(dead) == "redrive"
    broken = replace(APPLICATION, status="ROLLED_BACK")
    assert way(replace(dead, application=broken)) == "status --why"
