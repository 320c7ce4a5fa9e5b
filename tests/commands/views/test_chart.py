"""Charts of block characters."""

from __future__ import annotations

from decimal import Decimal

import pytest

from miztiik_events.commands.views import chart


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, ""), (-3, ""), (1, "▉"), (8, "███████▏"), (9, "████████"), ("0.001", "▏")],
)
def test_a_bar_is_as_long_as_its_value(value: object, shown: str) -> None:
    assert chart.bar(Decimal(str(value)), Decimal(9), 8) == shown


def test_the_highest_column_fills_the_height() -> None:
    values = [Decimal(value) for value in (0, 4, 16, 1)]
    assert chart.columns(values, 4, 2) == ["  █ ", " ▄█▁"]


def test_columns_are_wider_where_there_is_room_and_the_last_where_there_is_none() -> None:
    values = [Decimal(value) for value in (8, 4)]
    assert chart.columns(values, 6, 1) == ["██ ▄▄ "]
    assert chart.columns(values, 1, 1) == ["█"]


def test_nothing_above_zero_is_drawn_as_nothing() -> None:
    assert chart.columns([Decimal(-1), Decimal(0)], 2, 1) == ["  "]
    assert chart.bar(Decimal(-1), Decimal(-1), 8) == ""
