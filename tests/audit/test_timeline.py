"""The audit where an update has given the windows another length while some were open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audited_stream import START, Stream, by_key
from miztiik_events.audit import comparison
from miztiik_events.audit.places import Difference, Places
from miztiik_events.audit.timeline import Period, Timeline
from miztiik_events.pipeline import windowing
from miztiik_events.pipeline.results import Row
from miztiik_events.pipeline.windowing import MARGIN, Windowing

LATENESS = 5
Sold = tuple[int, int, int]  # the second after START, the store, the amount in cents


def period(start: int, end: int, is_mixed: bool = False) -> Period:
    return Period((START + start) * 1000, (START + end) * 1000, is_mixed)


def timeline(length: int, *spans: tuple[int, int]) -> Timeline:
    return Timeline(Windowing(length * 1000, LATENESS * 1000), [period(*span) for span in spans])


def at(line: Timeline, *seconds: int) -> list[Period]:
    return [line.period((START + second) * 1000) for second in seconds]


def test_without_rows_all_windows_have_the_length_of_now() -> None:
    assert at(timeline(10), 0, 9, 10) == [period(0, 10), period(0, 10), period(10, 20)]


def test_windows_of_two_lengths_that_overlap_are_one_period() -> None:
    line = timeline(20, (0, 10), (20, 30), (10, 20), (20, 40), (40, 60))
    assert at(line, 5, 15) == [period(0, 10), period(10, 20)]
    assert at(line, 20, 39) == [period(20, 40, is_mixed=True)] * 2
    assert at(line, 40, 99) == [period(40, 60), period(80, 100)]


def test_what_is_between_whole_windows_of_both_lengths_belongs_to_the_change() -> None:
    line = timeline(20, (0, 10))
    assert at(line, 9, 10, 20) == [period(0, 10), period(10, 20, is_mixed=True), period(20, 40)]


def test_a_length_may_come_back() -> None:
    line = timeline(10, (0, 10), (0, 20), (20, 40), (30, 40), (40, 50))
    mixed = period(0, 40, is_mixed=True)
    assert at(line, 3, 33, 45) == [mixed, mixed, period(40, 50)]


def test_nothing_is_closed_while_a_window_of_the_other_length_may_be_open() -> None:
    clock = (START + 39 + LATENESS) * 1000 + MARGIN
    assert timeline(10).closed_until(clock) == (START + 30) * 1000
    assert timeline(10, (0, 20)).closed_until(clock) == (START + 20) * 1000


def test_a_window_is_closed_when_the_watermark_is_at_its_last_millisecond() -> None:
    clock = (START + 10 + LATENESS) * 1000 + MARGIN - 1
    assert timeline(10).closed_until(clock) == (START + 10) * 1000
    assert timeline(10).closed_until(clock - 1) == START * 1000


def test_a_sale_may_be_late_for_the_shorter_window_alone() -> None:
    line, both, shorter = timeline(60, (0, 10)), timeline(60), timeline(10)
    for second, may_be, must_be in ((14.999, False, False), (15, True, False), (65, True, True)):
        times = START * 1000, round((START + second) * 1000)
        assert (line.may_be_late(*times), line.is_late(*times)) == (may_be, must_be)
        assert both.is_late(*times) == both.may_be_late(*times) == must_be
        assert shorter.is_late(*times) == shorter.may_be_late(*times) == may_be


def counted(sold: Sequence[Sold], length: int) -> list[Row]:
    """The rows that windows of that length give for these sales."""
    sums: dict[tuple[int, int], list[int]] = defaultdict(list)
    for second, store, cents in sold:
        sums[store, (START + second) // length * length].append(cents)
    return [
        Row(
            store_id=f"store_{store}",
            timestamp=windowing.written((start + length) * 1000),
            window_start=windowing.written(start * 1000),
            revenue=Decimal(sum(cents)) / 100,
            orders=len(cents),
            returns=0,
            returned_revenue=Decimal(0),
        )
        for (store, start), cents in sums.items()
    ]


def audited(sold: Sequence[Sold], rows: Sequence[Row], length: int) -> list[Difference]:
    """The differences, when event time has come to 200 seconds after START."""
    stream = Stream()
    for number, (second, store, cents) in enumerate(sold):
        stream.sell(str(number), second, store_id=f"store_{store}", sales=cents / 100)
    stream.beat(200)
    grouped = by_key(rows)
    line = Timeline(Windowing(length * 1000, LATENESS * 1000), comparison.spans(grouped))
    return comparison.differences(Places(stream.ledger, line, {}, 0), grouped)


SOLD = st.lists(
    st.tuples(st.integers(0, 120), st.integers(1, 2), st.integers(0, 9_999)), min_size=1
).map(sorted)
LENGTHS = st.sampled_from((10, 15, 20, 60))


@given(SOLD, st.integers(0, 60), LENGTHS, LENGTHS, st.integers(0, 999))
def test_an_update_at_any_moment_makes_no_difference_and_hides_none(
    sold: list[Sold], moment: int, before: int, after: int, which: int
) -> None:
    rows = counted(sold[:moment], before) + counted(sold[moment:], after)
    if before == after:
        rows = counted(sold, before)
    assert audited(sold, rows, after) == []

    number = which % len(rows)
    changed = replace(rows[number], revenue=rows[number].revenue + Decimal("0.01"))
    assert audited(sold, [*rows[:number], changed, *rows[number + 1 :]], after)
    assert audited(sold, [*rows[:number], *rows[number + 1 :]], after)


@pytest.mark.parametrize(("before", "after"), [(10, 20), (20, 10), (10, 15)])
def test_two_updates_make_no_difference_either(before: int, after: int) -> None:
    sold = [(second, 1, 100) for second in range(120)]
    rows = counted(sold[:37], before) + counted(sold[37:66], after) + counted(sold[66:], before)
    merged = {row.key for row in counted(sold[:37], before)} & {
        row.key for row in counted(sold[66:], before)
    }
    assert not merged
    assert audited(sold, rows, before) == []


def test_a_copy_that_was_counted_on_both_sides_of_an_update_is_found() -> None:
    sold = [(3, 1, 100), (4, 1, 100), (5, 1, 100)]
    rows = counted(sold[:2], 10) + counted([sold[1], sold[2]], 20)
    differing = {one.what: (one.expected, one.stored) for one in audited(sold, rows, 20)}
    assert differing == {"revenue": (3, 4), "orders": (3, 4)}
