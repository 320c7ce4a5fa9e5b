"""Each record of the stream in its one place."""

from __future__ import annotations

from typing import Any

import pytest

from audited_stream import SHARDS, Stream, compared, counts, row


def test_a_window_is_open_until_every_open_shard_is_past_its_end_the_lateness_and_a_margin() -> (
    None
):
    stream = Stream()
    stream.sell()
    stream.beat(60, SHARDS[:1])
    assert counts(stream.places()) == {"heartbeats": 1, "open": 1}
    stream.beat(17.9, SHARDS[1:])
    assert stream.places().counts["open"] == 1
    stream.beat(18, SHARDS[1:])
    assert stream.places().counts["counted"] == 1
    assert [one.what for one in compared(stream.places())] == ["missing row"]


def test_a_closed_shard_holds_no_window_open() -> None:
    stream = Stream(open={"shard-0": True, "shard-1": False})
    stream.sell(shard="shard-1")
    stream.beat(18, ["shard-0"])
    assert stream.places().counts["counted"] == 1


def test_copies_count_as_one_within_their_window() -> None:
    stream = Stream()
    stream.sell("one", 1)
    stream.sell("one", 2, shard=SHARDS[1])
    stream.sell("one", 11)
    stream.beat(30)
    assert counts(stream.places()) == {"heartbeats": 2, "counted": 2, "duplicates": 1}
    assert compared(stream.places(), row(), row(number=1)) == []


def test_of_copies_that_differ_the_first_in_the_shard_counts() -> None:
    """Whichever happened first, and also when arrivals go back by some milliseconds."""
    stream = Stream()
    stream.sell("one", 2, arrives=3, sales=5)
    stream.sell("one", 1, arrives=2.999, sales=7)
    stream.beat(30)
    assert compared(stream.places(), row("5.00")) == []
    assert [one.what for one in compared(stream.places(), row("7.00"))] == ["revenue"]


def test_what_arrived_after_its_windows_end_and_the_lateness_is_not_in_the_sum() -> None:
    stream = Stream()
    stream.sell("one", 9, arrives=14.999)
    late = stream.sell("two", 9, arrives=15)
    stream.beat(30)
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


def test_the_lag_is_the_most_by_which_a_sale_arrived_after_it_happened() -> None:
    stream = Stream()
    stream.sell("one", at=9, arrives=9)
    stream.sell("two", at=6, arrives=9.5)
    stream.sell("three", at=8, arrives=9.7, shard=SHARDS[1])
    assert stream.places().lag == 3500


def test_a_late_sale_has_a_lag_and_a_copy_has_none() -> None:
    stream = Stream()
    stream.sell("one", at=1)
    copy = stream.sell("one", at=1, arrives=60)
    assert stream.places({copy: "late"}).lag == 0
    late = stream.sell("three", at=20, arrives=61)
    assert stream.places({copy: "late", late: "late"}).lag == 41_000


@pytest.mark.parametrize("reason", ["late", "overtaken"])
def test_to_set_aside_what_was_in_time_is_a_difference(reason: str) -> None:
    """Overtaken as well, when nothing that arrived can have closed its window."""
    stream = Stream()
    sale = stream.sell("one", 1)
    stream.beat(17.9)
    places = stream.places({sale: reason})
    [found] = places.differences
    assert (found.what, found.stored) == ("sale in time", f"recorded as {reason}")
    assert found.record == f"{sale.shard_id}/{sale.sequence_number}"


def test_a_sale_that_another_shard_has_overtaken_is_told_apart() -> None:
    stream = Stream()
    stream.beat(18, SHARDS[1:])
    sale = stream.sell("one", 1)
    stream.beat(18)
    places = stream.places({sale: "overtaken"})
    assert compared(places) == []
    assert counts(places) == {"heartbeats": 3, "overtaken": 1}


def test_a_late_sale_is_recorded_as_late_and_as_nothing_else() -> None:
    stream = Stream()
    late = stream.sell("one", 1, arrives=15)
    stream.beat(30)
    for reason, stored in (("overtaken", "recorded as overtaken"), (None, "not recorded")):
        places = stream.places({late: reason} if reason else {})
        [found] = compared(places)
        assert (found.what, found.stored, found.may_settle) == ("late sale", stored, not reason)
    [found] = compared(stream.places({late: "late"}), row())
    assert found.what == "row too many"


def test_a_late_sale_that_came_just_now_is_not_missed_yet() -> None:
    stream = Stream()
    stream.sell("one", 1, arrives=16)
    assert counts(stream.places()) == {"open": 1}
    assert compared(stream.places()) == []


def test_a_reason_that_nobody_knows_is_a_difference() -> None:
    stream = Stream()
    sale = stream.sell("one", 1)
    stream.beat(30)
    assert [one.what for one in compared(stream.places({sale: "weather"}))] == ["unknown reason"]


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
    [
        ("store_1", "malformed", "well-formed sale"),
        (None, "late", "malformed event"),
        (None, "overtaken", "malformed event"),
    ],
)
def test_a_wrong_reason_is_a_difference(store_id: Any, reason: str, what: str) -> None:
    stream = Stream()
    record = stream.sell("one", store_id=store_id)
    stream.beat(30)
    [found] = compared(stream.places({record: reason}))
    assert (found.what, found.stored) == (what, f"recorded as {reason}")
