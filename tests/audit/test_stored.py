"""What the data store says: rows, and what is recorded as late or malformed."""

from __future__ import annotations

from miztiik_events.audit.ledger import RecordId
from stored_lines import LATE, result, stored_results


def test_rows_and_records_are_taken_in_and_what_is_neither_is_counted() -> None:
    late = [LATE, {"reason": "late"}, "no json"]
    with stored_results([late], [[result(), result(), {"store_id": "store_1"}]]) as stored:
        assert stored.look()
    assert stored.recorded == {RecordId("shard-0", "101"): "late"}
    assert [len(rows) for rows in stored.rows.values()] == [1]
    assert (stored.repeated_rows, stored.unreadable_lines) == (1, 3)


def test_rows_that_contradict_each_other_are_both_kept() -> None:
    with stored_results([[]], [[result(), result(revenue=9)]]) as stored:
        stored.look()
    assert [[row.revenue for row in rows] for rows in stored.rows.values()] == [[1.25, 9]]


def test_a_look_says_whether_there_was_anything_new() -> None:
    with stored_results([[], [], [LATE]], [[], [result()], []]) as stored:
        assert [stored.look() for _ in range(3)] == [False, True, True]
