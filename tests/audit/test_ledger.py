"""What the stream holds, record by record."""

from __future__ import annotations

from audited_stream import Stream, compared, counts
from miztiik_events.audit.ledger import RecordId


def test_a_record_that_the_stream_does_not_have_is_a_difference() -> None:
    stream = Stream()
    stream.beat(1)
    stream.beat(2)
    inside, before, after = (RecordId("shard-0", number) for number in ("101", "1", "999"))
    expired = RecordId("shard-9", "101")
    found = compared(stream.places(dict.fromkeys((inside, before, after, expired), "late")))
    assert [one.record for one in found] == ["shard-0/101"]


def test_what_is_no_event_at_all_is_told_apart() -> None:
    stream = Stream()
    stream.add(b"no json", 1)
    assert counts(stream.places()) == {"unreadable": 1}


def test_what_is_no_event_is_where_the_job_says_it_is() -> None:
    stream = Stream()
    stream.beat(1)
    skipped, recorded, late = (stream.add(b'{"detail": NaN}', second) for second in (2, 3, 4))
    places = stream.places({recorded: "malformed", late: "late"})
    assert counts(places) == {"heartbeats": 2, "unreadable": 1, "malformed": 1, "late": 1}
    assert compared(places) == []
    assert skipped not in places.recorded
