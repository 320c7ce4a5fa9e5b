"""The audit as a whole: what it waits for, and what it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from audited_stream import WINDOWS, Stream
from miztiik_events.audit import audit
from miztiik_events.audit.audit import Audit
from miztiik_events.audit.places import Difference
from stored_lines import result, stored_results


def settled(*looks: Sequence[Any], wait: float = 60) -> tuple[list[str], list[str]]:
    """What differs in the end, and what was said meanwhile; `looks` are the rows new at each."""
    stream, said = Stream(), list[str]()
    stream.sell()
    stream.beat(30)
    with stored_results([[]] * len(looks), looks) as stored:
        _, differences = audit.settled(stream.ledger, WINDOWS, 0, stored, wait, said.append)
    return [difference.what for difference in differences], said


def test_what_agrees_is_not_waited_for() -> None:
    assert settled([result()]) == ([], [])


def test_what_is_on_its_way_is_waited_for() -> None:
    assert settled([], [result()]) == ([], ["1 result is not in the data store yet"])


def test_a_look_without_news_says_nothing_again() -> None:
    differences, said = settled([], [], [result()])
    assert (differences, len(said)) == ([], 1)


def test_what_has_not_come_when_the_wait_is_over_is_a_difference() -> None:
    differences, said = settled([], wait=0)
    assert (differences, len(said)) == (["missing row"], 1)


def test_what_no_delivery_can_change_is_not_waited_for() -> None:
    assert settled([result(), result(store_id="store_2")]) == (["row too many"], [])


def audited(*differences: Difference) -> Audit:
    queues = {"RejectedEvents": 5, "Rule": 1, "Dispatch": 2}
    return Audit(WINDOWS, "RUNNING", [], differences, {}, {}, queues)


def test_rejected_events_are_no_dead_letters() -> None:
    assert audited().dead_letters == 3


@pytest.mark.parametrize("may_settle", [True, False])
def test_any_difference_is_disagreement(may_settle: bool) -> None:
    assert audited().agrees
    assert not audited(Difference("missing row", "", "", 1, None, may_settle=may_settle)).agrees
