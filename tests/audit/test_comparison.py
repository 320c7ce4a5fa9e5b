"""The results as they have to be, beside those of the data store."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audited_stream import SHARDS, START, Stream, compared, counts, end, row
from miztiik_events.audit import comparison
from miztiik_events.pipeline import windowing
from miztiik_events.pipeline.results import Row


def test_a_closed_window_that_is_as_it_has_to_be_is_no_difference() -> None:
    stream = Stream()
    stream.sell()
    stream.beat(30)
    assert compared(stream.places(), row()) == []
    assert counts(stream.places()) == {"heartbeats": 2, "counted": 1}


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"revenue": Decimal("1.26")}, "revenue"),
        ({"orders": 2}, "orders"),
        ({"returns": 1}, "returns"),
        ({"returned_revenue": Decimal("0.01")}, "returned_revenue"),
    ],
)
def test_each_figure_that_is_off_is_a_difference_that_stays(
    changes: dict[str, Any], what: str
) -> None:
    stream = Stream()
    stream.sell()
    stream.beat(30)
    [found] = compared(stream.places(), row(**changes))
    assert (found.what, found.window_end, found.store_id) == (what, end(), "store_1")
    assert (found.stored, found.may_settle) == (changes[what], False)


@pytest.mark.parametrize("start", [-2, 0, 3, -100])
def test_a_row_that_is_of_no_window_is_a_difference(start: int) -> None:
    stream = Stream()
    stream.sell()
    stream.beat(40)
    found = compared(stream.places(), row(window_start=end(start)), row())
    assert [(one.what, one.stored) for one in found] == [("row too many", Decimal("1.25"))]


def test_a_row_that_lacks_sales_may_settle_since_they_may_have_been_late() -> None:
    stream = Stream()
    stream.sell("one")
    stream.sell("two")
    stream.beat(30)
    found = compared(stream.places(), row())
    assert {one.what for one in found} == {"revenue", "orders"}
    assert all(one.may_settle for one in found)


def test_a_missing_row_may_settle_and_a_row_too_many_does_not() -> None:
    stream = Stream()
    stream.sell()
    stream.beat(30)
    missing, too_many = compared(stream.places(), row(store_id="store_2"))
    assert (missing.what, missing.store_id, missing.may_settle) == ("missing row", "store_1", True)
    assert (too_many.what, too_many.store_id, too_many.may_settle) == (
        "row too many",
        "store_2",
        False,
    )


def test_two_rows_that_contradict_each_other_are_a_difference_even_when_one_is_right() -> None:
    stream = Stream()
    stream.sell()
    stream.beat(30)
    [found] = compared(stream.places(), row(), row("9.99"))
    assert (found.what, found.stored) == ("contradicting rows", "1.25 / 9.99")


def test_a_row_of_a_window_that_is_open_says_nothing_yet() -> None:
    stream = Stream()
    stream.sell()
    stream.beat(12)
    assert compared(stream.places(), row("0.01")) == []


def test_windows_that_the_stream_has_forgotten_are_left_out() -> None:
    stream = Stream()
    stream.sell("old", 1)
    stream.sell("new", 11)
    stream.beat(30)
    places = stream.places(first=START * 1000)
    assert counts(places) == {"heartbeats": 2, "counted": 1, "skipped": 1}
    assert compared(places, row("77"), row(number=1)) == []


def test_the_windows_are_listed_with_their_state() -> None:
    stream = Stream()
    stream.sell("one", 1)
    stream.sell("two", 1, store_id="store_2", sales=2)
    stream.sell("three", 11)
    stream.sell("four", 31)
    stream.beat(40)
    places = stream.places()
    listed = comparison.windows(places, compared(places, row("1.00"), row(store_id="store_2")))
    assert [(one.end, one.sales, one.stores) for one in listed] == [
        (end(0), 2, 2),
        (end(1), 1, 1),
        (end(3), 1, 1),
    ]
    assert listed[0].revenue == Decimal("3.25")
    assert [one.differences for one in listed] == [2, 1, None]


SALES = st.lists(
    st.tuples(
        st.integers(0, 25),  # which sale; a small range makes copies
        st.integers(0, 49),
        st.integers(0, 999_999),
        st.booleans(),
        st.integers(1, 3),
        st.sampled_from(SHARDS),
    ),
    max_size=60,
)


@given(SALES)
def test_the_expected_revenue_equals_a_naive_sum_in_cents(sales: list[Any]) -> None:
    stream, first_of = Stream(), dict[int, Any]()
    for number, at, cents, is_return, store, shard in sales:
        # Copies have the same content.
        at, cents, is_return, store = first_of.setdefault(number, (at, cents, is_return, store))
        stream.sell(
            str(number),
            at,
            shard=shard,
            sales=cents / 100,
            is_return=is_return,
            store_id=f"store_{store}",
        )
    stream.beat(50)
    naive: Counter[tuple[str, str]] = Counter()
    for at, cents, _, store in first_of.values():
        if at // 10 < 4:  # the last window has its end, but not its lateness, at 50
            naive[f"store_{store}", end(at // 10)] += cents

    places = stream.places()
    due = {
        (store, windowing.written(period.end)): one
        for (store, period), one in comparison.expected(places).items()
    }
    assert {key: int(one.revenue * 100) for key, one in due.items()} == dict(naive)
    assert due.keys() == {
        (f"store_{s}", end(t // 10)) for t, _, _, s in first_of.values() if t < 40
    }
    assert sum(places.counts.values()) == len(stream.records)
    assert places.counts["duplicates"] == len(sales) - len(first_of)


def rivals() -> Stream:
    """A sale of 1.25, and another of which copies that differ are in two shards."""
    stream = Stream()
    stream.sell("one", 1)
    stream.sell("two", 1, sales=5)
    stream.sell("two", 1, arrives=2, sales=7, store_id="store_2", shard=SHARDS[1])
    stream.beat(30)
    return stream


def test_of_copies_that_differ_in_two_shards_either_may_count() -> None:
    places = rivals().places()
    assert compared(places, row("6.25", 2)) == []
    assert compared(places, row("1.25", 1), row("7.00", 1, store_id="store_2")) == []


@pytest.mark.parametrize(
    ("rows", "store"),
    [
        ([row("6.26", 2)], "store_1"),
        ([row("1.24", 1), row("7.00", 1, store_id="store_2")], "store_1"),
        ([row("1.25", 1), row("7.01", 1, store_id="store_2")], "store_2"),
        ([row("1.25", 1), row("7.00", 2, store_id="store_2")], "store_2"),
        ([], "store_1"),
    ],
)
def test_what_neither_of_them_explains_is_a_difference(rows: list[Row], store: str) -> None:
    found = compared(rivals().places(), *rows)
    assert {one.store_id for one in found} == {store}
