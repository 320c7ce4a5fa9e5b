"""Why the analytics application did not start or stop, and what to do about it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Literal

from . import application_log, causes, misfit
from .analytics import Application
from .errors import ApplicationError, WaitTimeoutError
from .patience import Patience

if TYPE_CHECKING:
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client
    from mypy_boto3_kinesisanalyticsv2.type_defs import (
        ApplicationOperationInfoDetailsTypeDef as Details,
    )
    from mypy_boto3_logs import CloudWatchLogsClient

# CloudWatch shows a line some seconds after it was written.
LOG_DELAY_SECONDS = 15.0

Verb = Literal["StartApplication", "StopApplication"]


def newest(flink: KinesisAnalyticsV2Client, name: str, verb: Verb) -> Details | None:
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


def of_start(
    flink: KinesisAnalyticsV2Client, logs: CloudWatchLogsClient, application: Application
) -> ApplicationError:
    """The error for the newest start, with the root cause out of the application's log."""
    operation = newest(flink, application.name, "StartApplication")
    cause = (operation and _logged(logs, application, operation)) or _told(operation)
    return ApplicationError(
        f"application {application.name} did not start; it is {application.status}\n"
        f"  {cause}\n"
        f"  {_advice(cause)}"
    )


def of_stop(name: str, operation: Details) -> ApplicationError:
    """The error for a stop after which it goes on running."""
    return ApplicationError(
        f"application {name} goes on running: it could not be stopped with a snapshot\n"
        f"  {_told(operation)}\n"
        "  Next: miztiik-events stop-analytics again, or with --force (the next start then "
        "goes back to the snapshot before)"
    )


def _advice(cause: str) -> str:
    if misfit.is_told(cause):
        return (
            f"{misfit.MEANING}\n"
            "  Next: deploy the program from before; or: miztiik-events start-analytics --from none"
            f"\n  {misfit.REREAD}"
        )
    return "Next: miztiik-events logs analytics --since 15m; mend it; deploy; start-analytics again"


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
    return causes.of_stack_trace(said) or "The service gives no reason"
