"""How long a stream on this machine keeps a record and an iterator, and what that costs."""

from __future__ import annotations

import time
from typing import Any

import pytest

from miztiik_events.local.gaps import kinesis_retention

pytestmark = pytest.mark.aws
HOUR = 3600


@pytest.fixture(scope="module")
def kinesis() -> Any:
    """MiniStack's module, with the gap filled."""
    from ministack.services import kinesis

    kinesis_retention.fill()
    return kinesis


class Record(dict[str, Any]):
    """A record, or an iterator, of MiniStack's that counts how often anybody looks at its time."""

    looks = 0

    def __getitem__(self, name: str) -> Any:
        Record.looks += 1
        return super().__getitem__(name)


def stream(*ages: float) -> dict[str, Any]:
    """MiniStack's note of a stream: a shard of records so many seconds old, and an empty one."""
    now = time.time()
    records = [Record(ApproximateArrivalTimestamp=now - age) for age in ages]
    return {
        "RetentionPeriodHours": 24,
        "shards": {"full": {"records": records}, "": {"records": []}},
    }


def test_records_go_when_their_time_is_over(kinesis: Any) -> None:
    held = stream(25 * HOUR, 24 * HOUR + 1, 24 * HOUR - 60, 0)
    kept = held["shards"]["full"]["records"][2:]
    kinesis._expire_records(held)
    assert held["shards"]["full"]["records"] == kept


def test_a_long_stream_costs_no_more_than_a_short_one(kinesis: Any) -> None:
    Record.looks = 0
    kinesis._expire_records(stream(*[HOUR] * 1000))
    assert Record.looks == 1


def test_iterators_go_after_five_minutes_and_cost_no_more_when_they_are_many(
    kinesis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    iterators = {
        f"iterator {number}": Record(created_at=now - age)
        for number, age in enumerate([600, 301, *[299] * 1000])
    }
    monkeypatch.setattr(kinesis._shard_iterators, "_data", iterators)
    Record.looks = 0
    kinesis._expire_iterators()
    assert next(iter(iterators)) == "iterator 2"
    assert (len(iterators), Record.looks) == (1000, 3)
