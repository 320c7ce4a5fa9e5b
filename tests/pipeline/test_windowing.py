"""Tumbling windows, and their times as the results write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miztiik_events.pipeline import windowing
from miztiik_events.pipeline.windowing import MARGIN, Windowing

MINUTES = Windowing(length=60_000, lateness=5_000)


@pytest.mark.parametrize(
    ("event_time", "number"), [(0, 0), (59_999, 0), (60_000, 1), (119_999, 1), (120_000, 2)]
)
def test_a_window_begins_where_the_one_before_ends(event_time: int, number: int) -> None:
    assert MINUTES.window(event_time) == number


@pytest.mark.parametrize(("arrival", "number"), [(64_999, 0), (65_000, 1), (124_999, 1)])
def test_a_window_takes_what_arrives_within_the_allowed_lateness_after_its_end(
    arrival: int, number: int
) -> None:
    assert MINUTES.first_in_time(arrival) == number


def test_times_are_written_in_utc_with_milliseconds() -> None:
    assert windowing.written(1_612_104_420_007) == "2021-01-31 14:47:00.007"
    assert windowing.read("2021-01-31 14:47:00.007") == 1_612_104_420_007


@pytest.mark.parametrize("text", ["", "2021-01-31T14:47:00.000", "2021-01-31 14:47:00"])
def test_another_form_of_a_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="does not match format"):
        windowing.read(text)


@given(st.integers(0, 4_000_000_000_000))
def test_written_times_can_be_read_again(milliseconds: int) -> None:
    assert windowing.read(windowing.written(milliseconds)) == milliseconds


def test_a_window_closes_after_its_end_its_lateness_and_the_margin() -> None:
    assert Windowing(60_000, 5_000).closes(0) == 60_000 + 5_000 + MARGIN
