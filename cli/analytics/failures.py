"""Why the analytics application did not start or stop, or runs in vain, and what to do about it."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from ..errors import ApplicationError, WaitTimeoutError
from ..patience import Patience
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
        f"application {name} goes on running: it could not be stopped with a snapshot\n"
        f"  {failure(flink, name, operation)}\n"
        "  Next: miztiik-events stop-analytics again, or with --force (the next start then "
        "goes back to the snapshot before)"
    )


def of_code(application: Application, stack: Stack) -> str:
    """What to know when its code is not that of the stack; empty when it is.

    AWS took the last update back, or somebody changed the code past the stack.
    """
    if application.has_code_of(stack.parameters):
        return ""
    return (
        f"Its code is not what {stack.name} was deployed with: AWS takes an update back after "
        "which the job does not run. A restart does not bring it. Next: miztiik-events logs "
        "analytics --since 1d tells why; mend it, and deploy"
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
        f"It is {application.status}, but its job failed on the way and was started again:\n"
        f"  {cause}\n"
        "  Next: miztiik-events logs analytics --follow shows whether it goes on failing"
    )


def _advice(cause: str) -> str:
    if tells_of_misfit(cause):
        return (
            f"{MISFIT}\n"
            "  Next: deploy the program from before; or: miztiik-events start-analytics --from none"
            f"\n  {REREAD}"
        )
    return "Next: miztiik-events logs analytics --since 15m; mend it; deploy; start-analytics again"


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
