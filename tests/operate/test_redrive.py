"""What goes back, what stays when a part of it is refused, and what is late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from miztiik_events.operate import redrive, unprocessed
from miztiik_events.operate.messages import Look
from miztiik_events.operate.unprocessed import Unprocessed
from miztiik_events.pipeline.queues import DeadEnd
from miztiik_events.pipeline.windowing import Windowing
from stubs import Answer, Refusal, stubbed
from unprocessed_events import NOW, QUEUE, URL, event, message

FAILED = {"Id": "1", "Code": "InternalError", "SenderFault": False, "Message": "later"}


EVENTS = [event(number) for number in range(3)]


def held(sqs: Any, events: list[Unprocessed]) -> Look:
    return Look(sqs, URL, {one.message.id: one.message for one in events})


def deleted(*numbers: int, failed: tuple[dict[str, Any], ...] = ()) -> Answer:
    entries = [{"Id": str(number), "ReceiptHandle": f"receipt-{number}"} for number in numbers]
    done = [{"Id": str(number)} for number in numbers]
    return Answer(
        "delete_message_batch",
        {"Successful": done, "Failed": list(failed)},
        {"QueueUrl": URL, "Entries": entries},
    )


def results(outcomes: list[redrive.Outcome]) -> list[str]:
    return [outcome.result for outcome in outcomes]


def test_what_the_bus_refuses_stays_in_its_queue() -> None:
    refused = {"ErrorCode": "ThrottlingException", "ErrorMessage": "too fast"}
    entries = [{"EventId": "a"}, refused, {"EventId": "b"}]
    answer = {"FailedEntryCount": 1, "Entries": entries}
    with (
        stubbed("events", Answer("put_events", answer)) as bus,
        stubbed("sqs", deleted(0, 2)) as sqs,
    ):
        look = held(sqs, EVENTS)
        outcomes = redrive.send(look, EVENTS, redrive.to_bus(bus, "bus"))
    assert results(outcomes) == ["sent", "failed", "sent"]
    assert outcomes[1].cause == "ThrottlingException: too fast"
    assert list(look.held) == ["1"]


def test_what_a_queue_refuses_stays_in_its_own() -> None:
    other = "http://127.0.0.1/other"
    known = Answer("get_queue_url", {"QueueUrl": other}, {"QueueName": "other"})
    entries = [{"Id": one.message.id, "MessageBody": one.message.body} for one in EVENTS]
    sent = Answer(
        "send_message_batch",
        {"Successful": [], "Failed": [FAILED]},
        {"QueueUrl": other, "Entries": entries},
    )
    with stubbed("sqs", known, sent, deleted(0, 2)) as sqs:
        look = held(sqs, EVENTS)
        outcomes = redrive.send(look, EVENTS, redrive.to_queue(sqs, "other"))
    assert results(outcomes) == ["sent", "failed", "sent"]
    assert outcomes[1].cause == "InternalError: later"
    assert list(look.held) == ["1"]


def test_nothing_is_deleted_when_a_whole_call_is_refused() -> None:
    with stubbed("events", Refusal("put_events", "AccessDenied")) as bus, stubbed("sqs") as sqs:
        look = held(sqs, EVENTS)
        with pytest.raises(bus.exceptions.ClientError):
            redrive.send(look, EVENTS, redrive.to_bus(bus, "bus"))
    assert len(look.held) == 3


def test_what_was_sent_and_could_not_be_deleted_counts_as_failed() -> None:
    answer = {"FailedEntryCount": 0, "Entries": [{"EventId": "a"}] * 3}
    with (
        stubbed("events", Answer("put_events", answer)) as bus,
        stubbed("sqs", deleted(0, 1, 2, failed=(FAILED,))) as sqs,
    ):
        outcomes = redrive.send(held(sqs, EVENTS), EVENTS, redrive.to_bus(bus, "bus"))
    assert results(outcomes) == ["sent", "failed", "sent"]
    assert outcomes[1].cause.startswith("sent, but still there: ")


def test_nothing_to_delete_is_no_call() -> None:
    refused = [{"ErrorCode": "InternalFailure"}] * 3
    answer = {"FailedEntryCount": 3, "Entries": refused}
    with stubbed("events", Answer("put_events", answer)) as bus, stubbed("sqs") as sqs:
        outcomes = redrive.send(held(sqs, EVENTS), EVENTS, redrive.to_bus(bus, "bus"))
    assert results(outcomes) == ["failed"] * 3


@pytest.mark.parametrize("body", ["", "[]", "null", '{"detail": {}}', '{"time": 5}'])
def test_what_is_no_event_is_not_for_the_bus_but_a_consumers_queue_takes_it(body: str) -> None:
    events = unprocessed.examined(QUEUE, [message(1, body)], {})
    assert redrive.sendable(QUEUE, events, even_malformed=True) == []
    consumer = DeadEnd("dispatch", URL, "orders", is_rejected=False)
    assert redrive.sendable(consumer, events, even_malformed=False) == list(events)


def test_what_is_still_malformed_goes_to_the_bus_only_when_asked_for() -> None:
    rejected = DeadEnd("rejected", URL, None, is_rejected=True)
    [malformed] = unprocessed.examined(rejected, [EVENTS[0].message], {})
    assert malformed.defect
    assert redrive.sendable(rejected, [malformed], even_malformed=False) == []
    assert redrive.sendable(rejected, [malformed], even_malformed=True) == [malformed]


def test_sales_of_a_closed_window_are_late_and_nothing_else_is() -> None:
    windowing = Windowing(length=60_000, lateness=5_000)
    events = [
        event(1, NOW),
        event(2, NOW - timedelta(seconds=30)),
        event(3, NOW - timedelta(seconds=31)),
        event(4, NOW - timedelta(days=1), "inventory-events"),
    ]
    assert redrive.late(events, windowing, NOW) == 1
    assert redrive.late(events, windowing, NOW - timedelta(seconds=26)) == 0
