"""The sales that the page knows of."""

from __future__ import annotations

import time

import pytest

from miztiik_events.dashboard import sales as subject
from miztiik_events.dashboard.sales import Sales, Sums
from sold_lines import BROKEN, HOSTILE, line, midday, sold

END = midday()
MINUTE = 60_000


def known(*texts: str) -> Sales:
    sales = Sales()
    sales.add(map(line, texts))
    return sales


def test_sums_are_exact() -> None:
    sales = known(sold("a", END, 0.1), sold("b", END, 0.2), sold("a", END - MINUTE, 0.000001))
    windows = sales.ended(0, END)
    assert sales.total(windows) == Sums(300_001, 30_000_000, 27, 3)
    assert sales.total(windows, "a").revenue == 100_001
    assert [name for name, _ in sales.by_store(windows)] == ["b", "a"]


def test_a_row_that_comes_again_counts_once() -> None:
    sales = known(sold("a", END))
    assert not sales.add([line(sold("a", END))])
    assert sales.total(sales.ended(0, END)).orders == 9
    assert sales.contradictions == 0


def test_of_rows_that_contradict_each_other_the_first_counts() -> None:
    sales = known(sold("a", END, 1))
    assert sales.add([line(sold("a", END, 2))])
    assert sales.total(sales.ended(0, END)).revenue == 1_000_000
    assert sales.contradictions == 1


def test_the_windows_of_a_backfill_are_told_apart() -> None:
    sales = known(sold("a", END - MINUTE, backfill=True), sold("a", END), sold("b", END))
    assert [window.end for window in sales.made_up(sales.ended(0, END))] == [END - MINUTE]


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_no_row_is_counted_once(text: str) -> None:
    sales = known(text, text)
    sales.add([line(text)])
    assert (sales.unreadable, sales.newest) == (1, None)


@pytest.mark.parametrize("seconds", [0, -60, 86_401, 10**9])
def test_a_window_that_cannot_be_is_no_row(seconds: int) -> None:
    sales = known(sold("a", END), sold("b", END, seconds=seconds))
    assert (sales.unreadable, sales.names) == (1, ["a"])


def test_a_window_of_the_future_is_no_row() -> None:
    future = (round(time.time() * 1000) // MINUTE + 120) * MINUTE
    sales = known(sold("a", END), sold("b", future))
    assert (sales.unreadable, sales.names) == (1, ["a"])


def test_any_name_is_a_store() -> None:
    sales = known(*(sold(name, END) for name in HOSTILE))
    assert {*sales.names} == {*HOSTILE}
    assert all(sales.total(sales.ended(0, END), name).orders for name in HOSTILE if name)


def test_huge_and_negative_numbers_add_up() -> None:
    sales = known(sold("a", END, 99999999999999999999), sold("b", END, -99999999999999999999))
    assert sales.total(sales.ended(0, END)).revenue == 0
    assert [name for name, _ in sales.by_store(sales.ended(0, END))] == ["a", "b"]


def test_of_too_many_the_oldest_windows_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "MOST_SUMS", 3)
    sales = known(*(sold(name, END - age * MINUTE) for age in range(3) for name in "ab"))
    assert [window.end for window in sales.ended(0, END)] == [END]
    assert sales.forgotten_until == END - MINUTE
    assert not sales.add([line(sold("c", END - MINUTE))])
