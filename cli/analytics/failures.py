"""Why the analytics application did not start or stop, and what to do about it."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Literal

from ..errors import ApplicationError, WaitTimeoutError
from ..patience import Patience
from . import log
from .application import Application

if TYPE_CHECKING:
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client
    from mypy_boto3_kinesisanalyticsv2.type_defs import (
        ApplicationOperationInfoDetailsTypeDef as Details,
    )
    from mypy_boto3_logs import CloudWatchLogsClient

# CloudWatch shows a line some seconds after it was written.
LOG_DELAY_SECONDS = 15.0

_MISFIT = re.compile(r"allowNonRestoredState|Failed to rollback to|StateMigration|state serializer")
MISFIT = (
    "The program has changed so that the state of the one before does not fit it any more: the "
    "sales of the windows that are open have no place in it. An aggregate, a key or a step that is "
    "new or gone does that; another filter or another expression for a column does not. To skip "
    "that state, as Flink proposes, would lose them."
)
REREAD = (
    "It reads the stream again from its oldest record. Windows that were written before come "
    "again, the oldest from a part of its events; rows that differ from those before contradict "
    "them, and verify says so"
)
# After an update that was taken back: the application runs as before it.
WAY_OUT = (
    "take the change back; or: miztiik-events stop-analytics, then deploy, then start-analytics "
    f"--from none. {REREAD}"
)

Verb = Literal["StartApplication", "StopApplication"]


def newest_operation(flink: KinesisAnalyticsV2Client, name: str, verb: Verb) -> Details | None:
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
    operation = newest_operation(flink, application.name, "StartApplication")
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
    if tells_of_misfit(cause):
        return (
            f"{MISFIT}\n"
            "  Next: deploy the program from before; or: miztiik-events start-analytics --from none"
            f"\n  {REREAD}"
        )
    return "Next: miztiik-events logs analytics --since 15m; mend it; deploy; start-analytics again"


def _logged(logs: CloudWatchLogsClient, application: Application, operation: Details) -> str | None:
    found = None
    with contextlib.suppress(WaitTimeoutError):
        for _ in Patience(LOG_DELAY_SECONDS if application.log_stream else 0).looks("the log"):
            if application.log_stream:
                found = log.cause(logs, application.log_stream, operation["StartTime"])
            if found:
                break
    return found


def _told(operation: Details | None) -> str:
    details = operation.get("OperationFailureDetails", {}) if operation else {}
    said = details.get("ErrorInfo", {}).get("ErrorString", "")
    return log.of_stack_trace(said) or "The service gives no reason"


def tells_of_misfit(text: str) -> bool:
    """Whether it is the reason in what Flink says."""
    return bool(_MISFIT.search(text))
