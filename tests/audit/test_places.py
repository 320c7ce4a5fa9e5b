"""Each record of the stream in its one place."""

from __future__ import annotations

from typing import Any

import pytest

from audited_stream import SHARDS, Stream, compared, counts, row


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
