"""Dispatch: one note for each order, and each message stands or falls alone."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from function_loader import NO_AWS, load

NOW = datetime(2021, 3, 6, 17, 15, 9, 999, tzinfo=timezone.utc)
ORDER = {
    "request_id": "b4d727cc-2b00-4146-aee9-33097f33a6e2",
    "name": "Minotaur",
    "category": "Books",
    "store_id": "store_2",
    "sales": 75.32,
    "contact_me": "github.com/miztiik",
    "is_return": False,
}


def body(order: object = ORDER, **envelope: object) -> str:
    return json.dumps(
        {"detail-type": "sales-events", "time": "2021-03-06T17:15:06Z", "detail": order, **envelope}
    )


def batch(*bodies: str) -> dict[str, Any]:
    return {
        "Records": [
            {"messageId": f"message-{number}", "body": text} for number, text in enumerate(bodies)
        ]
    }


def failed(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.fixture(scope="module")
def dispatch() -> ModuleType:
    return load("dispatch", {**NO_AWS, "TABLE_NAME": "notes"})


def test_a_note_has_the_order_and_both_times(dispatch: ModuleType) -> None:
    assert dispatch.dispatch_note(body(), NOW) == {
        "request_id": {"S": "b4d727cc-2b00-4146-aee9-33097f33a6e2"},
        "store_id": {"S": "store_2"},
        "category": {"S": "Books"},
        "name": {"S": "Minotaur"},
        "sales": {"N": "75.32"},
        "ordered_at": {"S": "2021-03-06T17:15:06Z"},
        "dispatched_at": {"S": "2021-03-06T17:15:09Z"},
    }


def test_the_amount_keeps_its_digits(dispatch: ModuleType) -> None:
    text = body().replace("75.32", "8671.30")
    assert dispatch.dispatch_note(text, NOW)["sales"] == {"N": "8671.30"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[]",
        "null",
        "{}",
        body(None),
        body("text"),
        body(time=None),
        body(time=1),
        *(body({key: ORDER[key] for key in ORDER if key != name}) for name in list(ORDER)[:5]),
        *(body({**ORDER, name: ""}) for name in list(ORDER)[:5]),
        *(body({**ORDER, "sales": sales}) for sales in ("75.32", True, None, float("nan"))),
    ],
)
def test_a_message_without_an_order_is_an_order_error(dispatch: ModuleType, text: str) -> None:
    with pytest.raises(dispatch.OrderError):
        dispatch.dispatch_note(text, NOW)


@given(text=st.text() | st.from_type(dict[str, str]).map(json.dumps))
def test_whatever_comes_is_a_note_or_an_order_error(dispatch: ModuleType, text: str) -> None:
    with pytest.raises(dispatch.OrderError):
        dispatch.dispatch_note(text, NOW)


def test_a_throttled_message_fails_alone(dispatch: ModuleType) -> None:
    with Stubber(dispatch.client) as stubber:
        stubber.add_response("put_item", {})
        stubber.add_client_error("put_item", "ThrottlingException", "too fast")
        stubber.add_client_error("put_item", "ConditionalCheckFailedException")
        stubber.add_response("put_item", {})
        answer = dispatch.handler(batch(body(), body(), body(), body()), None)
        stubber.assert_no_pending_responses()
    assert failed(answer) == ["message-1"]


def test_a_failure_is_one_line_of_the_log(
    dispatch: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    dispatch.handler(batch('{"detail": {}, "time": "\\n{\\"level\\": \\"INFO\\"}"}'), None)
    dispatch.handler(batch("\n" * 9), None)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["message_id"] for line in lines] == ["message-0", "message-0"]
    assert lines[0]["reason"] == "OrderError: no order: KeyError('request_id')"


def test_a_real_table_keeps_one_note_however_often_an_order_comes(local_aws: Any) -> None:
    table_name = f"notes-{uuid4()}"
    dynamodb = local_aws.client("dynamodb")
    dynamodb.create_table(
        TableName=table_name,
        AttributeDefinitions=[{"AttributeName": "request_id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "request_id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    function = load("dispatch", {**local_aws.environment, "TABLE_NAME": table_name})
    other = body({**ORDER, "request_id": "other"})

    first = function.dispatch_note(body(), NOW)
    function.keep(first)
    answers = [function.handler(batch(body(), "poison", body(), other), None) for _ in range(2)]

    assert [failed(answer) for answer in answers] == [["message-1"], ["message-1"]]
    notes = dynamodb.scan(TableName=table_name)["Items"]
    assert {note["request_id"]["S"] for note in notes} == {ORDER["request_id"], "other"}
    assert first in notes
