"""The warehouse: the stock is right whatever the order and number in which events come."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from function_loader import NO_AWS, load

ARCHIVE = {"ARCHIVE_RETENTION_DAYS": "7"}
TABLES = {"STOCK_TABLE_NAME": "stock", "APPLIED_TABLE_NAME": "applied"}


def event(detail_type: str, second: int, **detail: object) -> str:
    known = {"request_id": str(uuid4()), "store_id": "store_1", "category": "Books", "name": "Roc"}
    return json.dumps(
        {
            "detail-type": detail_type,
            "time": f"2021-03-06T17:15:{second:02}Z",
            "detail": {**known, **detail},
        }
    )


def order(second: int, **detail: object) -> str:
    return event("sales-events", second, **{"sales": 9.99, "is_return": False, **detail})


def count(second: int, quantity: object, **detail: object) -> str:
    return event("inventory-events", second, quantity=quantity, **detail)


def batch(*bodies: str) -> dict[str, Any]:
    return {
        "Records": [
            {"messageId": f"message-{number}", "body": text} for number, text in enumerate(bodies)
        ]
    }


def failed(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.fixture(scope="module")
def warehouse() -> ModuleType:
    return load("warehouse", {**NO_AWS, **ARCHIVE, **TABLES})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[]",
        "null",
        "{}",
        event("heartbeat", 1),
        event("sales-events", 1, is_return=True),
        event("sales-events", 1, is_return="false"),
        event("sales-events", 1),
        event("inventory-events", 1),
        *(count(1, quantity) for quantity in ("5", None, True, float("nan"))),
        *(order(1, **{name: ""}) for name in ("request_id", "store_id", "category")),
        *(
            order(1).replace("2021-03-06T", f"{day}T")
            for day in ("2021-3-6", "\uff12\uff1021-03-06")
        ),
        *(order(1, **{name: 7}) for name in ("request_id", "store_id", "category")),
        order(1).replace("17:15:01Z", "17:15:01.5Z"),
    ],
    # Some of them are another in each process.
    ids=map(str, itertools.count()),
)
def test_a_message_without_a_movement_fails_before_any_call(
    warehouse: ModuleType, text: str
) -> None:
    with Stubber(warehouse.client):
        assert failed(warehouse.handler(batch(text), None)) == ["message-0"]
    with pytest.raises(ValueError, match="no movement of stock"):
        warehouse.parse(text)


@given(text=st.text() | st.from_type(dict[str, str]).map(json.dumps))
def test_whatever_comes_is_a_movement_or_refused(warehouse: ModuleType, text: str) -> None:
    with pytest.raises(ValueError, match="no movement of stock"):
        warehouse.parse(text)


def test_the_note_that_an_event_was_applied_outlives_the_archive_by_three_weeks(
    warehouse: ModuleType,
) -> None:
    note, change = warehouse.transaction(warehouse.parse(order(1, request_id="a")), now=1000)
    assert note["Put"]["Item"] == {
        "request_id": {"S": "a"},
        "expires_at": {"N": str(1000 + 28 * 86_400)},
    }
    assert (note["Put"]["TableName"], change["Update"]["TableName"]) == ("applied", "stock")


def cancelled(stubber: Stubber, *codes: str) -> None:
    stubber.add_client_error(
        "transact_write_items",
        "TransactionCanceledException",
        modeled_fields={"CancellationReasons": [{"Code": code} for code in codes]},
    )


@pytest.mark.parametrize(
    "codes",
    [
        ("ConditionalCheckFailed", "None"),
        ("None", "ConditionalCheckFailed"),
        ("ConditionalCheckFailed", "TransactionConflict"),
    ],
)
def test_a_copy_and_an_event_before_the_last_count_are_done(
    warehouse: ModuleType, codes: tuple[str, str]
) -> None:
    with Stubber(warehouse.client) as stubber:
        cancelled(stubber, *codes)
        assert failed(warehouse.handler(batch(order(1)), None)) == []
        stubber.assert_no_pending_responses()


def test_a_conflict_is_tried_again(warehouse: ModuleType) -> None:
    with Stubber(warehouse.client) as stubber:
        cancelled(stubber, "None", "TransactionConflict")
        cancelled(stubber, "TransactionConflict", "None")
        stubber.add_response("transact_write_items", {})
        assert failed(warehouse.handler(batch(order(1)), None)) == []
        stubber.assert_no_pending_responses()


def throttled(stubber: Stubber) -> None:
    cancelled(stubber, "None", "ThrottlingError")


def refused(stubber: Stubber) -> None:
    stubber.add_client_error("transact_write_items", "AccessDeniedException")


def conflicting_for_ever(stubber: Stubber) -> None:
    for _ in range(5):
        cancelled(stubber, "None", "TransactionConflict")


@pytest.mark.parametrize("fault", [throttled, refused, conflicting_for_ever])
def test_a_message_that_cannot_be_applied_fails_alone(
    warehouse: ModuleType, fault: Callable[[Stubber], None]
) -> None:
    with Stubber(warehouse.client) as stubber:
        stubber.add_response("transact_write_items", {})
        fault(stubber)
        stubber.add_response("transact_write_items", {})
        answer = warehouse.handler(batch(order(1), order(2), order(3)), None)
        stubber.assert_no_pending_responses()
    assert failed(answer) == ["message-1"]


class Warehouse:
    """The function on real tables."""

    def __init__(self, local_aws: Any) -> None:
        self._dynamodb = local_aws.client("dynamodb")
        self._stock = self._table("store_id", "category")
        applied = self._table("request_id")
        tables = {"STOCK_TABLE_NAME": self._stock, "APPLIED_TABLE_NAME": applied}
        self._function = load("warehouse", {**local_aws.environment, **ARCHIVE, **tables})

    def take(self, *bodies: str) -> list[str]:
        return failed(self._function.handler(batch(*bodies), None))

    def stock(self, store_id: str = "store_1", category: str = "Books") -> int | None:
        key = {"store_id": {"S": store_id}, "category": {"S": category}}
        item = self._dynamodb.get_item(TableName=self._stock, Key=key, ConsistentRead=True)
        return int(item["Item"]["quantity"]["N"]) if "Item" in item else None

    def _table(self, *keys: str) -> str:
        name = f"warehouse-{uuid4()}"
        self._dynamodb.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            KeySchema=[
                {"AttributeName": key, "KeyType": kind}
                for key, kind in zip(keys, ("HASH", "RANGE"))
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        return name


@pytest.fixture
def tables(local_aws: Any) -> Warehouse:
    return Warehouse(local_aws)


def test_the_stock_is_the_last_count_less_the_orders_since(tables: Warehouse) -> None:
    elsewhere = [order(3, store_id="store_2"), order(3, category="Games")]
    assert tables.take(count(1, 50), order(2), order(3), *elsewhere) == []
    assert tables.stock() == 48
    assert (tables.stock("store_2"), tables.stock(category="Games")) == (-1, -1)


def test_more_orders_than_stock_are_recorded_as_oversold(tables: Warehouse) -> None:
    tables.take(count(1, 1), order(2), order(3), order(4))
    assert tables.stock() == -2


def test_an_event_that_comes_again_changes_nothing(tables: Warehouse) -> None:
    counted, sold = count(1, 50), order(2)
    assert tables.take(counted, sold, counted) == []
    assert tables.stock() == 49
    assert tables.take(sold, sold) == []
    assert tables.stock() == 49


def test_what_is_older_than_the_last_count_changes_nothing(tables: Warehouse) -> None:
    assert tables.take(count(30, 50), order(10), count(20, 99), order(29)) == []
    assert tables.stock() == 50


def test_an_order_in_the_second_of_a_count_is_taken_off(tables: Warehouse) -> None:
    tables.take(count(30, 50), order(30))
    assert tables.stock() == 49


def test_a_poison_message_holds_nothing_up(tables: Warehouse) -> None:
    assert tables.take(count(1, 50), "poison", order(2)) == ["message-1"]
    assert tables.stock() == 49


def test_counts_and_orders_before_them_give_one_stock_in_any_order(local_aws: Any) -> None:
    bodies = [order(10), count(20, 99), order(25), count(30, 50)]
    for arrival in itertools.permutations(bodies):
        tables = Warehouse(local_aws)
        assert tables.take(*arrival) == []
        assert tables.stock() == 50
