"""A backfill: rows like those of the application, marked, each window whole and of the past."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from miztiik_events.pipeline import backfill, results
from miztiik_events.pipeline.backfill import Demonstration
from miztiik_events.pipeline.data_store import Line

LAST = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
DAY = Demonstration(
    first=LAST - timedelta(days=1),
    last=LAST,
    window_seconds=60,
    stores=3,
    rate=17.5,
    return_ratio=0.1,
    seed=7,
)


def rows(wanted: Demonstration = DAY) -> list[results.Row]:
    """Each is one that `results` can read."""
    lines = [line for _, lines in backfill.lines_by_hour(wanted) for line in lines]
    fields = [(line, json.loads(line, parse_float=Decimal)) for line in lines]
    read = [results.parse(Line("key", line, one)) for line, one in fields]
    assert all(read)
    return [row for row in read if row]


def test_every_row_is_marked_and_of_a_window_in_its_time() -> None:
    found = rows()
    assert len({row.key for row in found}) == len(found) == 24 * 60 * 3 == DAY.most_rows
    assert all(backfill.is_marked(row) for row in found)
    assert min(row.window_start for row in found) == "2026-11-23 12:00:00.000"
    assert max(row.timestamp for row in found) == "2026-11-24 12:00:00.000"


def test_the_figures_of_a_row_fit_each_other() -> None:
    for row in rows():
        assert row.orders + row.returns > 0
        assert 0 <= row.returned_revenue <= row.revenue
        assert (row.returns == 0) == (row.returned_revenue == 0)
        assert row.revenue == round(row.revenue, 2)


def test_it_is_as_in_life() -> None:
    found = rows()
    by_store = [
        sum(row.revenue for row in found if row.store_id == f"store_{number}")
        for number in (1, 2, 3)
    ]
    assert by_store == sorted(by_store, reverse=True)
    night, evening = (
        sum(row.revenue for row in found if row.timestamp[11:13] == hour) for hour in ("04", "18")
    )
    assert evening > 10 * night
    sales = sum(row.orders + row.returns for row in found)
    assert 1 < sales / (17.5 * 24 * 3600) < 2
    assert 0.09 < sum(row.returns for row in found) / sales < 0.11


def test_the_same_seed_gives_the_same_rows() -> None:
    assert rows() == rows() != rows(replace(DAY, seed=8))


@pytest.mark.parametrize("seconds", [1, 7, 61, 900])
def test_windows_of_any_length_are_whole(seconds: int) -> None:
    found = rows(replace(DAY, first=LAST - timedelta(hours=2), window_seconds=seconds))
    for row in found:
        start, end = (datetime.fromisoformat(text) for text in (row.window_start, row.timestamp))
        assert (end - start).total_seconds() == seconds
        assert start.replace(tzinfo=timezone.utc).timestamp() % seconds == 0
    assert max(row.timestamp for row in found) <= "2026-11-24 12:00:00.000"


def test_without_returns_nothing_is_returned() -> None:
    assert {row.returns for row in rows(replace(DAY, return_ratio=0))} == {0}


def test_it_ends_an_hour_or_two_before_the_stream_was_created() -> None:
    created = datetime(2026, 11, 24, 13, 59, 59, tzinfo=timezone.utc)
    assert backfill.end_before(created) == LAST
    assert backfill.end_before(created + timedelta(seconds=1)) == LAST + timedelta(hours=1)
