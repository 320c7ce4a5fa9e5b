"""What a record of the stream is, by the rules of the analytics job."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from miztiik_events.audit.sales import Sale, event_time, sale
from miztiik_events.pipeline.envelope import as_flink_reads as parse
from miztiik_events.pipeline.records import is_heartbeat

DETAIL = {"request_id": "one", "store_id": "store_1", "sales": 12.34, "is_return": False}


def judged(kind: str = "sales-events", **changes: Any) -> Sale | None:
    fields = {name: value for name, value in {**DETAIL, **changes}.items() if value is not ...}
    envelope = parse(json.dumps({"detail-type": kind, "detail": fields}).encode())
    assert envelope
    return sale(envelope)


def amount(text: str) -> Decimal | None:
    """The amount of a sale with this JSON text for `sales`."""
    detail = json.dumps({**DETAIL, "sales": "HERE"}).replace('"HERE"', text)
    envelope = parse(f'{{"detail-type": "sales-events", "detail": {detail}}}'.encode())
    assert envelope
    found = sale(envelope)
    return found.amount if found else None


def test_a_sale_has_its_exact_amount() -> None:
    assert judged() == Sale("one", "store_1", Decimal("12.34"), is_return=False)


@pytest.mark.parametrize(
    "changes",
    [
        *({name: ...} for name in DETAIL),
        *({name: None} for name in DETAIL),
        *({name: [value]} for name, value in DETAIL.items()),
        *({name: {"a": value}} for name, value in DETAIL.items()),
        {"request_id": ""},
        {"request_id": 7},
        {"request_id": "-" * 257},
        {"request_id": '["a-b"]'},
        {"request_id": '{"a-b": 1}'},
        {"store_id": "store_" + "x" * 251},
        {"store_id": "shop_1"},
        {"store_id": 1},
        {"sales": "12.34"},
        {"sales": True},
        {"sales": -0.01},
        {"is_return": "false"},
        {"is_return": 0},
        {"kind": "refund-events"},
    ],
)
def test_a_malformed_event_is_no_sale(changes: dict[str, Any]) -> None:
    assert judged(**changes) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", "0.00"),
        ("5", "5.00"),
        ("1e3", "1000.00"),
        ("0.005", "0.01"),
        ("0.00499999999999999999999", "0.00"),
        ("1.115", "1.12"),
        ("-0.0", "0.00"),
        ("-1e-400", "0.00"),
        ("1e-400", "0.00"),
        ("1e-99999999999999999999", "0.00"),
        ("0.1e10", "1000000000.00"),
        ("1000000000.0049", "1000000000.00"),
    ],
)
def test_amounts_are_rounded_half_up_to_cents(text: str, expected: str) -> None:
    assert amount(text) == Decimal(expected)


@pytest.mark.parametrize(
    "text",
    [
        "1000000000.005",
        "9999999999.995",
        "10000000000",
        "1e400",
        "1e99999999999999999999",
        "-0.001",
        "9" * 40,
    ],
)
def test_an_amount_that_does_not_fit_is_malformed(text: str) -> None:
    assert amount(text) is None


def test_texts_are_those_that_the_job_reads() -> None:
    found = judged(request_id="-" * 256, store_id="store_\ud83d" + "\U0001f600" * 249)
    assert found
    assert found.store_id == "store_?" + "\U0001f600" * 249


def test_a_detail_that_is_no_object_is_malformed() -> None:
    assert sale({"detail-type": "sales-events", "detail": "text"}) is None


def test_heartbeats_are_known_by_their_detail_type() -> None:
    assert is_heartbeat({"detail-type": "heartbeat"})
    assert not is_heartbeat({"detail-type": "sales-events"})


ARRIVAL = datetime(2026, 11, 24, 15, 0, 30, 500_000, tzinfo=timezone.utc)
ARRIVED = 1_795_532_430_500


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2026-11-24T15:00:29Z", ARRIVED - 1500),
        ("2026-11-24T15:00:30.250Z", ARRIVED - 250),
        ("2026-11-24T15:00:30.2Z", ARRIVED - 300),
        ("2026-11-24T15:00:30.2509999Z", ARRIVED - 250),
        ("2026-11-24T15:00Z", ARRIVED - 30_500),
        ("2026-11-23T24:00:00Z", 1_795_478_400_000),
        ("0000-01-01T00:00:00Z", -62_167_219_200_000),
        ("-0001-01-01T00:00:00Z", -62_198_755_200_000),
        # A clock that runs ahead, and what is no time: the time of arrival.
        ("2026-11-24T15:00:31Z", ARRIVED),
        ("2026-11-24T15:00:29+00:00", ARRIVED),
        ("2026-13-24T15:00:29Z", ARRIVED),
        ("yesterday", ARRIVED),
        (None, ARRIVED),
        (7, ARRIVED),
    ],
)
def test_an_event_happens_at_its_time_but_not_after_it_arrived(time: Any, expected: int) -> None:
    assert event_time({"time": time}, ARRIVAL) == expected
