"""What the page shows of the sales."""

from __future__ import annotations

import json
from typing import Any

import pytest

from miztiik_events.dashboard.sales import Sales
from miztiik_events.dashboard.view import (
    MOST_BARS,
    MOST_RANKED,
    MOST_SERIES,
    Question,
    amount,
    view,
)
from sold_lines import HOSTILE, line, midday, sold

END = midday()
COUNT = range(4000)
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def shown(*texts: str, range: str = "hour", store: str | None = None, since: int = 0) -> Any:
    sales = Sales()
    sales.add(map(line, texts))
    # What goes to the page is JSON.
    return json.loads(json.dumps(view(sales, Question(range, store), since)))


def test_without_a_result_there_is_nothing_to_show() -> None:
    assert shown()["newest"] is None


def test_the_figures_are_beside_those_of_before() -> None:
    ends = [(END, 110), (END - MINUTE, 60), (END - HOUR, 210), (END - DAY, 85)]
    earliest = sold("a", END - 2 * DAY, 10)
    figures = shown(*(sold("a", end, revenue) for end, revenue in ends), earliest)["figures"]
    assert [figure["value"] for figure in figures] == ["100.00", "150.00", "350.00", "27"]
    changes = [figure["change"] and figure["change"]["text"] for figure in figures]
    assert changes == ["+100.0%", "-25.0%", "+366.7%", None]
    assert figures[3]["details"] == [["Returns", "3 (10.0% of sales)"]]


def test_what_is_not_known_is_not_compared() -> None:
    figures = shown(sold("a", END), sold("a", END - MINUTE))["figures"]
    assert [bool(figure["change"]) for figure in figures] == [True, False, False, False]


def test_what_was_made_up_is_said_wherever_it_is_shown() -> None:
    past = [sold("a", end, backfill=True) for end in (END - HOUR, END - 2 * HOUR)]
    answer = shown(sold("a", END), *past, range="day")
    assert answer["madeUp"] == {"windows": 2, "until": END - HOUR}
    starts = [start for start, is_made_up in zip(*_bars(answer["chart"])) if is_made_up]
    assert starts == [END - 2 * HOUR - MINUTE, END - HOUR - MINUTE]
    figures = answer["figures"]
    assert [figure["isMadeUp"] for figure in figures] == [False, False, True, True]
    assert [figure["against"] for figure in figures] == [
        "the window before",
        "the hour before, made up",
        "the day before",
        "",
    ]
    assert shown(sold("a", END))["madeUp"] is None


def _bars(chart: Any) -> tuple[list[int], list[bool]]:
    return chart["starts"], chart["madeUp"]


def test_a_figure_that_is_not_read_to_its_start_says_so() -> None:
    figures = shown(sold("a", END), since=END - HOUR)["figures"]
    assert [figure["isPartial"] for figure in figures] == [False, False, True, True]


def test_the_stores_with_the_most_are_series_and_the_others_one() -> None:
    answer = shown(*(sold(f"store_{n}", END, 20 + n) for n in range(1000)))
    names = [series["name"] for series in answer["chart"]["series"]]
    assert names[0] == "store_999"
    assert names[MOST_SERIES:] == [f"{1000 - MOST_SERIES} others"]
    nets = sum(range(10, 1010))
    assert answer["chart"]["totals"] == [f"{nets:,}.00"]
    assert sum(series["values"][0] for series in answer["chart"]["series"]) == nets
    assert (answer["stores"], len(answer["ranking"])) == (1000, MOST_RANKED + 1)
    assert answer["ranking"][-1]["others"] == "900 others"


def test_one_store_alone() -> None:
    texts = [sold(name, END, revenue) for name, revenue in (("a", 50), ("b", 70))]
    answer = shown(*texts, store="a")
    assert [figure["value"] for figure in answer["figures"]][:3] == ["40.00"] * 3
    assert [series["name"] for series in answer["chart"]["series"]] == ["a"]
    assert [row["store"] for row in answer["ranking"]] == ["b", "a"]
    unknown = shown(*texts, store="nobody")
    assert unknown["chart"]["totals"] == ["0.00"]


@pytest.mark.parametrize("seconds", [1, 7, 60, 900])
@pytest.mark.parametrize("range", ["hour", "day", "week"])
def test_windows_of_any_length_are_a_readable_number_of_bars(seconds: int, range: str) -> None:
    most = min(4000, 8 * 86_400 // seconds)
    ends = [END - number * seconds * 1000 for number in COUNT[:most]]
    chart = shown(*(sold("a", end, 11, seconds=seconds) for end in ends), range=range)["chart"]
    assert 1 <= len(chart["starts"]) <= MOST_BARS + 1
    assert chart["bar"] >= seconds * 1000
    length = {"hour": HOUR, "day": DAY, "week": 7 * DAY}[range]
    expected = sum(END - length < end <= END for end in ends)
    assert round(sum(chart["series"][0]["values"])) == expected


def test_nothing_sold_between_windows_is_a_gap() -> None:
    chart = shown(sold("a", END), sold("a", END - 5 * MINUTE))["chart"]
    assert chart["totals"] == ["90.00", *["0.00"] * 4, "90.00"]


def test_hostile_names_are_shown_as_they_are() -> None:
    answer = shown(*(sold(name, END) for name in HOSTILE))
    assert {row["store"] for row in answer["ranking"]} == {*HOSTILE}


def test_losses_have_no_bar() -> None:
    answer = shown(sold("a", END, -500), sold("b", END, 110))
    assert [row["share"] for row in answer["ranking"]] == [19.6, 0]
    assert answer["ranking"][1]["net"] == "-510.00"


@pytest.mark.parametrize(
    ("millionths", "text"),
    [(0, "0.00"), (1_234_565_000, "1,234.57"), (-4_999, "0.00"), (-5_000, "-0.01")],
)
def test_amounts_are_rounded_to_the_cent(millionths: int, text: str) -> None:
    assert amount(millionths) == text
