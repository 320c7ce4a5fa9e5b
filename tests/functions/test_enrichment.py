"""The enrichment: every record of the stream is answered once, and each sale becomes a row."""

from __future__ import annotations

import base64
import csv
import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracle
from event_sequences import members
from function_loader import NO_AWS, load
from repository import FUNCTIONS
from sample_events import order

pytestmark = pytest.mark.usefixtures("no_collection")

ENVIRONMENT = {
    "WINDOW_SECONDS": "60",
    "ALLOWED_LATENESS_SECONDS": "5",
    "FIRST_DAY": "2026-01-01",
}
# 2026-11-26 14:59:30 UTC, in milliseconds.
ARRIVAL = 1_795_705_170_000
SOURCE = "Miztiik-Automation-Data-Producer"


@pytest.fixture(scope="module")
def lake() -> ModuleType:
    return load("enrichment", {**NO_AWS, **ENVIRONMENT})


def envelope(detail: Any, time: Any = "2026-11-26T14:59:29Z", kind: str = "sales-events") -> bytes:
    return json.dumps(
        {"source": SOURCE, "detail-type": kind, "time": time, "detail": detail}
    ).encode()


def answer(function: ModuleType, data: bytes, arrival: int = ARRIVAL) -> dict[str, Any]:
    record = {
        "recordId": "record-1",
        "approximateArrivalTimestamp": ARRIVAL + 999_999,
        "data": base64.b64encode(data).decode(),
        "kinesisRecordMetadata": {
            "shardId": "shardId-000000000000",
            "sequenceNumber": "42",
            "partitionKey": "key",
            "subsequenceNumber": 0,
            "approximateArrivalTimestamp": arrival,
        },
    }
    [given_back] = function.handler({"records": [record]}, None)["records"]
    assert given_back["recordId"] == "record-1"
    return dict(given_back)


def row(function: ModuleType, data: bytes, arrival: int = ARRIVAL) -> dict[str, Any]:
    answered = answer(function, data, arrival)
    assert answered["result"] == "Ok"
    line = base64.b64decode(answered["data"]).decode()
    assert line.endswith("}\n")
    parsed: dict[str, Any] = json.loads(line, parse_float=Decimal)
    return parsed


def test_a_sale_becomes_a_row_with_what_is_known_of_its_store_and_product(lake: ModuleType) -> None:
    sold = order(1, store_id="store_2", sales=12.345, is_return=True)
    assert row(lake, envelope(sold)) == {
        "request_id": sold["request_id"],
        "store_id": "store_2",
        "store_name": "Rue de Rivoli",
        "city": "Paris",
        "region": "Europe",
        "country": "France",
        "category": "Books",
        "product": "Minotaur",
        "product_group": "Media",
        "amount": Decimal("12.35"),
        "is_return": True,
        "event_time": "2026-11-26 14:59:29.000",
        "window_start": "2026-11-26 14:59:00.000",
        "window_end": "2026-11-26 15:00:00.000",
        "arrival": "2026-11-26 14:59:30.000",
        "is_late": False,
        "shard_id": "shardId-000000000000",
        "sequence_number": "42",
    }


def test_a_row_has_the_columns_of_the_table(lake: ModuleType) -> None:
    from template_trees import TREES

    tables = next(tree for tree in TREES if tree.name == "catalog").properties("AWS::Glue::Table")
    columns = tables["SaleRecordsTable"]["TableInput"]["StorageDescriptor"]["Columns"]
    # Of these the last is a backfill's alone, and else empty.
    *names, last = [column["Name"] for column in columns]
    assert list(row(lake, envelope(order(1)))) == names
    assert last == "is_backfill"


@pytest.mark.parametrize(
    "store", ["store_999999", "store_<script>alert(1)</script>", "store_مرحبا"]
)
def test_an_unknown_store_is_unknown_and_not_lost(lake: ModuleType, store: str) -> None:
    found = row(lake, envelope(order(1, store_id=store)))
    assert found["store_id"] == store
    assert {found[name] for name in ("store_name", "city", "region", "country")} == {"unknown"}


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Unheard-of"},
        {"category": "Games"},  # It has no Minotaur.
        {"name": None},
        {"name": ["Minotaur"]},
        {"category": {"a": 1.5}},
        {"name": "x" * 100_000},
    ],
)
def test_a_product_that_is_not_known_has_an_unknown_group(
    lake: ModuleType, changes: dict[str, Any]
) -> None:
    found = row(lake, envelope(order(1, **changes)))
    assert found["product_group"] == "unknown"
    assert all(len(found[name] or "") <= 256 for name in ("category", "product"))


@pytest.mark.parametrize(
    ("time", "partition"),
    [
        ("2026-11-26T14:59:29Z", {"day": "2026-11-26", "hour": "14"}),
        ("2026-11-26T09:00:00.999Z", {"day": "2026-11-26", "hour": "09"}),
        ("2026-11-25T23:59:59Z", {"day": "2026-11-25", "hour": "23"}),
        # A clock that runs ahead, and no time at all: it happened when it arrived.
        ("2030-01-01T00:00:00Z", {"day": "2026-11-26", "hour": "14"}),
        ("yesterday", {"day": "2026-11-26", "hour": "14"}),
        ("2026-02-30T00:00:00Z", {"day": "2026-11-26", "hour": "14"}),
        (None, {"day": "2026-11-26", "hour": "14"}),
        # Before the table's first day.
        ("1970-01-01T05:00:00Z", {"day": "2026-01-01", "hour": "00"}),
        ("0001-01-01T00:00:00Z", {"day": "2026-01-01", "hour": "00"}),
    ],
)
def test_a_sale_goes_to_the_day_and_hour_at_which_it_happened(
    lake: ModuleType, time: Any, partition: dict[str, str]
) -> None:
    answered = answer(lake, envelope(order(1), time))
    assert answered["metadata"] == {"partitionKeys": partition}


@pytest.mark.parametrize(("milliseconds", "is_late"), [(64_999, False), (65_000, True)])
def test_a_sale_is_late_by_its_arrival(lake: ModuleType, milliseconds: int, is_late: bool) -> None:
    start = datetime(2026, 11, 26, 14, 58, tzinfo=timezone.utc)
    arrival = int((start + timedelta(milliseconds=milliseconds)).timestamp() * 1000)
    found = row(lake, envelope(order(1), "2026-11-26T14:58:59Z"), arrival)
    assert found["is_late"] is is_late


def test_a_sale_whose_window_has_no_beginning_does_not_hold_up_the_others() -> None:
    function = load("enrichment", {**NO_AWS, **ENVIRONMENT, "WINDOW_SECONDS": "7"})
    first = envelope(order(1), "0001-01-01T00:00:00Z")
    assert answer(function, first)["result"] == "ProcessingFailed"
    assert row(function, envelope(order(2), "0001-01-01T00:00:10Z"))["event_time"].startswith(
        "0001"
    )


@pytest.mark.parametrize(
    "spoilt",
    [
        {"data": "!!!"},
        {"data": "abc"},
        {"kinesisRecordMetadata": {}},
        {"kinesisRecordMetadata": {"approximateArrivalTimestamp": None}},
    ],
)
def test_a_record_that_firehose_never_gives_does_not_hold_up_the_others(
    lake: ModuleType, spoilt: dict[str, Any]
) -> None:
    data = base64.b64encode(envelope(order(1))).decode()
    good = {"recordId": "2", "data": data, "approximateArrivalTimestamp": ARRIVAL}
    records = lake.handler({"records": [{**good, **spoilt, "recordId": "1"}, good]}, None)
    results = [(record["recordId"], record["result"]) for record in records["records"]]
    assert results == [("1", "ProcessingFailed"), ("2", "Ok")]


def test_a_heartbeat_is_dropped(lake: ModuleType) -> None:
    assert answer(lake, envelope({}, kind="heartbeat"))["result"] == "Dropped"


@pytest.mark.parametrize(
    "data",
    [b"", b"no JSON", b"\xff", b"[]", b"NaN", b"[" * 100_000, b'{"detail": NaN}', envelope([])],
    ids=range(8),
)
def test_what_is_no_sale_is_given_back_as_it_came(lake: ModuleType, data: bytes) -> None:
    answered = answer(lake, data)
    assert answered["result"] == "ProcessingFailed"
    assert base64.b64decode(answered["data"]) == data


@given(members(over_the_bus=False), st.sampled_from(["sales-events", "refund-events"]))
def test_a_row_says_what_the_oracle_says(
    lake: ModuleType, found: tuple[tuple[str, str], ...], kind: str
) -> None:
    detail = ", ".join(f"{json.dumps(name)}: {value}" for name, value in found)
    text = (
        f'{{"source": "{SOURCE}", "detail-type": "{kind}", '
        f'"time": "2026-11-26T14:59:29Z", "detail": {{{detail}}}}}'
    )
    expected = oracle.sale(json.loads(text, parse_int=Decimal, parse_float=Decimal), ARRIVAL)
    answered = answer(lake, text.encode())
    assert (answered["result"] == "Ok") is bool(expected)
    if expected:
        line = json.loads(base64.b64decode(answered["data"]), parse_float=Decimal)
        assert (line["request_id"], line["store_id"], line["amount"] * 100, line["is_return"]) == (
            expected.request_id,
            expected.store_id,
            expected.cents,
            expected.is_return,
        )


def test_the_reference_data_is_whole() -> None:
    """Every product that the producer sells is known, and nothing is known twice."""
    catalogue = load_products()
    with (FUNCTIONS / "enrichment" / "products.csv").open(encoding="utf-8", newline="") as file:
        products = [(one["category"], one["product"]) for one in csv.DictReader(file)]
    assert sorted(products) == sorted(set(products)) == sorted(catalogue)
    with (FUNCTIONS / "enrichment" / "stores.csv").open(encoding="utf-8", newline="") as file:
        stores = list(csv.DictReader(file))
    assert len({one["store_id"] for one in stores}) == len(stores)
    assert all(value and value == value.strip() for one in stores for value in one.values())


def load_products() -> list[tuple[str, str]]:
    import importlib.util

    spec = importlib.util.spec_from_file_location(
        "catalogue", FUNCTIONS / "producer" / "catalogue.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.PRODUCTS)


def test_a_table_from_a_spreadsheet_and_one_with_holes_are_read(
    lake: ModuleType, tmp_path: Path
) -> None:
    table = tmp_path / "stores.csv"
    table.write_text("store_id,store_name,city,country\nstore_1, Big shop ,,X\n", "utf-8-sig")
    assert lake.reference.stores(table) == {
        "store_1": {
            "store_name": "Big shop",
            "city": "unknown",
            "region": "unknown",
            "country": "X",
        }
    }
