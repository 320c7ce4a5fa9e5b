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


def operation(kind: str, minute: int, seconds: float = 30) -> dict[str, Any]:
    """From a quarter of a minute before a minute on."""
    began = TAKEN + timedelta(minutes=minute, seconds=-15)
    return {
        "Operation": kind,
        "OperationId": "7",
        "OperationStatus": "SUCCESSFUL",
        "StartTime": began,
        "EndTime": began + timedelta(seconds=seconds),
    }


def operated(*operations: dict[str, Any]) -> list[Answer]:
    """In two pages, the newest first."""
    newest_first, request = list(reversed(operations)), {"ApplicationName": "sales"}
    return [
        Answer(
            "list_application_operations",
            {"ApplicationOperationInfoList": newest_first[:3], "NextToken": "more"},
            request,
        ),
        Answer(
            "list_application_operations",
            {"ApplicationOperationInfoList": newest_first[3:]},
            {**request, "NextToken": "more"},
        ),
    ]


def deleted(name: str, minute: int) -> Answer:
    request = {"ApplicationName": "sales", "SnapshotName": name}
    request["SnapshotCreationTimestamp"] = TAKEN + timedelta(minutes=minute)  # type: ignore[assignment]
    return Answer("delete_application_snapshot", {}, request)


def pruned(*answers: Answer, needed: str = "latest") -> int:
    with stubbed("kinesisanalyticsv2", *answers) as flink:
        return snapshots.prune(flink, "sales", needed)


STOPS = [operation("StopApplication", minute) for minute in range(6)]
UPDATES = [operation("UpdateApplication", minute) for minute in range(6, 12)]
NAMES = [f"taken-{minute}" for minute in range(12)]


def test_the_newest_ten_of_stops_and_updates_are_kept() -> None:
    operations = operated(*STOPS, *UPDATES)
    gone = deleted("taken-1", 1), deleted("taken-0", 0)
    assert pruned(listed(*NAMES), *operations, *gone) == 2


def test_up_to_ten_nothing_is_looked_for() -> None:
    assert pruned(listed(*NAMES[:10])) == 0


def test_what_a_person_had_taken_is_kept_and_does_not_count() -> None:
    """The second and the third were taken while it ran, and started meanwhile."""
    started = operation("StartApplication", 1), operation("StopApplication", 2, seconds=5)
    operations = operated(STOPS[0], *started, *STOPS[3:], *UPDATES)
    assert pruned(listed(*NAMES), *operations) == 0
    later = [operation("StopApplication", 12)]
    operations = operated(STOPS[0], *started, *STOPS[3:], *UPDATES, *later)
    assert pruned(listed(*NAMES, "last"), *operations, deleted("taken-0", 0)) == 1


def test_what_a_start_needs_is_kept() -> None:
    operations = operated(*STOPS, *UPDATES)
    assert pruned(listed(*NAMES), *operations, deleted("taken-1", 1), needed="taken-0") == 1


def test_what_no_start_can_use_takes_no_place() -> None:
    assert pruned(listed(*NAMES, status="FAILED"), *operated(*STOPS, *UPDATES)) == 0
