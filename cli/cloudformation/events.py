"""The events of a stack: what is new, what has failed, and which of them is a failure's cause."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from ..errors import StackError, StuckError
from ..text import command
from . import stacks
from .progress import StackEvent

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import (
        DescribeEventsInputPaginateTypeDef,
        OperationEventTypeDef,
        StackEventTypeDef,
    )

    from .stacks import Stack
    from .template import Template


# An operation begins with one of these of the stack itself, and so does the rollback of one.
BEGINNINGS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS")
ROLLBACKS = ("ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS")


def newest_first(cloudformation: CloudFormationClient, stack_id: str) -> Iterator[StackEvent]:
    """The stack's events, page by page as they are needed; of a deleted one as well, by its id."""
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    return (_event(event) for page in pages for event in page["StackEvents"])


class Tail:
    """The events of one stack from now on, each once, in the order they happened.

    What counts is the order of CloudFormation's list, not a clock: ours may be wrong.
    """

    def __init__(self, cloudformation: CloudFormationClient, stack_id: str) -> None:
        self._cloudformation = cloudformation
        self._stack_id = stack_id
        self._last = next((event.id for event in newest_first(cloudformation, stack_id)), "")

    def fresh(self) -> list[StackEvent]:
        """What happened since the last call."""
        events = newest_first(self._cloudformation, self._stack_id)
        fresh = list(takewhile(lambda event: event.id != self._last, events))
        if fresh:
            self._last = fresh[0].id
        return fresh[::-1]


def since(
    cloudformation: CloudFormationClient, stack_id: str, beginnings: Sequence[str] = ()
) -> list[StackEvent]:
    """What happened in the stack, in order, since the last time it came into one of these statuses.

    Without a beginning, all that CloudFormation still knows.
    """
    events: list[StackEvent] = []
    for event in newest_first(cloudformation, stack_id):
        events.append(event)
        if event.resource == event.stack and event.status in beginnings:
            break
    return events[::-1]


def of_failed_operations(
    cloudformation: CloudFormationClient, scope: DescribeEventsInputPaginateTypeDef
) -> list[OperationEventTypeDef]:
    """What failed in the operations on a stack, or in making a change set, as DescribeEvents tells.

    Empty for a role that may not call it, such as one from before it existed: what it tells only
    makes a message better.
    """
    from botocore.exceptions import ClientError

    request: DescribeEventsInputPaginateTypeDef = {**scope, "Filters": {"FailedEvents": True}}
    pages = cloudformation.get_paginator("describe_events").paginate(**request)
    try:
        events = [event for page in pages for event in page["OperationEvents"]]
    except ClientError:
        return []
    return [event for event in events if not _only_warns(event)]


def _only_warns(event: OperationEventTypeDef) -> bool:
    """Whether it is a validation or a hook that does not fail the operation."""
    return "WARN" in (event.get("ValidationFailureMode"), event.get("HookFailureMode"))


def first_cause(events: Iterable[StackEvent]) -> StackEvent | None:
    """The first failure that is not merely the consequence of another one."""
    failures = [event for event in events if event.status.endswith("_FAILED")]
    causes = (event for event in failures if not _is_consequence(event))
    return next(causes, failures[0] if failures else None)


def _is_consequence(event: StackEvent) -> bool:
    # The stack's own event only lists the resources; the others were given up for the first one.
    gave_up = event.reason.startswith("Resource ") and event.reason.endswith("cancelled")
    return gave_up or event.resource == event.stack


def _event(event: StackEventTypeDef) -> StackEvent:
    return StackEvent(
        id=event["EventId"],
        stack=event["StackName"],
        resource=event.get("LogicalResourceId", ""),
        physical_id=event.get("PhysicalResourceId", ""),
        type=event.get("ResourceType", ""),
        status=event.get("ResourceStatus", ""),
        reason=event.get("ResourceStatusReason", ""),
        at=event["Timestamp"],
    )


def failure(
    name: str,
    stack: Stack | None,
    cause: StackEvent | None,
    next_step: str,
    template: Template | None = None,
) -> StackError:
    """The error of an operation that failed by this cause and left the stack in this state."""
    own = template if cause and cause.stack == name else None
    if cause is None:
        reason = f"{stack.status}: {stack.reason}" if stack else "it was rolled back and deleted"
        return StackError(name, reason, next_step=next_step)
    return StackError(
        name,
        f"{cause.status}: {cause.reason}",
        logical_id=cause.resource,
        type=cause.type,
        path=own.path if own else "",
        line=own.resources.get(cause.resource) if own else None,
        next_step=next_step,
    )


def stuck(cloudformation: CloudFormationClient, stack: Stack) -> StuckError:
    """What is wrong with a stack that no update can start from, and the way out."""
    resources = stacks.failed_resources(cloudformation, stack)
    reasons = {resource.logical_id: resource.reason for resource in resources}
    if not all(reasons.values()):
        happened = since(cloudformation, stack.id, BEGINNINGS)
        reasons.update((event.resource, event.reason) for event in happened if event.reason)
    failed = [
        f"{resource.logical_id} ({resource.status}: {reasons[resource.logical_id]})"
        for resource in resources
    ]
    reason = f"{stack.status}: {', '.join(failed) or stack.reason or 'no reason given'}"
    return StuckError(stack.name, reason, next_step=_way_out(stack))


def _way_out(stack: Stack) -> str:
    project = stack.tags.get(stacks.PROJECT_TAG, "")
    recover = command("deploy --recover", project)
    if stack.status == "UPDATE_ROLLBACK_FAILED":
        return (
            f"remove the cause, then {recover}; or leave out what cannot be rolled back: "
            "--recover --skip LOGICAL_ID"
        )
    if stack.status in stacks.UNFINISHED:
        return f"remove the cause, then {recover}, which rolls it back first"
    if stack.status.startswith("IMPORT_"):
        # What was imported was there before the stack, and would go with it.
        return f"aws cloudformation describe-stack-events --stack-name {stack.name}"
    if project:
        delete = command(f"destroy {stack.name}", project)
        return f"{delete}, which deletes it with its data; then deploy again"
    return f"aws cloudformation delete-stack --stack-name {stack.name}, then deploy again"
