"""Starting and stopping the analytics application, and waiting until that is done.

CloudFormation never starts an application, and boto3 has no waiters for one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal

from . import analytics, application_log
from .analytics import Application
from .errors import ApplicationError, WaitTimeoutError
from .patience import Patience

if TYPE_CHECKING:
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client
    from mypy_boto3_kinesisanalyticsv2.type_defs import (
        ApplicationOperationInfoDetailsTypeDef as Details,
    )
    from mypy_boto3_logs import CloudWatchLogsClient

RUNNING = ("RUNNING", "AUTOSCALING")
UNUSABLE = ("DELETING", "ROLLING_BACK", "ROLLED_BACK")
# CloudWatch shows a line some seconds after it was written.
LOG_DELAY_SECONDS = 15.0

Watch = Callable[[str], None]
Verb = Literal["StartApplication", "StopApplication"]


def start(
    flink: KinesisAnalyticsV2Client,
    logs: CloudWatchLogsClient,
    name: str,
    patience: Patience,
    watch: Watch,
    *,
    skip_snapshot: bool = False,
) -> Application:
    """Start it where its latest snapshot was, unless it runs already, and wait until it does.

    A stop that is under way is waited for first. `watch` is told each new status. Raises
    ApplicationError, with the root cause out of the application's log, when it does not come to
    run.
    """
    has_begun = False
    for application in _looks("Start", flink, name, patience, watch):
        status = application.status
        if status in RUNNING:
            break
        if status in UNUSABLE or (status == "READY" and has_begun and _start_ended(flink, name)):
            raise _no_start(flink, logs, application)
        if status == "READY" and not has_begun:
            has_begun = request_start(flink, name, skip_snapshot=skip_snapshot)
        has_begun = has_begun or status == "STARTING"
    return application


def request_start(
    flink: KinesisAnalyticsV2Client, name: str, *, skip_snapshot: bool = False
) -> bool:
    """Have it started, without waiting; False when it is not in the state for it."""
    # Without any snapshot yet, the latest one is none: right for the first start, too.
    kind: Any = "SKIP_RESTORE_FROM_SNAPSHOT" if skip_snapshot else "RESTORE_FROM_LATEST_SNAPSHOT"
    try:
        flink.start_application(
            ApplicationName=name,
            RunConfiguration={"ApplicationRestoreConfiguration": {"ApplicationRestoreType": kind}},
        )
    except flink.exceptions.ResourceInUseException:
        return False
    return True


def stop(
    flink: KinesisAnalyticsV2Client,
    name: str,
    patience: Patience,
    watch: Watch,
    *,
    force: bool = False,
) -> Application:
    """Stop it with a snapshot, or without one by `force`, and wait until it is READY.

    Without force, a start that is under way is waited for first. Raises ApplicationError when it
    goes on running, which it does when the snapshot fails.
    """
    has_begun = False
    for application in _looks("Stop", flink, name, patience, watch):
        status = application.status
        if status == "READY":
            break
        if status in RUNNING and has_begun:
            _check_stop(flink, name)
        elif status in RUNNING or (force and not has_begun):
            has_begun = request_stop(flink, name, force=force)
    return application


def request_stop(flink: KinesisAnalyticsV2Client, name: str, *, force: bool = False) -> bool:
    """Have it stopped, without waiting; False when it is not in the state for it."""
    try:
        flink.stop_application(ApplicationName=name, Force=force)
    except flink.exceptions.ResourceInUseException:
        return False
    return True


def _looks(
    what: str, flink: KinesisAnalyticsV2Client, name: str, patience: Patience, watch: Watch
) -> Iterator[Application]:
    status = ""
    for _ in patience.looks(f"{what} of application {name}"):
        application = analytics.describe(flink, name)
        if application.status != status:
            status = application.status
            watch(status)
        yield application


def _newest(flink: KinesisAnalyticsV2Client, name: str, verb: Verb) -> Details | None:
    """The application's latest operation of that kind, whoever asked for it."""
    listed = flink.list_application_operations(ApplicationName=name, Operation=verb, Limit=1)
    for operation in listed["ApplicationOperationInfoList"]:
        # Not every service that speaks this protocol filters by kind.
        if operation.get("Operation") == verb:
            answer = flink.describe_application_operation(
                ApplicationName=name, OperationId=operation["OperationId"]
            )
            return answer["ApplicationOperationInfoDetails"]
    return None


def _start_ended(flink: KinesisAnalyticsV2Client, name: str) -> bool:
    operation = _newest(flink, name, "StartApplication")
    return operation is None or operation["OperationStatus"] != "IN_PROGRESS"


def _no_start(
    flink: KinesisAnalyticsV2Client, logs: CloudWatchLogsClient, application: Application
) -> ApplicationError:
    operation = _newest(flink, application.name, "StartApplication")
    cause = (operation and _logged(logs, application, operation)) or _told(operation)
    return ApplicationError(
        f"application {application.name} did not start; it is {application.status}\n"
        f"  {cause}\n"
        "  Next: miztiik-events logs --since 15m; when its snapshot does not fit the program any "
        "more: miztiik-events start-analytics --skip-snapshot"
    )


def _logged(logs: CloudWatchLogsClient, application: Application, operation: Details) -> str | None:
    found = None
    with contextlib.suppress(WaitTimeoutError):
        for _ in Patience(LOG_DELAY_SECONDS if application.log_stream else 0).looks("the log"):
            if application.log_stream:
                found = application_log.cause(logs, application.log_stream, operation["StartTime"])
            if found:
                break
    return found


def _told(operation: Details | None) -> str:
    details = operation.get("OperationFailureDetails", {}) if operation else {}
    said = details.get("ErrorInfo", {}).get("ErrorString", "")
    return application_log.innermost(said) or "The service gives no reason"


def _check_stop(flink: KinesisAnalyticsV2Client, name: str) -> None:
    operation = _newest(flink, name, "StopApplication")
    if operation and operation["OperationStatus"] != "IN_PROGRESS":
        raise ApplicationError(
            f"application {name} goes on running: it could not be stopped with a snapshot\n"
            f"  {_told(operation)}\n"
            "  Next: miztiik-events stop-analytics again, or with --force (the next start then "
            "goes back to the snapshot before)"
        )
