"""Why the analytics application did not start or stop, or runs in vain, and what to do about it."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from ..errors import ApplicationError, WaitTimeoutError
from ..patience import Patience
from ..text import command
from . import log
from .application import NO_REASON, Application, Operation, failure, newest_operation

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client
    from mypy_boto3_logs import CloudWatchLogsClient

    from ..cloudformation.stacks import Stack

# CloudWatch shows a line some seconds after it was written.
LOG_DELAY_SECONDS = 15.0

_MISFIT = re.compile(r"allowNonRestoredState|Failed to rollback to|StateMigration|state serializer")
MISFIT = (
    "The program has changed so much that the saved state no longer fits it: the sales of the "
    "windows that are still open have no place in it. Adding or removing an aggregate, a key or a "
    "step does that; changing a filter or a column's expression does not. Skipping that state, as "
    "Flink suggests, would lose those sales."
)
REREAD = (
    "It reads the stream again from its oldest record. Windows that were written before come "
    "again, the oldest with only part of its events; verify reports rows that contradict earlier "
    "ones"
)


def way_out() -> str:
    """After an update that was taken back: the application runs as before it."""
    return (
        f"take the change back; or: {command('stop-analytics')}, then deploy, then start-analytics "
        f"--from none. {REREAD}"
    )


def of_start(
    flink: KinesisAnalyticsV2Client, logs: CloudWatchLogsClient, application: Application
) -> ApplicationError:
    """The error for the newest start, with the root cause out of the application's log."""
    operation = newest_operation(flink, application.name, "StartApplication")
    if operation:
        cause = _logged(logs, application, operation) or failure(flink, application.name, operation)
    else:
        cause = NO_REASON
    return ApplicationError(
        f"application {application.name} did not start; it is {application.status}\n"
        f"  {cause}\n"
        f"  {_advice(cause)}"
    )


def of_stop(flink: KinesisAnalyticsV2Client, name: str, operation: Operation) -> ApplicationError:
    """The error for a stop after which it goes on running."""
    return ApplicationError(
        f"application {name} is still running: it could not be stopped with a snapshot\n"
        f"  {failure(flink, name, operation)}\n"
        f"  Next: {command('stop-analytics')} again, or with --force (the next start then "
        "goes back to the snapshot before)"
    )


def of_code(application: Application, stack: Stack) -> str:
    """What to know when its code is not that of the stack; empty when it is.

    AWS took the last update back, or somebody changed the code past the stack.
    """
    if application.has_code_of(stack.parameters):
        return ""
    return (
        f"Its code is not what {stack.name} was deployed with: AWS rolls back an update after "
        "which the job does not run, and a restart does not change that. Next: find the cause with "
        f"{command('logs analytics --since 1d')}, fix it, and deploy"
    )


def of_job(logs: CloudWatchLogsClient, application: Application, since: datetime) -> str:
    """Why a job that runs does nothing but fail, as without the right to read the stream.

    Empty when it has not failed since then.
    """
    stream = application.log_stream
    cause = log.task_failure(logs, stream, since) if stream else None
    if not cause:
        return ""
    return (
        f"It is {application.status}, but its job has failed meanwhile and was restarted:\n"
        f"  {cause}\n"
        f"  Next: {command('logs analytics --follow')} shows whether it keeps failing"
    )


def _advice(cause: str) -> str:
    if tells_of_misfit(cause):
        return (
            f"{MISFIT}\n"
            "  Next: deploy the program from before; or: "
            f"{command('start-analytics --from none')}\n  {REREAD}"
        )
    return (
        f"Next: find the cause with {command('logs analytics --since 15m')}, fix it, deploy, and "
        "start-analytics again"
    )


def _logged(
    logs: CloudWatchLogsClient, application: Application, operation: Operation
) -> str | None:
    """The cause out of the log, which is given the time to show it."""
    cause = None
    with contextlib.suppress(WaitTimeoutError):
        for _ in Patience(LOG_DELAY_SECONDS if application.log_stream else 0).looks("the log"):
            if application.log_stream:
                cause = log.cause(logs, application.log_stream, operation.started)
            if cause:
                break
    return cause


def tells_of_misfit(text: str) -> bool:
    """Whether it is the reason in what Flink says."""
    return bool(_MISFIT.search(text))
