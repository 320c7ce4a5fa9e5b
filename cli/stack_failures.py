"""Why an operation on a stack failed, or cannot begin, as an error with the next step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import analytics, application, application_log, misfit, stacks
from .errors import StackError, StuckError
from .stack_events import first_cause

if TYPE_CHECKING:
    from datetime import datetime

    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient

    from .progress import StackEvent
    from .project import Project
    from .stacks import Stack
    from .template import Template

# So many characters at the end of a message tell that it is the same one.
LIKE_ENOUGH = 60


def failure(
    name: str,
    stack: Stack | None,
    events: Sequence[StackEvent],
    next_step: str,
    template: Template | None = None,
) -> StackError:
    """The first real cause among the events of an operation that left the stack in this state."""
    cause = first_cause(events)
    if cause is None:
        reason = f"{stack.status}: {stack.reason}" if stack else "it was rolled back and deleted"
        return StackError(name, reason, next_step=next_step)
    return StackError(
        name,
        f"{cause.status}: {cause.reason}",
        logical_id=cause.resource,
        type=cause.type,
        path=template.path if template else "",
        line=template.resources.get(cause.resource) if template else None,
        next_step=next_step,
    )


def explained(
    session: boto3.session.Session, project: Project, error: StackError, since: datetime
) -> StackError:
    """The same error, with the root cause out of its log when the analytics application failed.

    CloudFormation itself only says that the application did not come to run.
    """
    outputs = project.live[error.stack].outputs if error.stack in project.live else {}
    if error.type != application.TYPE or application.OUTPUT not in outputs:
        return error
    flink = session.client("kinesisanalyticsv2")
    stream = analytics.describe(flink, outputs[application.OUTPUT]).log_stream
    logged = application_log.cause(session.client("logs"), stream, since) if stream else None
    is_known = not logged or logged[-LIKE_ENOUGH:] in error.reason
    reason = error.reason if is_known else f"{error.reason}\n  Its log says: {logged}"
    if misfit.is_told(reason):
        return _of_application(error, f"{reason}\n  {misfit.MEANING}", misfit.WAY_OUT)
    if is_known:
        return error
    next_step = f"{error.next_step}; miztiik-events logs analytics shows more"
    return _of_application(error, reason, next_step)


def _of_application(error: StackError, reason: str, next_step: str) -> StackError:
    return StackError(
        error.stack,
        reason,
        logical_id=error.logical_id,
        type=error.type,
        path=error.path,
        line=error.line,
        next_step=next_step,
    )


def stuck(cloudformation: CloudFormationClient, stack: Stack) -> StuckError:
    """What is wrong with a stack that no update can start from, and the way out."""
    failed = [
        f"{resource.logical_id} ({resource.status}: {resource.reason})"
        for resource in stacks.failed_resources(cloudformation, stack)
    ]
    reason = f"{stack.status}: {', '.join(failed) or stack.reason or 'no reason given'}"
    if stack.status == "UPDATE_ROLLBACK_FAILED":
        way_out = (
            "remove the cause, then miztiik-events deploy --recover; or leave out what cannot be "
            "rolled back: --recover --skip LOGICAL_ID"
        )
    else:
        way_out = f"aws cloudformation delete-stack --stack-name {stack.name}, then deploy again"
    return StuckError(stack.name, reason, next_step=way_out)
