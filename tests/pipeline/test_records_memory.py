"""How far back windows can be computed again: as far as the stream has every event."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from audited_stream import START, Stream
from miztiik_events.errors import ApplicationError
from miztiik_events.pipeline import records
from stubs import Answer, stubbed


def stream(age: timedelta, hours: int = 24) -> Answer:
    summary: dict[str, Any] = {
        "StreamName": "sales",
        "StreamARN": "arn:aws:kinesis:eu-west-1:000000000000:stream/sales",
        "StreamStatus": "ACTIVE",
        "RetentionPeriodHours": hours,
        "StreamCreationTimestamp": datetime.now(timezone.utc) - age,
        "EnhancedMonitoring": [],
        "OpenShardCount": 1,
    }
    return Answer("describe_stream_summary", {"StreamDescriptionSummary": summary})


def require(moment_ago: timedelta, answer: Answer) -> None:
    with stubbed("kinesis", answer) as client:
        moment = datetime.now(timezone.utc) - moment_ago
        records.require_memory(client, "sales", moment)


def test_what_the_stream_has_forgotten_is_refused_with_the_oldest_time() -> None:
    with pytest.raises(ApplicationError, match="keeps its events for 24 hours") as caught:
        require(timedelta(hours=25), stream(age=timedelta(days=9)))
    oldest = datetime.now(timezone.utc) - timedelta(hours=24)
    assert f"{oldest:%Y-%m-%d %H:}" in str(caught.value)


def test_what_it_still_has_is_not() -> None:
    require(timedelta(hours=23), stream(age=timedelta(days=9)))
    require(timedelta(hours=100), stream(age=timedelta(days=9), hours=168))


def test_a_stream_younger_than_that_has_everything() -> None:
    require(timedelta(hours=25), stream(age=timedelta(hours=1)))


def remembered(held: Stream, age: timedelta) -> tuple[datetime, int]:
    """Since when, and from which window on, a stream of that age has every event."""
    with stubbed("kinesis", stream(age)) as kinesis:
        return records.memory(kinesis, "sales", held.ledger.oldest_arrival)


def test_a_young_stream_has_forgotten_nothing() -> None:
    held = Stream()
    held.sell(at=1)
    since, complete_after = remembered(held, timedelta(hours=23))
    assert complete_after == 0
    assert timedelta(hours=22) < datetime.now(timezone.utc) - since < timedelta(hours=24)


def test_an_old_stream_has_every_event_of_windows_that_began_after_its_oldest_record() -> None:
    held = Stream()
    held.sell(at=1, arrives=3)
    assert remembered(held, timedelta(hours=25)) == (
        datetime.fromtimestamp(START + 3, timezone.utc),
        (START + 3) * 1000,
    )


def test_an_old_stream_that_is_empty_has_no_window_of_before() -> None:
    now = int(time.time()) * 1000
    _, complete_after = remembered(Stream(), timedelta(days=9))
    assert now <= complete_after <= time.time() * 1000
