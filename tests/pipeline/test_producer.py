"""The producer function, asked to produce: its answer, its refusal, its failure."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from typing import Any

import pytest
from botocore.response import StreamingBody

from miztiik_events.errors import MiztiikError
from miztiik_events.pipeline import producer
from stubs import Answer, Refusal, stubbed

PAYLOAD = {"stores": 5}


def invoked(body: bytes, **response: Any) -> dict[str, Any]:
    answer = Answer(
        "invoke",
        {"Payload": StreamingBody(io.BytesIO(body), len(body)), **response},
        {"FunctionName": "shop", "Payload": json.dumps(PAYLOAD).encode()},
    )
    with stubbed("lambda", answer) as client:
        return producer.invoke(client, "shop", PAYLOAD)


def answer(status: int, message: str) -> bytes:
    return json.dumps({"statusCode": status, "body": f'{{"message": {message}}}'}).encode()


def test_its_message_has_every_digit_of_the_sales() -> None:
    message = invoked(answer(200, '{"record_count": 3, "tot_sales": 12345678901234567.80}'))
    assert message == {"record_count": 3, "tot_sales": Decimal("12345678901234567.80")}


def test_a_payload_that_it_refuses_is_an_error_with_its_reason() -> None:
    with pytest.raises(MiztiikError, match="sent nothing: stores must be a whole number"):
        invoked(answer(400, '{"status": false, "reason": "stores must be a whole number"}'))


def test_a_failure_is_told_in_one_line() -> None:
    failure = json.dumps({"errorType": "ValueError", "errorMessage": "no\nluck"}).encode()
    with pytest.raises(MiztiikError, match=r"shop failed: ValueError: no luck\. Next: .* logs"):
        invoked(failure, FunctionError="Unhandled")


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b'{"hello": 1}', answer(200, "7")])
def test_another_functions_answer_is_no_producers(body: bytes) -> None:
    with pytest.raises(MiztiikError, match="shop gave no answer of a producer"):
        invoked(body)


def test_messages_are_added_up_to_the_cent() -> None:
    total: dict[str, Any] = {}
    for sales, store, status in (
        ("0.10", "store_1", True),
        ("0.20", "store_2", False),
        ("1", "store_1", True),
    ):
        amount = Decimal(sales)
        producer.add(
            total,
            {
                "status": status,
                "record_count": 3,
                "tot_sales": amount,
                "sales_by_store": {store: amount},
                "events_per_second": amount,
            },
        )
    assert total == {
        "status": False,
        "record_count": 9,
        "tot_sales": Decimal("1.30"),
        "sales_by_store": {"store_1": Decimal("1.10"), "store_2": Decimal("0.20")},
        "events_per_second": 1,
    }


def test_the_producer_is_never_asked_a_second_time() -> None:
    config = producer.client_config()
    assert (config.retries, config.read_timeout) == ({"total_max_attempts": 1}, 915)


@pytest.mark.parametrize(("code", "status"), [("ServiceException", 500), ("502", 502)])
def test_of_an_error_of_awss_own_nobody_knows_whether_it_produced(code: str, status: int) -> None:
    refusal = Refusal("invoke", code, "internal", status)
    with (
        stubbed("lambda", refusal) as client,
        pytest.raises(MiztiikError, match="It may have produced all the same"),
    ):
        producer.invoke(client, "producer", {})
