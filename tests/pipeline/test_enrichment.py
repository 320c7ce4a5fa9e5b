"""The enrichment function, asked what it knows: of many, and when it fails."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest
from botocore.response import StreamingBody

from function_loader import NO_AWS, load
from miztiik_events.errors import MiztiikError
from miztiik_events.pipeline import enrichment
from stubs import ANY, Answer, stubbed

ENVIRONMENT = {
    "WINDOW_SECONDS": "60",
    "ALLOWED_LATENESS_SECONDS": "5",
    "FIRST_DAY": "2026-01-01",
}


def invoked(body: bytes) -> Answer:
    stream = StreamingBody(io.BytesIO(body), len(body))
    return Answer("invoke", {"Payload": stream}, {"FunctionName": "known", "Payload": ANY})


def record(number: int, **row: Any) -> dict[str, Any]:
    data = base64.b64encode(json.dumps(row).encode()).decode()
    return {"recordId": str(number), "result": "Ok", "data": data}


def test_a_thousand_are_asked_for_at_once() -> None:
    bodies = [
        json.dumps(
            {"records": [record(number, product_group=f"{count}") for number in range(count)]}
        )
        for count in (1000, 1)
    ]
    with stubbed("lambda", *(invoked(body.encode()) for body in bodies)) as client:
        groups = enrichment.products(client, "known", [("Books", "Minotaur")] * 1001)
    assert groups == [{"product_group": "1000"}] * 1000 + [{"product_group": "1"}]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"errorMessage": "no luck", "errorType": "ValueError"}',
        b'{"records": []}',
        b'{"records": [{"recordId": "0", "result": "ProcessingFailed", "data": "e30="}]}',
        b'{"records": [{"recordId": "0", "result": "Ok", "data": "W10="}]}',
    ],
)
def test_what_is_no_row_of_a_sale_is_told(body: bytes) -> None:
    with (
        stubbed("lambda", invoked(body)) as client,
        pytest.raises(MiztiikError, match=r"known gave no row of a sale: .*Next: .* logs enrich"),
    ):
        enrichment.stores(client, "known", ["store_1"])


def test_the_function_answers_the_question_that_is_asked() -> None:
    """The tests of the lake ask the deployed one."""
    handler = load("enrichment", {**NO_AWS, **ENVIRONMENT})
    question = {"records": [enrichment._record(0, {"store_id": "store_1"})]}
    [answered] = handler.handler(question, None)["records"]
    assert answered["result"] == "Ok"
    assert json.loads(base64.b64decode(answered["data"]))["country"] == "Germany"
