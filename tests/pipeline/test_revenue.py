"""What rows come to by hour, day and store."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from miztiik_events.pipeline import revenue
from miztiik_events.pipeline.results import Row
from miztiik_events.pipeline.revenue import Period


def row(store: int, end: str = "14:47", net: int = 10, day: str = "2021-01-31") -> Row:
    """Of a window of a minute."""
    start = f"{end[:3]}{int(end[3:]) - 1:02}"
    amount = Decimal(net) + Decimal("0.01")
    times = [f"{day} {clock}:00.000" for clock in (end, start)]
    return Row(f"store_{store}", *times, amount, 2, 1, Decimal("0.01"))


def told(rows: list[Row]) -> list[tuple[str, str, Decimal]]:
    return [(one.window_start[:16], one.store_id, one.net) for one in rows]


def moment(clock: str) -> datetime:
    return datetime.fromisoformat(f"2021-01-31T{clock}:00+00:00")


@pytest.mark.parametrize(
    ("since", "until", "is_in"),
    [
        (None, None, True),
        ("14:46", None, True),
        ("14:47", None, False),
        (None, "14:46", False),
        (None, "14:47", True),
    ],
)
def test_a_window_is_in_the_period_in_which_it_ended(
    since: str | None, until: str | None, is_in: bool
) -> None:
    period = Period(since and moment(since), until and moment(until))
    assert period.has(row(1)) == is_in


def test_a_window_at_midnight_belongs_to_the_day_in_which_it_began() -> None:
    last = Row("store_1", "2021-02-01 00:00:00.000", "2021-01-31 23:59:00.000", *[1] * 4)
    for by in ("hour", "day"):
        (sum_,) = revenue.summed([last], by, None)
        assert (sum_.window_start[:10], sum_.timestamp) == ("2021-01-31", last.timestamp)


def test_sums_are_exact_and_by_store() -> None:
    rows = [row(2), row(10), row(2, "14:59"), row(2, "15:01"), row(2, day="2021-02-01")]
    assert told(revenue.summed(rows, "hour", None)) == [
        ("2021-01-31 14:00", "store_2", 20),
        ("2021-01-31 14:00", "store_10", 10),
        ("2021-01-31 15:00", "store_2", 10),
        ("2021-02-01 14:00", "store_2", 10),
    ]
    first, *_ = revenue.summed(rows, "day", None)
    assert (first.revenue, first.orders, first.returns) == (Decimal("30.03"), 6, 3)
    assert first.returned_revenue == Decimal("0.03")
    assert first.timestamp == "2021-02-01 00:00:00.000"


def test_the_first_stores_come_in_their_order_and_the_others_as_one() -> None:
    rows = [row(1), row(2, net=30), row(3, net=7), row(4, net=20), row(1, "14:48", net=5)]
    assert told(revenue.summed(rows, None, 2)) == [
        ("2021-01-31 14:46", "store_2", 30),
        ("2021-01-31 14:46", "store_4", 20),
    ]
    assert told(revenue.summed(rows, None, 2, has_others=True))[2:] == [
        ("2021-01-31 14:46", "2 others", 22)
    ]
    assert told(revenue.summed(rows, "window", 1, has_others=True)) == [
        ("2021-01-31 14:46", "store_2", 30),
        ("2021-01-31 14:46", "3 others", 37),
        ("2021-01-31 14:47", "3 others", 5),
    ]
    assert len(revenue.summed(rows, None, 9, has_others=True)) == 4


def test_nothing_comes_to_nothing() -> None:
    assert revenue.summed([], "hour", None) == revenue.summed([], None, 3, has_others=True) == []


def test_a_period_without_an_end_can_be_written_at_any_time() -> None:
    day = timedelta(days=1)
    assert Period().last_written(day) is None
    until = datetime(2021, 1, 31, tzinfo=timezone.utc)
    assert Period(until=until).last_written(day) == until + day
