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
