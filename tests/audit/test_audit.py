"""The arithmetic of the audit: each record in its place, each figure of the results."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audited_stream import SHARDS, START, Stream, by_key
from miztiik_events.analytics.application import Application
from miztiik_events.audit import comparison
from miztiik_events.audit.ledger import RecordId
from miztiik_events.audit.places import Difference, Places
from miztiik_events.errors import ApplicationError
from miztiik_events.pipeline import records, windowing
from miztiik_events.pipeline.results import Row
from miztiik_events.pipeline.windowing import Windowing
from stubs import Answer, stubbed


def end(number: int = 0) -> str:
    """The end of the story's window of that number."""
    return windowing.written((START + 10 * (number + 1)) * 1000)


def row(revenue: str = "1.25", orders: int = 1, number: int = 0, **changes: Any) -> Row:
    known = Row("store_1", end(number), end(number - 1), Decimal(revenue), orders, 0, Decimal(0))
    return replace(known, **changes)


def compared(places: Places, *rows: Row) -> list[Difference]:
    return comparison.differences(places, by_key(rows))


def counts(places: Places) -> dict[str, int]:
    return {place: count for place, count in places.counts.items() if count}


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


def test_a_window_is_open_until_every_open_shard_is_past_its_end_and_the_lateness() -> None:
    stream = Stream()
    stream.sell()
    stream.beat(60, SHARDS[:1])
    assert counts(stream.places()) == {"heartbeats": 1, "open": 1}
    stream.beat(14, SHARDS[1:])
    assert stream.places().counts["open"] == 1
    stream.beat(15, SHARDS[1:])
    assert stream.places().counts["counted"] == 1
    assert [one.what for one in compared(stream.places())] == ["missing row"]


def test_a_closed_shard_holds_no_window_open() -> None:
    stream = Stream(open={"shard-0": True, "shard-1": False})
    stream.sell(shard="shard-1")
    stream.beat(15, ["shard-0"])
    assert stream.places().counts["counted"] == 1


def test_a_row_of_a_window_that_is_open_says_nothing_yet() -> None:
    stream = Stream()
    stream.sell()
    stream.beat(12)
    assert compared(stream.places(), row("0.01")) == []


def test_copies_count_as_one_within_their_window() -> None:
    stream = Stream()
    stream.sell("one", 1)
    stream.sell("one", 2, shard=SHARDS[1])
    stream.sell("one", 11)
    stream.beat(30)
    assert counts(stream.places()) == {"heartbeats": 2, "counted": 2, "duplicates": 1}
    assert compared(stream.places(), row(), row(number=1)) == []


def test_of_copies_that_differ_the_earliest_counts() -> None:
    stream = Stream()
    stream.sell("one", 2, arrives=2, sales=5)
    stream.sell("one", 1, arrives=3, sales=7)
    stream.beat(30)
    assert compared(stream.places(), row("7.00")) == []


def test_what_is_recorded_as_late_is_not_in_the_sum() -> None:
    stream = Stream()
    stream.sell("one", 1)
    stream.beat(30)
    late = stream.sell("two", 2, arrives=31)
    places = stream.places({late: "late"})
    assert counts(places) == {"heartbeats": 2, "counted": 1, "late": 1}
    assert compared(places, row()) == []


def test_a_late_copy_of_a_sale_that_was_counted_is_a_duplicate() -> None:
    stream = Stream()
    stream.sell("one", 1)
    stream.beat(30)
    late = [stream.sell(name, 1, arrives=31) for name in ("one", "two", "two")]
    places = stream.places(dict.fromkeys(late, "late"))
    assert counts(places) == {"heartbeats": 2, "counted": 1, "late": 1, "duplicates": 2}


def test_the_disorder_is_the_most_by_which_a_sale_came_behind_its_shard() -> None:
    stream = Stream()
    stream.sell("one", at=9, arrives=9)
    stream.sell("two", at=6, arrives=9.5)
    stream.sell("three", at=1, arrives=9.6, shard=SHARDS[1])
    stream.sell("four", at=8, arrives=9.7)
    assert stream.places().disorder == 3000


def test_a_late_sale_is_out_of_order_and_a_copy_is_not() -> None:
    stream = Stream()
    stream.sell("one", at=1)
    stream.sell("two", at=60)
    copy = stream.sell("one", at=1, arrives=60)
    assert stream.places({copy: "late"}).disorder == 0
    late = stream.sell("three", at=20, arrives=61)
    assert stream.places({copy: "late", late: "late"}).disorder == 40_000


def test_to_record_as_late_what_was_in_time_is_a_difference() -> None:
    stream = Stream()
    late = stream.sell("one", 1)
    stream.beat(30)
    [found] = compared(stream.places({late: "late"}))
    assert (found.what, found.stored) == ("sale in time", "recorded as late")
    assert found.record == f"{late.shard_id}/{late.sequence_number}"


def test_a_malformed_event_has_to_be_recorded() -> None:
    stream = Stream()
    malformed = stream.sell("one", store_id=None)
    stream.beat(30)
    [found] = compared(stream.places())
    assert (found.what, found.stored, found.may_settle) == ("malformed event", "not recorded", True)
    places = stream.places({malformed: "malformed"})
    assert compared(places) == []
    assert counts(places) == {"heartbeats": 2, "malformed": 1}


def test_a_malformed_event_that_came_just_now_is_not_missed_yet() -> None:
    stream = Stream()
    stream.sell("one", store_id=None)
    stream.beat(12)
    assert counts(stream.places()) == {"heartbeats": 2, "open": 1}
    assert compared(stream.places()) == []


@pytest.mark.parametrize(
    ("store_id", "reason", "what"),
    [("store_1", "malformed", "well-formed sale"), (None, "late", "malformed event")],
)
def test_a_wrong_reason_is_a_difference(store_id: Any, reason: str, what: str) -> None:
    stream = Stream()
    record = stream.sell("one", store_id=store_id)
    stream.beat(30)
    [found] = compared(stream.places({record: reason}))
    assert (found.what, found.stored) == (what, f"recorded as {reason}")


def test_a_record_that_the_stream_does_not_have_is_a_difference() -> None:
    stream = Stream()
    stream.beat(1)
    stream.beat(2)
    inside, before, after = (RecordId("shard-0", number) for number in ("101", "1", "999"))
    expired = RecordId("shard-9", "101")
    found = compared(stream.places(dict.fromkeys((inside, before, after, expired), "late")))
    assert [one.record for one in found] == ["shard-0/101"]


def test_windows_that_the_stream_has_forgotten_are_left_out() -> None:
    stream = Stream()
    stream.sell("old", 1)
    stream.sell("new", 11)
    stream.beat(30)
    places = stream.places(first=START * 1000)
    assert counts(places) == {"heartbeats": 2, "counted": 1, "skipped": 1}
    assert compared(places, row("77"), row(number=1)) == []


def test_what_is_no_event_at_all_is_told_apart() -> None:
    stream = Stream()
    stream.add(b"no json", 1)
    assert counts(stream.places()) == {"unreadable": 1}


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


@given(st.integers(0, 4_000_000_000_000))
def test_written_times_can_be_read_again(milliseconds: int) -> None:
    assert windowing.read(windowing.written(milliseconds)) == milliseconds


def remembered(stream: Stream, age: timedelta) -> tuple[datetime, int]:
    """Since when, and from which window on, a stream of that age has every event."""
    summary = {
        "StreamName": "sales",
        "StreamARN": "arn:aws:kinesis:eu-west-1:000000000000:stream/sales",
        "StreamStatus": "ACTIVE",
        "RetentionPeriodHours": 24,
        "StreamCreationTimestamp": datetime.now(timezone.utc) - age,
        "EnhancedMonitoring": [],
        "OpenShardCount": 2,
    }
    answer = Answer("describe_stream_summary", {"StreamDescriptionSummary": summary})
    with stubbed("kinesis", answer) as kinesis:
        return records.memory(kinesis, "sales", stream.ledger.oldest_arrival)


def test_a_young_stream_has_forgotten_nothing() -> None:
    stream = Stream()
    stream.sell(at=1)
    since, complete_after = remembered(stream, timedelta(hours=23))
    assert complete_after == 0
    assert timedelta(hours=22) < datetime.now(timezone.utc) - since < timedelta(hours=24)


def test_an_old_stream_has_every_event_of_windows_that_began_after_its_oldest_record() -> None:
    stream = Stream()
    stream.sell(at=1, arrives=3)
    assert remembered(stream, timedelta(hours=25)) == (
        datetime.fromtimestamp(START + 3, timezone.utc),
        (START + 3) * 1000,
    )


def test_an_old_stream_that_is_empty_has_no_window_of_before() -> None:
    now = int(time.time()) * 1000
    _, complete_after = remembered(Stream(), timedelta(days=9))
    assert now <= complete_after <= time.time() * 1000


def test_the_windows_are_those_of_the_deployed_application() -> None:
    application = Application(
        "name",
        "RUNNING",
        1,
        "analytics/code.zip",
        2,
        1,
        {"windows": {"length.seconds": "60", "allowed.lateness.seconds": "2.5"}},
        None,
    )
    assert application.windowing == Windowing(60_000, 2_500)
    with pytest.raises(
        ApplicationError, match=r"no property 'length.seconds' in a group 'windows'"
    ):
        _ = replace(application, properties={}).windowing
