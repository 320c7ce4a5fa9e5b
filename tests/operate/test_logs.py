"""The merged log of several groups."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from miztiik_events.operate.logs import Log, LogEvent

if TYPE_CHECKING:
    from shared_aws import TestAws


class Groups:
    """Two log groups, and a way to write to them."""

    def __init__(self, logs: Any) -> None:
        self.logs = logs
        self.names = [f"{name}-{uuid.uuid4().hex}" for name in ("one", "two")]
        self.now = int(time.time() * 1000)
        self.a_minute_ago = datetime.fromtimestamp(time.time() - 60, timezone.utc)
        self.components = dict(zip(self.names, ("shop", "till")))
        for name in self.names:
            logs.create_log_group(logGroupName=name)
            logs.create_log_stream(logGroupName=name, logStreamName="stream")

    def say(self, number: int, message: str, ago: int = 0) -> None:
        event = {"timestamp": self.now - ago, "message": message}
        self.logs.put_log_events(
            logGroupName=self.names[number], logStreamName="stream", logEvents=[event]
        )


@pytest.fixture
def groups(local_aws: TestAws) -> Iterator[Groups]:
    made = Groups(local_aws.client("logs"))
    yield made
    for name in made.names:
        made.logs.delete_log_group(logGroupName=name)


def test_groups_are_merged_in_the_order_of_time(groups: Groups) -> None:
    groups.say(0, "third", ago=1000)
    groups.say(1, "second", ago=2000)
    groups.say(0, "first", ago=3000)
    found = Log(groups.logs, groups.components, groups.a_minute_ago).fresh()
    assert [event.message for event in found] == ["first", "second", "third"]
    assert [event.group for event in found] == [groups.names[n] for n in (0, 1, 0)]
    assert [event.component for event in found] == ["shop", "till", "shop"]


def test_each_event_comes_once_also_one_that_shows_late(groups: Groups) -> None:
    log = Log(groups.logs, groups.components, groups.a_minute_ago)
    groups.say(0, "one")
    assert [event.message for event in log.fresh()] == ["one"]
    groups.say(0, "two")
    groups.say(1, "earlier", ago=3000)
    assert [event.message for event in log.fresh()] == ["earlier", "two"]
    assert log.fresh() == []


def test_what_was_before_is_left_out(groups: Groups) -> None:
    groups.say(0, "old", ago=120_000)
    assert Log(groups.logs, groups.components, groups.a_minute_ago).fresh() == []


def test_a_group_that_is_gone_keeps_no_other_from_speaking(groups: Groups) -> None:
    groups.say(0, "here")
    found = Log(groups.logs, {"gone": "x", **groups.components}, groups.a_minute_ago).fresh()
    assert [event.message for event in found] == ["here"]


def event(message: str) -> LogEvent:
    moment = datetime(2026, 11, 24, tzinfo=timezone.utc)
    return LogEvent("id", moment, "shop", "group", message)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("START RequestId: 1\n", "START RequestId: 1"),
        ('{"level": "ERROR", "message": "it failed", "requestId": "1"}', "ERROR it failed"),
        (
            '{"level": "ERROR", "message": "no stock", "errorType": "KeyError"}',
            "ERROR no stock (KeyError)",
        ),
        ('{"messageType": "WARN", "message": "slow"}', "WARN slow"),
        (
            '{"messageType": "WARN", "message": "m", "throwableInformation": ["a", "\\tat c"]}',
            "WARN m (a)",
        ),
        ('{"message": "no level"}', "no level"),
        ('{"type": "platform.start"}', '{"type": "platform.start"}'),
        ("[1]", "[1]"),
    ],
)
def test_a_structured_message_is_shown_as_a_person_wants_it(message: str, text: str) -> None:
    assert event(message).text == text


@pytest.mark.parametrize(
    "message",
    [
        "START RequestId: 1 Version: $LATEST",
        "END RequestId: 1",
        "REPORT RequestId: 1\tDuration: 2 ms",
        "INIT_START Runtime Version: python:3.13",
        '{"type": "platform.start", "record": {"requestId": "1"}}',
        '{"type": "platform.report", "record": {"status": "success"}}',
    ],
)
def test_what_lambda_says_of_an_invocation_is_routine(message: str) -> None:
    assert (event(message).is_routine, event(message).is_error) == (True, False)


@pytest.mark.parametrize(
    "message",
    [
        '{"level": "ERROR", "message": "it failed"}',
        '{"messageType": "FATAL", "message": "it failed"}',
        "[ERROR] KeyError: 'detail'",
        "2026-11-24T15:00:00Z 1 Task timed out after 3.00 seconds",
        "REPORT RequestId: 1\tDuration: 2 ms\tStatus: timeout",
        '{"type": "platform.report", "record": {"status": "timeout"}}',
    ],
)
def test_an_error_is_never_routine(message: str) -> None:
    assert (event(message).is_routine, event(message).is_error) == (False, True)


def test_an_error_that_a_text_is_about_is_none_itself() -> None:
    said = event("REPORT how many errors there were: ERROR 0")
    assert (said.is_routine, said.is_error) == (False, False)
