"""The producer: the events that it makes, and what it answers."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timezone
from decimal import Decimal
from statistics import mean, median
from typing import Any

import pytest

from function_loader import load
from stubbed_bus import BURST, Bus, Context, details, everything, produce, run


def test_an_event_is_as_in_the_contract() -> None:
    bus, _ = produce(everything, {**BURST, "inventory_ratio": 0, "return_ratio": 1})
    entry, detail = bus.entries[0], details(bus)[0]
    assert entry["EventBusName"] == "sales"
    assert entry["Source"] == "Miztiik-Automation-Data-Producer"
    assert entry["DetailType"] == "sales-events"
    assert list(detail) == [
        *("request_id", "name", "category", "store_id", "sales", "contact_me", "is_return")
    ]
    assert detail["is_return"] is True
    assert 1 <= detail["sales"] <= 100


def test_an_amount_never_has_more_than_two_decimals() -> None:
    bus, _ = produce(everything, {**BURST, "count": 5000, "inventory_ratio": 0})
    amounts = [Decimal(str(detail["sales"])) for detail in details(bus)]
    assert all(amount == round(amount, 2) for amount in amounts)


def test_a_stock_count_is_as_in_the_contract() -> None:
    bus, message = produce(everything, {**BURST, "inventory_ratio": 1})
    assert list(details(bus)[0]) == ["request_id", "store_id", "category", "name", "quantity"]
    assert bus.entries[0]["DetailType"] == "inventory-events"
    assert (message["inventory_events"], message["sales_events"]) == (200, 0)
    assert (message["tot_sales"], message["sales_by_store"]) == (0, {})


def test_the_answer_counts_what_was_sent() -> None:
    bus, message = produce(everything, {**BURST, "stores": 12})
    sales = [detail for detail in details(bus) if "sales" in detail]
    by_store: Counter[str] = Counter()
    for detail in sales:
        by_store[detail["store_id"]] += round(detail["sales"] * 100)
    assert message["status"] is True
    assert message["record_count"] == len(bus.entries) == 200
    assert message["sales_events"] == len(sales)
    assert message["returns"] == sum(detail["is_return"] for detail in sales) > 0
    assert message["new_orders"] == len(sales) - message["returns"]
    assert message["inventory_events"] == 200 - len(sales) > 0
    assert message["rejected_events"] == message["failed_count"] == 0
    assert message["tot_sales"] == sum(by_store.values()) / 100
    assert message["sales_by_store"] == {store: cents / 100 for store, cents in by_store.items()}
    assert list(message["sales_by_store"]) == [f"store_{number}" for number in range(1, 13)]
    assert message["events_per_second"] > 0
    assert "reason" not in message


def test_the_same_seed_gives_the_same_events_whatever_the_pace() -> None:
    bursts = [
        produce(everything, {"count": 60, "seed": 7, "bad_ratio": 0.2, **pace})[0]
        for pace in ({"duration_seconds": 0}, {"rate": 100}, {"duration_seconds": 0.2})
    ]
    first, *others = [sorted(entry["Detail"] for entry in bus.entries) for bus in bursts]
    assert all(other == first for other in others)


def test_another_seed_or_none_gives_other_events() -> None:
    asked = [{**BURST, "seed": seed} for seed in (7, 8, None, None)]
    request_ids = [
        detail["request_id"] for each in asked for detail in details(produce(everything, each)[0])
    ]
    assert len(set(request_ids)) == len(request_ids) == 800


def test_malformed_events_are_many_kinds_and_counted_apart() -> None:
    bus, message = produce(everything, {**BURST, "count": 2000, "bad_ratio": 1})
    assert message["rejected_events"] == message["record_count"] == 2000
    assert (message["sales_events"], message["tot_sales"]) == (0, 0)
    shapes = {
        (
            entry["Source"],
            entry["DetailType"],
            *sorted((field, type(value)) for field, value in detail.items()),
        )
        for entry, detail in zip(bus.entries, details(bus))
    }
    assert len(shapes) > 20


def test_late_sales_have_a_time_of_long_ago_and_are_in_no_sum() -> None:
    bus, message = produce(everything, {**BURST, "late_ratio": 0.5})
    now = datetime.now(timezone.utc).timestamp()
    late = [entry for entry in bus.entries if now - entry["Time"] > 3000]
    assert {entry["DetailType"] for entry in late} == {"sales-events"}
    assert 0 < message["late_events"] == len(late) < message["sales_events"]
    in_time = [entry for entry in bus.entries if entry not in late]
    sales = [json.loads(entry["Detail"]).get("sales", 0) for entry in in_time]
    assert message["tot_sales"] == sum(round(amount * 100) for amount in sales) / 100
    assert message["record_count"] == 200


def test_a_duplicate_is_the_very_same_entry_and_counts_in_nothing_else() -> None:
    bus, message = produce(everything, {**BURST, "duplicate_ratio": 0.5})
    entries = Counter(json.dumps(entry, sort_keys=True) for entry in bus.entries)
    assert set(entries.values()) == {1, 2}
    assert sum(count - 1 for count in entries.values()) == message["duplicates"] > 0
    assert len(entries) == message["record_count"] == 200
    sold = [json.loads(json.loads(entry)["Detail"]).get("sales", 0) for entry in entries]
    assert message["tot_sales"] == sum(round(amount * 100) for amount in sold) / 100


def test_malformed_events_are_neither_late_nor_twice() -> None:
    ratios = {"bad_ratio": 1, "late_ratio": 1, "duplicate_ratio": 1}
    _, message = produce(everything, {**BURST, **ratios})
    assert (message["late_events"], message["duplicates"]) == (0, 0)


def test_what_the_bus_did_not_take_has_no_duplicate() -> None:
    bus, message = produce(
        lambda _call, place: "" if place else "MalformedDetail", {**BURST, "duplicate_ratio": 1}
    )
    taken = Counter(json.dumps(entry) for entry in bus.entries)
    assert message["failed_count"] == 20
    assert max(taken.values()) == 2
    assert message["duplicates"] == 160


def test_a_seed_gives_what_it_gave_in_earlier_versions() -> None:
    _, message = produce(everything, BURST)
    assert message["tot_sales"] == 8564.09


def test_lifelike_stores_and_prices_are_not_alike() -> None:
    asked = {**BURST, "count": 5000, "inventory_ratio": 0, "stores": 20, "lifelike": True}
    bus, message = produce(everything, asked)
    by_store = Counter(detail["store_id"] for detail in details(bus))
    assert by_store["store_1"] > 3 * by_store["store_5"] > 6 * by_store["store_20"] > 0
    prices: dict[str, list[float]] = {}
    for detail in details(bus):
        prices.setdefault(detail["category"], []).append(detail["sales"])
    assert median(prices["Laptops"]) > 50 * median(prices["Cables"])
    assert mean(prices["Laptops"]) > median(prices["Laptops"])
    assert message["tot_sales"] == sum(round(d["sales"] * 100) for d in details(bus)) / 100
    assert sorted(map(str, details(bus))) == sorted(
        map(str, details(produce(everything, asked)[0]))
    )


@pytest.mark.parametrize("asked", [{"stores": 0}, {"store": 5}, [], {"duration_seconds": 51}])
def test_a_bad_payload_sends_nothing(asked: object) -> None:
    bus = Bus(everything)
    status_code, message = run(bus, asked)
    assert (status_code, message["status"], bus.calls) == (400, False, [])
    assert set(message) == {"status", "reason"}


def test_a_real_bus_gets_every_event_once(local_aws: Any) -> None:
    events, sqs = local_aws.client("events"), local_aws.client("sqs")
    queue_url = sqs.create_queue(QueueName="test-producer")["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])[
        "Attributes"
    ]["QueueArn"]
    events.create_event_bus(Name="test-producer")
    events.put_rule(Name="all", EventBusName="test-producer", EventPattern='{"version": ["0"]}')
    events.put_targets(
        Rule="all", EventBusName="test-producer", Targets=[{"Id": "queue", "Arn": queue_arn}]
    )
    function = load("producer", {**local_aws.environment, "EVENT_BUS_NAME": "test-producer"})

    answer = function.handler({**BURST, "bad_ratio": 0.2}, Context())

    message = json.loads(answer["body"])["message"]
    assert (message["status"], message["record_count"]) == (True, 200)
    received = received_events(sqs, queue_url, 200)
    expected, _ = produce(everything, {**BURST, "bad_ratio": 0.2})
    assert sorted(json.dumps(event["detail"]) for event in received) == sorted(
        entry["Detail"] for entry in expected.entries
    )


def received_events(sqs: Any, queue_url: str, count: int) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    while len(events) < count:
        answer = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=5)
        assert answer.get("Messages"), f"only {len(events)} of {count} events came"
        events += [json.loads(message["Body"]) for message in answer["Messages"]]
        for message in answer["Messages"]:
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    return events
