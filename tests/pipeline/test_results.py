"""Rows of the results, as the data store has them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from miztiik_events.pipeline import results
from miztiik_events.pipeline.data_store import Line
from miztiik_events.pipeline.results import Collection
from result_line import FIELDS


def line(**changes: Any) -> Line:
    fields = {name: value for name, value in {**FIELDS, **changes}.items() if value is not ...}
    text = json.dumps(fields)
    return Line("sales_revenue/1", text, json.loads(text, parse_float=Decimal))


def test_a_row_has_exact_numbers_and_its_own_text() -> None:
    row = results.parse(line())
    assert row
    assert (row.revenue, row.returned_revenue) == (Decimal("8671.31"), Decimal(100))
    assert (row.orders, row.returns) == (20, 2)
    assert row.text == json.dumps(FIELDS)


def test_net_revenue_is_without_the_returns() -> None:
    row = results.parse(line())
    assert row
    assert row.net == Decimal("8571.31")


@pytest.mark.parametrize(
    "changes",
    [
        *({name: ...} for name in FIELDS),
        *({name: None} for name in FIELDS),
        {"revenue": "8671.31"},
        {"revenue": True},
        {"orders": 1.5},
        {"returns": False},
        {"timestamp": "31.1.2021 14:47"},
        {"revenue": 10**20},
        {"revenue": -(10**30)},
        {"returned_revenue": 1e-7},
        {"orders": 10**20},
    ],
)
def test_a_line_that_is_no_row_is_told_and_does_no_harm(changes: dict[str, Any]) -> None:
    collection = Collection()
    rows = collection.add([line(**changes), Line("key", "no json", None), line()])
    assert [row.store_id for row in rows] == ["store_1"]
    assert len(collection.garbage) == 2


def test_rows_are_in_the_order_of_window_and_store() -> None:
    later = "2021-01-31 14:48:00.000"
    rows = Collection().add(
        [
            line(store_id="store_2", timestamp=later),
            line(store_id="store_10"),
            line(store_id="store_9"),
            line(store_id="store_1", timestamp=later),
        ]
    )
    assert [row.store_id for row in rows] == ["store_9", "store_10", "store_1", "store_2"]


def test_a_row_that_comes_again_is_the_same_row() -> None:
    collection = Collection()
    assert len(collection.add([line(), line()])) == 1
    assert collection.add([line()]) == []
    assert (collection.repeated, collection.contradictions) == (2, 0)


def test_a_row_that_contradicts_another_is_kept_beside_it() -> None:
    collection = Collection()
    assert len(collection.add([line(), line(revenue=8671.32)])) == 2
    assert collection.contradictions == 1
    [rows] = collection.rows.values()
    assert [row.revenue for row in rows] == [Decimal("8671.31"), Decimal("8671.32")]


def test_windows_that_end_together_and_began_apart_do_not_contradict_each_other() -> None:
    """As around an update to another length."""
    collection = Collection()
    rows = collection.add([line(), line(window_start="2021-01-31 14:45:00.000", revenue=1)])
    assert [row.window_start[14:16] for row in rows] == ["45", "46"]
    assert (collection.contradictions, collection.repeated) == (0, 0)
    assert results.have_several_lengths(rows)
    assert not results.have_several_lengths(rows[:1])
