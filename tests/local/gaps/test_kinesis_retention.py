"""How long a stream on this machine keeps a record, and what it costs to see to it."""

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
    """A record of MiniStack's that counts how often anybody looks at its time."""

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
