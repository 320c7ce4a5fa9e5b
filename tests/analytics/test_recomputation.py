"""The second application: when it last began, and that it rests before it begins again."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from application_detail import DETAIL
from miztiik_events.analytics import recomputation
from miztiik_events.errors import ApplicationError
from miztiik_events.patience import Patience
from stubs import Answer, stubbed

BEGAN = datetime(2026, 11, 24, 15, 0, tzinfo=timezone.utc)


def described(status: str) -> Answer:
    return Answer(
        "describe_application", {"ApplicationDetail": {**DETAIL, "ApplicationStatus": status}}
    )


def operations(*newest_first: str) -> Answer:
    listed = [
        {
            "Operation": name,
            "OperationId": str(number),
            "StartTime": BEGAN.replace(minute=59 - number),
            "OperationStatus": "SUCCESSFUL",
        }
        for number, name in enumerate(newest_first)
    ]
    return Answer("list_application_operations", {"ApplicationOperationInfoList": listed})


def brought_to_rest(*answers: Any, restart: bool = False) -> None:
    with stubbed("kinesisanalyticsv2", *answers) as flink:
        recomputation.bring_to_rest(flink, "sales", Patience(60), restart=restart)


def test_it_began_with_its_newest_start() -> None:
    newest_first = operations("StopApplication", "StartApplication", "StartApplication")
    with stubbed("kinesisanalyticsv2", newest_first) as flink:
        assert recomputation.last_start(flink, "sales") == BEGAN.replace(minute=58)


def test_what_has_never_begun_says_how_it_does() -> None:
    with (
        stubbed("kinesisanalyticsv2", operations()) as flink,
        pytest.raises(ApplicationError, match="start-analytics --from TIME"),
    ):
        recomputation.last_start(flink, "sales")


def test_what_rests_is_left_alone() -> None:
    brought_to_rest(described("READY"))


def test_one_that_runs_is_not_stopped_unless_it_is_to_be_restarted() -> None:
    with pytest.raises(ApplicationError, match="a recomputation is already RUNNING"):
        brought_to_rest(described("RUNNING"))


def test_a_restart_stops_it_without_a_snapshot() -> None:
    stop = Answer("stop_application", {}, {"ApplicationName": "sales", "Force": True})
    running = described("RUNNING")
    brought_to_rest(running, running, stop, described("READY"), restart=True)
