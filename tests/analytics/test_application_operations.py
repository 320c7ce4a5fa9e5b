"""The application's state, its last change, and how it is brought to rest."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from miztiik_events.analytics import application, lifecycle
from miztiik_events.patience import Patience
from stubs import Answer, Refusal, stubbed


def seen_as(status: str) -> Answer:
    detail = {
        "ApplicationARN": "arn:aws:kinesisanalytics:eu-west-1:111122223333:application/a",
        "ApplicationName": "a",
        "RuntimeEnvironment": "FLINK-1_20",
        "ApplicationStatus": status,
        "ApplicationVersionId": 1,
        "CreateTimestamp": datetime(2026, 1, 1, tzinfo=timezone.utc),
    }
    return Answer("describe_application", {"ApplicationDetail": detail})


def stop(force: bool) -> Answer:
    return Answer("stop_application", {}, {"ApplicationName": "a", "Force": force})


STOPPED, FORCED = "application stopped", "application stopped by force, without a snapshot"

HANGS = "its stop has not ended after 0 s: stopping it by force"


def rests(*answers: Any, **how: float) -> list[str]:
    """What was told of it."""
    told: list[str] = []
    with stubbed("kinesisanalyticsv2", *answers) as flink:
        lifecycle.bring_to_rest(flink, "a", Patience(60), told.append, **how)
    return told


def test_a_running_application_is_stopped_with_a_snapshot() -> None:
    stopping = seen_as("STOPPING"), seen_as("STOPPING"), seen_as("READY")
    assert rests(seen_as("RUNNING"), stop(force=False), *stopping) == [STOPPED]


def test_an_application_at_rest_is_left_alone() -> None:
    assert rests(seen_as("READY")) == []
    assert rests(seen_as("ROLLED_BACK")) == []
    assert rests(seen_as("DELETING")) == []
    assert rests(Refusal("describe_application", "ResourceNotFoundException")) == []


def test_a_starting_application_is_stopped_by_force() -> None:
    assert rests(seen_as("STARTING"), stop(force=True), seen_as("READY")) == [FORCED]


def test_an_application_whose_snapshot_failed_is_stopped_by_force() -> None:
    told = rests(
        seen_as("RUNNING"),
        stop(force=False),
        seen_as("RUNNING"),
        stop(force=True),
        seen_as("READY"),
    )
    assert told == [FORCED]


def test_a_stop_that_hangs_is_forced_once_and_said() -> None:
    told = rests(
        seen_as("RUNNING"),
        stop(force=False),
        seen_as("STOPPING"),
        stop(force=True),
        seen_as("STOPPING"),
        seen_as("FORCE_STOPPING"),
        seen_as("READY"),
        hangs_after=0,
    )
    assert told == [HANGS, FORCED]


def test_a_stop_that_somebody_else_began_is_waited_for_and_forced_when_it_hangs() -> None:
    assert rests(seen_as("STOPPING"), seen_as("READY")) == []
    told = rests(seen_as("STOPPING"), stop(force=True), seen_as("READY"), hangs_after=0)
    assert told[-1] == FORCED


def test_force_that_is_refused_is_tried_again() -> None:
    refused = Refusal("stop_application", "ResourceInUseException")
    stopping = seen_as("STOPPING")
    told = rests(stopping, refused, stopping, stop(force=True), seen_as("READY"), hangs_after=0)
    assert told == [HANGS, FORCED]


def test_an_application_that_changes_its_state_meanwhile_is_looked_at_again() -> None:
    refused = Refusal("stop_application", "ResourceInUseException")
    told = rests(seen_as("RUNNING"), refused, seen_as("STOPPING"), seen_as("READY"))
    assert told == [STOPPED]


def listed(*names: str, more: str = "") -> Answer:
    operations = [
        {
            "Operation": name,
            "OperationId": name,
            "StartTime": datetime(2026, 1, 1, tzinfo=timezone.utc),
            "OperationStatus": "SUCCESSFUL",
        }
        for name in names
    ]
    response: dict[str, Any] = {"ApplicationOperationInfoList": operations}
    if more:
        response["NextToken"] = more
    return Answer("list_application_operations", response)


def test_the_last_change_is_no_snapshot() -> None:
    answers = (listed("CreateApplicationSnapshot", more="x"), listed("StopApplication"))
    with stubbed("kinesisanalyticsv2", *answers) as flink:
        found = application.newest_change(flink, "a")
    assert found
    assert (found.name, found.ended) == ("StopApplication", None)


def test_an_application_that_nobody_has_started_has_no_last_change() -> None:
    with stubbed("kinesisanalyticsv2", listed()) as flink:
        assert application.newest_change(flink, "a") is None
