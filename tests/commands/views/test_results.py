"""The table of the results on terminals of several widths."""

from __future__ import annotations

from decimal import Decimal

import pytest

from miztiik_events.commands.views.results import Followed, Table
from miztiik_events.pipeline.results import Row
from miztiik_events.text import breadth

TIMES = ("2021-01-31 14:47:00.000", "2021-01-31 14:46:00.000")
OTHERS = ("2021-01-31 14:49:00.000", "2021-01-31 14:48:00.000")


def row(store: str, net: str = "1234.56", times: tuple[str, str] = TIMES) -> Row:
    return Row(store, *times, Decimal(net) + 100, 20, 2, Decimal(100))


def lines(rows: list[Row], width: int | None, by: str | None = "window") -> list[str]:
    """Of the table with its chart."""
    return str(Table(rows, by, width, rows)).split("\n")


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120])
@pytest.mark.parametrize("by", ["window", "hour", "day", None])
def test_every_line_fits(width: int, by: str | None) -> None:
    rows = [row("store_1"), row("x" * 256, "99999999.99"), row("store_\u05d7\u05e0", times=OTHERS)]
    shown = lines(rows, width, by)
    assert max(map(breadth, shown)) <= width
    assert "Net" in shown[0]


def test_what_matters_least_is_left_out_first() -> None:
    rows = [row("store_1")]
    wide, medium, narrow = (lines(rows, width)[0].split("  ") for width in (120, 64, 40))
    assert "Returns" in "".join(wide)
    assert "Orders" in "".join(medium)
    assert "Returns" not in "".join(medium)
    assert [name.strip() for name in narrow if name] == ["End (UTC)", "Store", "Revenue", "Net"]


def test_times_show_no_more_than_they_have_to() -> None:
    assert lines([row("store_1")], None)[2].startswith("2021-01-31 14:47    store_1")
    seconds = ("2021-01-31 14:47:10.000", "2021-01-31 14:47:00.000")
    assert lines([row("store_1", times=seconds)], None)[2].startswith("2021-01-31 14:47:10 ")


def test_rows_of_one_time_have_a_bar_each() -> None:
    shown = lines([row("store_1", "100"), row("store_2", "50")], 120)
    bars = [line.count("█") for line in shown]
    assert 0 <= bars[2] - 2 * bars[3] <= 1 <= bars[3]
    assert sum(bars) == bars[2] + bars[3]


def test_a_course_of_time_is_a_chart_with_gaps() -> None:
    rows = [row("store_1", "100"), row("store_2", "100"), row("store_1", "50", OTHERS)]
    *_, title, _, _, _, bottom, ends = lines(rows, 80)
    assert title == "Net revenue by window, at most 200.00"
    assert bottom == "███     ███"
    assert ends == "01-31 14:46 to 01-31 14:48"


def test_windows_of_two_lengths_have_their_start() -> None:
    longer = ("2021-01-31 14:47:00.000", "2021-01-31 14:45:00.000")
    shown = lines([row("store_1"), row("store_1", times=longer)], None)
    assert shown[0].startswith("Window's start (UTC)  Window's end (UTC)")


def test_a_followed_table_is_as_wide_as_its_heading() -> None:
    for width in (40, 80, 120):
        table = Followed.fitting(width)
        assert breadth(table.heading) <= width
        assert breadth(table.line(row("x" * 300))) == breadth(table.heading)
