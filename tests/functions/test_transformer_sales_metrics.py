"""The transformer's metrics: what it prints, CloudWatch takes, and it adds up to the results."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function_loader import NO_AWS, load
from miztiik_events.local.gaps import embedded_metrics

NOW = datetime.now(timezone.utc).replace(microsecond=0)
FORMAT = "%Y-%m-%d %H:%M:%S.000"
MINUTE = timedelta(minutes=1)


def row(store: str = "store_1", ago: timedelta = MINUTE, **changes: Any) -> dict[str, Any]:
    """A result as the application writes it, of the window that ended so long ago."""
    end = NOW - ago
    return {
        "store_id": store,
        "revenue": 10.25,
        "timestamp": f"{end:{FORMAT}}",
        "window_start": f"{end - MINUTE:{FORMAT}}",
        "orders": 3,
        "returns": 1,
        "returned_revenue": 0.25,
        **changes,
    }


class Transformer:
    """One process of the function, and what CloudWatch makes of what it prints."""

    def __init__(self, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
        self._function: ModuleType = load("transformer", {**NO_AWS, "SALES_METRICS": kind})
        self._capsys = capsys

    def transform(self, *rows: object, stream: str = "results") -> list[embedded_metrics.Datum]:
        records = [
            {"recordId": str(number), "data": base64.b64encode(json.dumps(one).encode()).decode()}
            for number, one in enumerate(rows)
        ]
        arn = f"arn::firehose:::deliverystream/{stream}"
        self._capsys.readouterr()
        self._function.handler({"deliveryStreamArn": arn, "records": records}, None)
        lines = self._capsys.readouterr().out.splitlines()
        data = [embedded_metrics.measured(line, NOW.timestamp()) for line in lines]
        # What is printed is always something that CloudWatch takes.
        assert all(data)
        return [datum for one in data for datum in one]


@pytest.fixture
def total(capsys: pytest.CaptureFixture[str]) -> Transformer:
    return Transformer("total", capsys)


def seen(data: list[embedded_metrics.Datum]) -> dict[tuple[str, ...], Decimal]:
    """The sum of each metric, by its name and dimensions."""
    sums: dict[tuple[str, ...], Decimal] = {}
    for one in data:
        key = (one.name, *one.dimensions.values())
        sums[key] = sum(map(Decimal, map(str, one.values)), sums.get(key, Decimal(0)))
    return sums


def test_a_window_is_one_datum_a_metric_at_its_end(total: Transformer) -> None:
    data = total.transform(row(), row("store_2", revenue=0.1, orders=0))
    assert seen(data) == {
        ("Revenue", "results"): Decimal("10.35"),
        ("Orders", "results"): 3,
        ("Returns", "results"): 2,
    }
    assert {one.unit for one in data if one.name != "Revenue"} == {"Count"}
    assert {one.timestamp for one in data} == {(NOW - MINUTE).timestamp()}
    assert {one.namespace for one in data} == {"miztiik-events"}


def test_windows_are_told_apart(total: Transformer) -> None:
    data = total.transform(row(), row(ago=2 * MINUTE), row("store_2"))
    revenues = {one.timestamp: one.values for one in data if one.name == "Revenue"}
    assert revenues == {
        (NOW - MINUTE).timestamp(): [20.5],
        (NOW - 2 * MINUTE).timestamp(): [10.25],
    }


def test_stores_have_metrics_of_their_own_beside_the_total(
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = Transformer("stores", capsys).transform(row(), row("store_2", revenue=5))
    assert {key: value for key, value in seen(data).items() if key[0] == "Revenue"} == {
        ("Revenue", "results"): Decimal("15.25"),
        ("Revenue", "results", "store_1"): Decimal("10.25"),
        ("Revenue", "results", "store_2"): 5,
    }


def test_with_none_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert Transformer("none", capsys).transform(row()) == []


def test_what_comes_again_counts_once(total: Transformer) -> None:
    first = total.transform(row(), row())
    assert seen(first)["Revenue", "results"] == Decimal("10.25")
    # Firehose repeats a call whose answer it did not get, and other rows with it.
    assert total.transform(row()) == []
    assert seen(total.transform(row(), row("store_2")))["Orders", "results"] == 3


def test_what_was_computed_again_is_another_stream(total: Transformer) -> None:
    total.transform(row())
    assert ("Revenue", "recomputed") in seen(total.transform(row(), stream="recomputed"))


@pytest.mark.parametrize(
    ("ago", "is_told"),
    [
        (timedelta(days=13, hours=22), True),
        (timedelta(days=14), False),
        (timedelta(days=400), False),
        (timedelta(minutes=-15), True),
        (timedelta(hours=-3), False),
    ],
)
def test_a_time_that_cloudwatch_does_not_take_is_left_out(
    total: Transformer, ago: timedelta, is_told: bool
) -> None:
    assert bool(total.transform(row(ago=ago))) == is_told


@pytest.mark.parametrize("store", ["store_ż", "store_\n", "store_" + "x" * 1024])
def test_a_store_that_is_no_dimension_counts_in_the_total_alone(
    store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data = Transformer("stores", capsys).transform(row(store), row())
    assert seen(data)["Revenue", "results"] == Decimal("20.50")
    assert {one.dimensions.get("StoreId") for one in data} == {None, "store_1"}


@pytest.mark.parametrize(
    "other",
    [
        {"reason": "late", "store_id": "store_1", "sales": "5.00", "window_end": "2021-01-31"},
        row(revenue="10.25"),
        row(revenue=True),
        row(revenue=1e300),
        row(orders=None),
        row(store_id=7),
        row(timestamp="yesterday"),
        row(window_start=5),
        {},
    ],
)
def test_what_is_no_result_is_no_metric(total: Transformer, other: dict[str, Any]) -> None:
    assert seen(total.transform(other, row()))["Revenue", "results"] == Decimal("10.25")


def test_it_remembers_only_so_many(capsys: pytest.CaptureFixture[str]) -> None:
    module = load("transformer", {**NO_AWS, "SALES_METRICS": "total"}).SalesMetrics("total")
    for number in range(20_001):
        list(module.lines("results", [json.dumps(row(f"store_{number}")).encode()], NOW))
    assert len(module._counted) == 20_000


CENTS = st.integers(0, 10**11).map(lambda cents: Decimal(cents) / 100)


@given(revenues=st.lists(CENTS, min_size=1, max_size=20))
def test_the_metrics_add_up_to_the_cent(revenues: list[Decimal]) -> None:
    metrics = load("transformer", {**NO_AWS, "SALES_METRICS": "total"}).SalesMetrics("total")
    lines = [
        json.dumps(row(f"store_{number}", revenue="X")).replace('"X"', str(revenue)).encode()
        for number, revenue in enumerate(revenues)
    ]
    (line,) = metrics.lines("results", lines, NOW)
    assert json.loads(line, parse_float=Decimal)["Revenue"] == sum(revenues)


def test_a_kind_that_is_none_of_the_three_fails_at_the_start() -> None:
    with pytest.raises(ValueError, match="'all'"):
        load("transformer", {**NO_AWS, "SALES_METRICS": "all"})
