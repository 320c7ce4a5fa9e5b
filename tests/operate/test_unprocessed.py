"""Events that nobody processed, each with its reason."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from miztiik_events.operate import unprocessed
from miztiik_events.operate.messages import Message
from miztiik_events.pipeline.queues import DeadEnd
from stubs import Answer, Refusal, stubbed
from unprocessed_events import NOW, QUEUE, URL, message

REJECTED = DeadEnd("rejected", URL, None, is_rejected=True)


def reason(queue: DeadEnd, message: Message, logged: dict[str, str] | None = None) -> str:
    [event] = unprocessed.examined(queue, [message], logged or {})
    return event.reason


def test_a_rejected_event_has_the_rule_that_it_breaks() -> None:
    assert reason(REJECTED, message(1, '{"source": "shop"}')) == 'source "shop" is unknown'
    assert reason(REJECTED, message(1, "[]")) == "not an event: not a JSON object"


def test_what_eventbridge_or_the_consumer_says_counts_before_anything_else() -> None:
    undelivered = replace(message(1), error="NO_PERMISSIONS")
    assert reason(REJECTED, undelivered) == reason(QUEUE, undelivered) == "NO_PERMISSIONS"
    assert reason(QUEUE, message(1), {"1": "KeyError: 'name'"}) == "KeyError: 'name'"


def test_without_a_reason_it_says_how_often_it_was_received() -> None:
    assert reason(QUEUE, message(1)) == "no reason is known; received 1 time, now included"


def test_the_log_is_read_since_the_oldest_message_and_tells_of_these_alone() -> None:
    lines = [
        json.dumps({"message": "message failed", "message_id": id, "reason": f"reason {id}"})
        for id in ("1", "9")
    ]
    other = json.dumps({"message": "message received", "message_id": "2", "reason": "none"})
    events = [{"message": line} for line in ("START", other, *lines)]
    request = {
        "logGroupName": "dispatch",
        "startTime": int(NOW.timestamp() * 1000),
        "filterPattern": '"message failed"',
    }
    answer = Answer("filter_log_events", {"events": events}, request)
    gone = Refusal("filter_log_events", "ResourceNotFoundException")
    newer = replace(message(2), sent=NOW.replace(hour=13))
    with stubbed("logs", answer, gone) as logs:
        reasons = unprocessed.reasons(logs, ["dispatch", "gone"], [newer, message(1)])
    assert reasons == {"1": "reason 1"}


def test_without_messages_no_log_is_read() -> None:
    with stubbed("logs") as logs:
        assert unprocessed.reasons(logs, ["dispatch"], []) == {}


@pytest.mark.parametrize(
    ("time", "moment"),
    [
        ("2026-11-24T12:00:30Z", NOW),
        ("2026-11-24T14:00:30+02:00", NOW),
        ("2026-11-24T12:00:30", NOW),
        ("yesterday", None),
        (None, None),
    ],
)
def test_when_an_event_happened_is_its_own_time(time: str | None, moment: datetime | None) -> None:
    [event] = unprocessed.examined(QUEUE, [message(1, json.dumps({"time": time}))], {})
    assert event.happened == (moment and moment.astimezone(timezone.utc))


@pytest.mark.parametrize("detail", ['{"sales": 1.10, "big": 1e999}', "{ }", '{"detail": [1,"}"]}'])
def test_the_detail_stays_as_it_was_written(detail: str) -> None:
    body = f'{{ "a" : {{"detail": 1}}, "b":[",{{"],\n"detail" :{detail} , "source": "x"}}'
    [found] = unprocessed.examined(QUEUE, [message(1, body)], {})
    assert found.detail == detail
