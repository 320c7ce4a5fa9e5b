"""What goes back, what stays when a part of it is refused, and what is late."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from miztiik_events.operate import messages, redrive, unprocessed
from miztiik_events.operate.messages import Look, Message
from miztiik_events.operate.unprocessed import Unprocessed
from miztiik_events.pipeline.queues import DeadEnd, dead_ends
from miztiik_events.pipeline.windowing import Windowing
from stubs import Answer, Refusal, stubbed

NOW = datetime(2026, 11, 24, 12, 0, 30, tzinfo=timezone.utc)
URL = "http://127.0.0.1/queue"
QUEUE = DeadEnd("rule", URL, None, is_rejected=False)
FAILED = {"Id": "1", "Code": "InternalError", "SenderFault": False, "Message": "later"}


def message(number: int, body: str = "") -> Message:
    return Message(str(number), f"receipt-{number}", body, NOW, 1, "")


def event(number: int, time: datetime = NOW, kind: str = "sales-events") -> Unprocessed:
    body = {
        "source": "shop",
        "detail-type": kind,
        "time": f"{time:%Y-%m-%dT%H:%M:%SZ}",
        "detail": {"number": number},
    }
    [found] = unprocessed.examined(QUEUE, [message(number, json.dumps(body))], {})
    return found


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


def test_a_message_that_comes_twice_counts_once_with_its_last_receipt() -> None:
    def answer(receipt: str) -> Answer:
        attributes = {"SentTimestamp": "1612104420000", "ApproximateReceiveCount": "1"}
        shown = {"MessageId": "1", "ReceiptHandle": receipt, "Body": "", "Attributes": attributes}
        return Answer("receive_message", {"Messages": [shown]})

    given_back = Answer(
        "change_message_visibility_batch",
        {"Successful": [], "Failed": []},
        {
            "QueueUrl": URL,
            "Entries": [{"Id": "1", "ReceiptHandle": "second", "VisibilityTimeout": 0}],
        },
    )
    end = Answer("receive_message")
    with (
        stubbed("sqs", answer("first"), answer("second"), end, given_back) as sqs,
        messages.looking(sqs, URL, 5) as look,
    ):
        assert [one.receipt for one in look.messages] == ["second"]


def interrupted(sqs: Any) -> None:
    with messages.looking(sqs, URL, 0) as look:
        look.held["1"] = message(1)
        raise KeyboardInterrupt


def test_what_is_held_is_given_back_also_when_it_is_interrupted() -> None:
    given_back = Answer("change_message_visibility_batch", {"Successful": [], "Failed": []})
    with stubbed("sqs", given_back) as sqs, pytest.raises(KeyboardInterrupt):
        interrupted(sqs)


def test_a_call_takes_ten_and_no_more_bytes_than_allowed() -> None:
    small = messages.batches(message(number) for number in range(21))
    assert [len(batch) for batch in small] == [10, 10, 1]
    large = messages.batches(message(number, "é" * 300_000) for number in range(3))
    assert [len(batch) for batch in large] == [1, 1, 1]


@pytest.mark.parametrize("detail", ['{"sales": 1.10, "big": 1e999}', "{ }", '{"detail": [1,"}"]}'])
def test_the_detail_stays_as_it_was_written(detail: str) -> None:
    body = f'{{ "a" : {{"detail": 1}}, "b":[",{{"],\n"detail" :{detail} , "source": "x"}}'
    [found] = unprocessed.examined(QUEUE, [message(1, body)], {})
    assert found.detail == detail


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


def test_queues_are_named_by_their_outputs() -> None:
    outputs = {
        "RejectedEventsQueueUrl": "1",
        "RejectedEventsQueueName": "rejected",
        "PriceCheckDeadLetterQueueUrl": "2",
        "PriceCheckQueueName": "checks",
        "RuleDeadLetterQueueUrl": "3",
        "DispatchQueueUrl": "4",
    }
    assert dead_ends(outputs) == {
        "price-check": DeadEnd("price-check", "2", "checks", is_rejected=False),
        "rejected": DeadEnd("rejected", "1", None, is_rejected=True),
        "rule": DeadEnd("rule", "3", None, is_rejected=False),
    }
