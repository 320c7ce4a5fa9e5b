"""Why something of a project failed, found out after the fact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING

from ..analytics import application, failures, log, recomputation
from ..cloudformation import history, stacks, template_folder
from ..cloudformation.history import Past
from ..cloudformation.stacks import Stack
from ..patience import side_by_side
from ..text import command
from .inspection import allowed, application_health

if TYPE_CHECKING:
    from importlib.abc import Traversable

    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client
    from mypy_boto3_logs import CloudWatchLogsClient

    from ..cloudformation.progress import StackEvent

# For how long a failed creation of which nothing is left is still told.
MEMORY = timedelta(hours=24)
# The component that logs what an application says, by the output that names the application.
APPLICATIONS = {application.OUTPUT: "analytics", recomputation.OUTPUT: "recomputation"}


@dataclass(frozen=True)
class Failure:
    """The first real cause of a failure: what failed, where, why, and what to run next.

    `status` is what the stack or the application has come to; `is_over` says that nothing broken is
    left of it. `place` is `file:line` of the resource in the template, when it is one of ours.
    """

    subject: str
    status: str
    at: datetime
    reason: str
    next_step: str
    is_over: bool = False
    logical_id: str = ""
    type: str = ""
    place: str = ""


def of_project(
    session: boto3.session.Session, project: str, templates: Traversable | None = None
) -> list[Failure]:
    """Of the project's stacks and of its application, as far as we may see them.

    The places are those in this folder of templates; None stands for that of this package.
    """
    cloudformation = session.client("cloudformation")
    deployed = stacks.of_project(cloudformation, project)
    failed = of_stacks(cloudformation, project, deployed, templates)
    refused: dict[str, str] = {}
    for stack in deployed.values():
        for output in APPLICATIONS.keys() & stack.outputs.keys():
            clients = (session.client("kinesisanalyticsv2"), session.client("logs"))
            look = partial(of_application, *clients, project, stack, output)
            failed += allowed(look, stack.outputs[output], refused) or []
    return [*failed, *_unseen(refused)]


def of_stacks(
    cloudformation: CloudFormationClient,
    project: str,
    deployed: Mapping[str, Stack],
    templates: Traversable | None = None,
) -> list[Failure]:
    """Of the last operation of each stack, and of creations of which nothing is left."""
    refused: dict[str, str] = {}
    live = [Past(stack.name, stack.id, stack.status, stack.updated) for stack in deployed.values()]
    deleted = allowed(partial(_deleted, cloudformation, project), "deleted stacks", refused) or []
    suspects = [*live, *(past for past in deleted if past.name not in deployed)]
    with side_by_side(stacks.PARALLEL_CALLS) as pool:
        causes = zip(suspects, pool.map(partial(_cause, cloudformation), suspects))
        failed = [_of_stack(project, past, cause, templates) for past, cause in causes if cause]
    return [*failed, *_unseen(refused)]


def of_application(
    flink: KinesisAnalyticsV2Client,
    logs: CloudWatchLogsClient,
    project: str,
    stack: Stack,
    output: str = application.OUTPUT,
) -> list[Failure]:
    """Of the last operation on this application of the stack: one, or none if all is well.

    With the root cause out of the application's log, if it has one.
    """
    health = application_health(flink, stack, output)
    operation = health.operation
    if not health.problem or not operation:
        return []
    stream = application.describe(flink, health.name).log_stream
    logged = log.cause(logs, stream, operation.started) if stream else None
    return [
        Failure(
            subject=health.name,
            status=f"{operation.name} {operation.status}, now {health.status}",
            at=operation.ended or operation.started,
            reason=logged or application.failure(flink, health.name, operation),
            next_step=command(f"logs {APPLICATIONS[output]}", project),
        )
    ]


def _unseen(refused: Mapping[str, str]) -> Iterator[Failure]:
    now = datetime.now(timezone.utc)
    next_step = "ask for the permission, or use another --profile"
    for subject, answer in refused.items():
        yield Failure(subject, "not known", now, answer, next_step, is_over=True)


def _cause(cloudformation: CloudFormationClient, past: Past) -> StackEvent | None:
    failures = history.failures(cloudformation, past)
    return history.cause(cloudformation, past.name, past.id, failures)


def _of_stack(
    project: str, past: Past, cause: StackEvent, templates: Traversable | None
) -> Failure:
    is_own = cause.resource == past.name
    source = template_folder.find(past.name.removeprefix(f"{project}-"), templates)
    return Failure(
        subject=past.name,
        status=past.status,
        at=cause.at,
        reason=f"{cause.status}: {cause.reason}" if cause.reason else cause.status,
        next_step=_next_step(past, cause.reason, project),
        is_over=not past.status.endswith("_FAILED") and past.status != "ROLLBACK_COMPLETE",
        logical_id="" if is_own else cause.resource,
        type="" if is_own else cause.type,
        place=source.place(cause.resource) if source and cause.resource in source.resources else "",
    )


def _next_step(past: Past, reason: str, project: str) -> str:
    status = past.status
    if failures.tells_of_misfit(reason):
        return failures.way_out()
    if status in ("UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"):
        plan = command("deploy --plan", project)
        return f"the stack is as it was before; {plan} shows what still differs from its template"
    words = "deploy"
    if status in (*stacks.UNFINISHED, "UPDATE_ROLLBACK_FAILED"):
        words = "deploy --recover"
    elif status.endswith("_FAILED") and not status.startswith("IMPORT_"):
        # It never came to be, or somebody has begun to delete it.
        words = f"destroy {past.name}"
    return f"remove the cause, then {command(words, project)}"


def _deleted(cloudformation: CloudFormationClient, project: str) -> list[Past]:
    """The project's stacks that were deleted lately, of each name the last one."""
    since = datetime.now(timezone.utc) - MEMORY
    deletions = history.deletions(cloudformation, f"{project}-", since)
    return [past for past in deletions if history.project_of(cloudformation, past) == project]
