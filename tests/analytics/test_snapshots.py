"""The snapshots that a start can go on from."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from miztiik_events.analytics import snapshots
from miztiik_events.errors import ApplicationError
from stubs import Answer, stubbed

TAKEN = datetime(2026, 11, 24, 15, 0, tzinfo=timezone.utc)


def listed(*names: str, status: str = "READY") -> Answer:
    """Taken a minute after each other."""
    summaries: list[dict[str, Any]] = [
        {
            "SnapshotName": name,
            "SnapshotStatus": status,
            "ApplicationVersionId": 1,
            "SnapshotCreationTimestamp": TAKEN + timedelta(minutes=number),
        }
        for number, name in enumerate(names)
    ]
    answer = {"SnapshotSummaries": summaries}
    return Answer("list_application_snapshots", answer, {"ApplicationName": "sales"})


def refused(origin: str, answer: Answer) -> str:
    with stubbed("kinesisanalyticsv2", answer) as flink, pytest.raises(ApplicationError) as error:
        snapshots.require(flink, "sales", origin)
    return str(error.value)


@pytest.mark.parametrize("origin", ["latest", "none"])
def test_what_is_no_name_needs_no_snapshot(origin: str) -> None:
    with stubbed("kinesisanalyticsv2") as flink:
        snapshots.require(flink, "sales", origin)


def test_a_snapshot_that_is_there_is_taken() -> None:
    with stubbed("kinesisanalyticsv2", listed("before", "after")) as flink:
        snapshots.require(flink, "sales", "before")


def test_an_unknown_name_lists_those_there_are_the_newest_first() -> None:
    lines = refused("unknown", listed("before", "after")).splitlines()
    assert lines[1:3] == [
        "  2026-11-24 15:01:00  READY  after",
        "  2026-11-24 15:00:00  READY  before",
    ]


def test_a_snapshot_that_failed_is_none_to_start_from() -> None:
    assert "FAILED  before" in refused("before", listed("before", status="FAILED"))


def test_without_any_snapshot_it_says_where_they_come_from() -> None:
    assert "each stop takes one" in refused("unknown", listed())
