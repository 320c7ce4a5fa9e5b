"""Starting and stopping the application, as its states go by."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from application_detail import DETAIL
from miztiik_events.analytics import lifecycle
from miztiik_events.errors import ApplicationError, WaitTimeoutError
from miztiik_events.patience import Patience
from stubs import Answer, Refusal, stubbed

BEGAN = datetime(2026, 11, 24, 15, 0, tzinfo=timezone.utc)
LOG = [{"LogStreamARN": "arn:aws:logs:eu-west-1:0:log-group:group:log-stream:flink"}]
NAME = {"ApplicationName": "sales"}
# What Flink 1.20 says after an operator was taken out of windows.sql.
MISFIT = (
    "java.lang.IllegalStateException: Failed to rollback to checkpoint/savepoint file:/s. Cannot "
    "map checkpoint/savepoint state for operator 7 to the new program, because the operator is not "
    "available in the new program. If you want to allow to skip this, you can set the "
    "--allowNonRestoredState option on the CLI."
)


def described(status: str, **changes: Any) -> Answer:
    detail = {**DETAIL, "ApplicationStatus": status, **changes}
    return Answer("describe_application", {"ApplicationDetail": detail}, NAME)


def asked_to_start(kind: str = "RESTORE_FROM_LATEST_SNAPSHOT", **named: str) -> Answer:
    restore = {"ApplicationRestoreConfiguration": {"ApplicationRestoreType": kind, **named}}
    return Answer("start_application", {}, {**NAME, "RunConfiguration": restore})


def asked_to_stop(*, force: bool = False) -> Answer:
    return Answer("stop_application", {}, {**NAME, "Force": force})


def newest(verb: str, status: str) -> Answer:
    """The list of the application's operations, this one first."""
    operation = {"OperationId": "7", "StartTime": BEGAN, "EndTime": BEGAN}
    others = [{**operation, "Operation": "CreateApplicationSnapshot", "OperationStatus": "FAILED"}]
    newest_first = [{**operation, "Operation": verb, "OperationStatus": status}, *others]
    return Answer(
        "list_application_operations", {"ApplicationOperationInfoList": newest_first}, NAME
    )


def failure(verb: str, reason: str = "") -> Answer:
    """What the service says about that operation."""
    times = {"StartTime": BEGAN, "EndTime": BEGAN}
    operation = {"Operation": verb, "OperationStatus": "FAILED", **times}
    details = {"OperationFailureDetails": {"ErrorInfo": {"ErrorString": reason}}} if reason else {}
    return Answer(
        "describe_application_operation",
        {"ApplicationOperationInfoDetails": {**operation, **details}},
        {**NAME, "OperationId": "7"},
    )


def started(*answers: Answer | Refusal, messages: list[str] | None = None, **how: Any) -> list[str]:
    """The states that the watch was told of during a start."""
    seen: list[str] = []
    events = [{"message": message, "timestamp": 1} for message in messages or []]
    log = [Answer("filter_log_events", {"events": events})] if messages else []
    with stubbed("kinesisanalyticsv2", *answers) as flink, stubbed("logs", *log) as logs:
        lifecycle.start(flink, logs, "sales", Patience(60), seen.append, **how)
    return seen


def stopped(*answers: Answer | Refusal, force: bool = False) -> list[str]:
    seen: list[str] = []
    with stubbed("kinesisanalyticsv2", *answers) as flink:
        lifecycle.stop(flink, "sales", Patience(60), seen.append, force=force)
    return seen


def test_a_restart_stops_and_starts_again_and_tells_each_state_once() -> None:
    states: list[str] = []
    ready = described("READY")
    answers = (described("RUNNING"), asked_to_stop(), ready, ready, asked_to_start())
    answers += (described("RUNNING"),)
    with stubbed("kinesisanalyticsv2", *answers) as flink, stubbed("logs") as logs:
        lifecycle.restart(flink, logs, "sales", Patience(60), states.append)
    assert states == ["RUNNING", "READY", "RUNNING"]


def test_a_running_application_is_started_already() -> None:
    assert started(described("RUNNING")) == ["RUNNING"]


def test_a_start_waits_until_it_runs_and_tells_each_state_once() -> None:
    starting = described("STARTING")
    states = started(described("READY"), asked_to_start(), starting, starting, described("RUNNING"))
    assert states == ["READY", "STARTING", "RUNNING"]


def test_a_start_may_leave_the_snapshot_out() -> None:
    asked = asked_to_start("SKIP_RESTORE_FROM_SNAPSHOT")
    started(described("READY"), asked, described("RUNNING"), origin="none")


def test_a_start_may_go_on_from_a_snapshot_of_a_name() -> None:
    asked = asked_to_start("RESTORE_FROM_CUSTOM_SNAPSHOT", SnapshotName="before")
    started(described("READY"), asked, described("RUNNING"), origin="before")


def test_a_start_or_an_update_that_is_under_way_is_waited_for() -> None:
    assert started(described("STARTING"), described("RUNNING"))[-1] == "RUNNING"
    assert started(described("UPDATING"), described("RUNNING"))[-1] == "RUNNING"


def test_a_stop_or_an_update_at_rest_is_waited_for_and_then_it_is_started() -> None:
    for state in ("STOPPING", "UPDATING"):
        started(described(state), described("READY"), asked_to_start(), described("RUNNING"))


def test_when_somebody_else_was_faster_the_start_is_theirs() -> None:
    in_use = Refusal("start_application", "ResourceInUseException")
    started(described("READY"), in_use, described("STARTING"), described("RUNNING"))


def test_a_start_that_has_not_shown_yet_is_no_failure() -> None:
    under_way = newest("StartApplication", "IN_PROGRESS")
    ready = described("READY")
    started(ready, asked_to_start(), ready, under_way, described("RUNNING"))


def failed_start(*messages: str, reason: str = "", log: Any = LOG) -> str:
    failed = newest("StartApplication", "FAILED")
    # The service is asked for the reason when the log has none.
    asked = [] if messages else [failure("StartApplication", reason)]
    ready = described("READY", CloudWatchLoggingOptionDescriptions=log)
    with pytest.raises(ApplicationError) as error:
        started(ready, asked_to_start(), ready, failed, failed, *asked, messages=list(messages))
    return str(error.value)


def test_a_failed_start_tells_the_root_cause_out_of_the_log() -> None:
    thrown = (
        "java.lang.A: outer\n\tat b.c\nCaused by: d.E: middle\nCaused by: f.G: the cause\n\tat h"
    )
    line = {"messageType": "ERROR", "message": "Job failed", "throwableInformation": thrown}
    lines = failed_start("no json", json.dumps({"messageType": "INFO"}), json.dumps(line))
    assert lines.splitlines()[1].strip() == "f.G: the cause"
    assert "miztiik-events logs" in lines


def test_a_start_that_somebody_else_asked_for_can_fail_as_well() -> None:
    failed, reason = (
        newest("StartApplication", "FAILED"),
        failure("StartApplication", "some reason"),
    )
    with pytest.raises(ApplicationError, match="some reason"):
        started(described("STARTING"), described("READY"), failed, failed, reason)


def test_without_a_log_a_failed_start_tells_what_the_service_says() -> None:
    said = failed_start(reason="x.Y: outer\nCaused by: x.Z: inner\n\tat w", log=[])
    assert said.splitlines()[1].strip() == "x.Z: inner"
    assert "gives no reason" in failed_start(log=[])


def test_a_snapshot_that_does_not_fit_has_a_way_out_and_its_price() -> None:
    said = failed_start(reason=MISFIT, log=[])
    assert "start-analytics --from none" in said
    assert "written before come again" in said


def test_another_failure_has_nothing_to_do_with_snapshots() -> None:
    said = failed_start(reason="x.Y: some reason", log=[])
    assert "--from" not in said
    assert "miztiik-events logs analytics" in said


def test_an_application_that_is_rolled_back_is_not_waited_for() -> None:
    failed, reason = (
        newest("StartApplication", "FAILED"),
        failure("StartApplication", "some reason"),
    )
    with pytest.raises(ApplicationError, match="it is ROLLING_BACK"):
        started(described("ROLLING_BACK"), failed, reason)


def test_a_wait_that_is_too_long_ends_with_a_time_out() -> None:
    with (
        stubbed("kinesisanalyticsv2", described("STARTING")) as flink,
        pytest.raises(WaitTimeoutError, match="AWS goes on"),
    ):
        lifecycle.stop(flink, "sales", Patience(0), lambda status: None)


def test_a_stop_takes_a_snapshot_and_waits_for_rest() -> None:
    states = stopped(
        described("RUNNING"), asked_to_stop(), described("STOPPING"), described("READY")
    )
    assert states == ["RUNNING", "STOPPING", "READY"]


def test_what_is_at_rest_is_stopped_already() -> None:
    assert stopped(described("READY")) == ["READY"]


def test_a_stop_waits_for_the_start_before_it() -> None:
    stopped(described("STARTING"), described("RUNNING"), asked_to_stop(), described("READY"))


def test_a_forced_stop_waits_for_nothing() -> None:
    stopped(described("STARTING"), asked_to_stop(force=True), described("READY"), force=True)


def test_a_stop_whose_snapshot_failed_says_why_it_goes_on_running() -> None:
    failed, reason = (
        newest("StopApplication", "FAILED"),
        failure("StopApplication", "snapshot too large"),
    )
    running = described("RUNNING")
    with pytest.raises(ApplicationError, match="snapshot too large"):
        stopped(running, asked_to_stop(), running, failed, reason)


def test_a_stop_that_has_not_shown_yet_is_no_failure() -> None:
    under_way = newest("StopApplication", "IN_PROGRESS")
    running = described("RUNNING")
    stopped(running, asked_to_stop(), running, under_way, described("READY"))
