"""Messages of a queue: held while somebody looks at them, and given back."""

from __future__ import annotations

from typing import Any

import pytest

from miztiik_events.operate import messages
from stubs import Answer, stubbed
from unprocessed_events import URL, message


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


@pytest.mark.parametrize(
    ("attributes", "error"),
    [
        ({}, ""),
        ({"ERROR_CODE": "NO_PERMISSIONS"}, "NO_PERMISSIONS"),
        ({"ERROR_CODE": "SDK_CLIENT_ERROR", "ERROR_MESSAGE": "m"}, "SDK_CLIENT_ERROR: m"),
    ],
)
def test_what_eventbridge_says_of_an_event_comes_with_its_message(
    attributes: dict[str, str], error: str
) -> None:
    shown = {
        "MessageId": "1",
        "ReceiptHandle": "r",
        "Body": "{}",
        "Attributes": {"SentTimestamp": "1612104420000", "ApproximateReceiveCount": "2"},
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": text} for name, text in attributes.items()
        },
    }
    given_back = Answer("change_message_visibility_batch", {"Successful": [], "Failed": []})
    answers = (Answer("receive_message", {"Messages": [shown]}), given_back)
    with stubbed("sqs", *answers) as sqs, messages.looking(sqs, URL, 1) as look:
        [received] = look.messages
    assert (received.error, received.receives) == (error, 2)
    assert f"{received.sent:%Y-%m-%d %H:%M:%S}" == "2021-01-31 14:47:00"
