"""What has happened in a stack: the failures of its last operation, and how far it has come.

DescribeEvents knows operations, and failed validations of change sets, which a stack's own events
do not tell. Where it says nothing, the stack's own events do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ..errors import TemplateError
from . import stacks, template
from .events import BEGINNINGS, ROLLBACKS, first_cause, of_failed_operations, since
from .progress import StackEvent

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import OperationEventTypeDef, StackSummaryTypeDef

    from .stacks import Stack

EVER = datetime.min.replace(tzinfo=timezone.utc)
CREATED = "CREATE_COMPLETE"
STACK = "AWS::CloudFormation::Stack"
# With these words a reason says that the reason is told elsewhere.
_POINTERS = ("DescribeEvents", "hook(s) failed")
# What stands for a resource's status in an event that has none.
_STATUSES = {"VALIDATION_ERROR": "VALIDATION_FAILED", "HOOK_INVOCATION_ERROR": "HOOK_FAILED"}


@dataclass(frozen=True)
class Past:
    """A stack as it was left: one that is there, or a deleted one."""

    name: str
    id: str
    status: str
    updated: datetime

    @property
    def has_failed(self) -> bool:
        """Whether its last operation did, though the stack may be as it was before."""
        status = self.status
        return status.endswith("_FAILED") or "ROLLBACK_COMPLETE" in status


def cause(
    cloudformation: CloudFormationClient, name: str, stack_id: str, events: Sequence[StackEvent]
) -> StackEvent | None:
    """The first real cause among the events of an operation that failed, or to which they point.

    That is in the operation's own events when a validation or a hook failed, and in the events of a
    nested stack. None when nothing failed.
    """
    found = first_cause(events)
    if found and _points_elsewhere(found):
        operation = last_failed_operation(cloudformation, name, stack_id)
        found = first_cause([event for event in operation if event.at >= events[0].at]) or found
    while found and _is_nested(found):
        inner = first_cause(since(cloudformation, found.physical_id, BEGINNINGS))
        if inner is None:
            break
        found = inner
    return found


def _points_elsewhere(event: StackEvent) -> bool:
    return event.resource == event.stack or any(words in event.reason for words in _POINTERS)


def _is_nested(event: StackEvent) -> bool:
    return event.type == STACK and event.resource != event.stack and bool(event.physical_id)


def failures(cloudformation: CloudFormationClient, past: Past) -> list[StackEvent]:
    """The failed events of its last operation, in the order they happened; empty if it went well.

    Of a deleted stack, those of its creation.
    """
    operation = last_failed_operation(cloudformation, past.name, past.id)
    if past.has_failed:
        return operation or _failed(since(cloudformation, past.id, _beginnings(past)))
    if past.status == "DELETE_COMPLETE":
        events = since(cloudformation, past.id)
        was_created = any(
            event.resource == past.name and event.status == CREATED for event in events
        )
        return [] if was_created else (operation or _failed(events))
    return [event for event in operation if event.at > past.updated and _is_of_change_set(event)]


def _beginnings(past: Past) -> tuple[str, ...]:
    # When the rollback failed as well, what has to be mended is what failed in the rollback.
    return BEGINNINGS + (ROLLBACKS if past.status.endswith("ROLLBACK_FAILED") else ())


def last_failed_operation(
    cloudformation: CloudFormationClient, name: str, stack_id: str
) -> list[StackEvent]:
    """What failed in the last operation on the stack of which DescribeEvents tells a failure."""
    events = of_failed_operations(cloudformation, {"StackName": stack_id})
    newest = max(events, key=lambda event: event["Timestamp"], default=None)
    if newest is None:
        return []
    last = (event for event in events if event.get("OperationId") == newest.get("OperationId"))
    return sorted((_event(name, event) for event in last), key=lambda event: event.at)


def _event(name: str, event: OperationEventTypeDef) -> StackEvent:
    reasons = (
        event.get("ValidationStatusReason"),
        event.get("HookStatusReason"),
        event.get("ResourceStatusReason"),
    )
    return StackEvent(
        id=event["EventId"],
        stack=name,
        resource=event.get("LogicalResourceId", ""),
        physical_id=event.get("PhysicalResourceId", ""),
        type=event.get("ResourceType", ""),
        status=_STATUSES.get(event["EventType"], event.get("ResourceStatus", "OPERATION_FAILED")),
        reason=next((reason for reason in reasons if reason), ""),
        at=event["Timestamp"],
    )


def deletions(
    cloudformation: CloudFormationClient, prefix: str, since: datetime = EVER
) -> list[Past]:
    """The stacks of such names that were deleted since then, of each name the last one.

    CloudFormation tells of them for ninety days.
    """
    newest: dict[str, StackSummaryTypeDef] = {}
    listed = cloudformation.get_paginator("list_stacks")
    for page in listed.paginate(StackStatusFilter=["DELETE_COMPLETE"]):
        for summary in page["StackSummaries"]:
            if summary["StackName"].startswith(prefix) and _ended(summary) >= since:
                before = newest.setdefault(summary["StackName"], summary)
                if summary["CreationTime"] > before["CreationTime"]:
                    newest[summary["StackName"]] = summary
    return [
        Past(name, summary["StackId"], summary["StackStatus"], _ended(summary))
        for name, summary in newest.items()
    ]


def project_of(cloudformation: CloudFormationClient, past: Past) -> str | None:
    """The project that the stack's tag names; its name alone does not tell."""
    described = cloudformation.describe_stacks(StackName=past.id)["Stacks"][0]
    tags = {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}
    return tags.get(stacks.PROJECT_TAG)


def _ended(summary: StackSummaryTypeDef) -> datetime:
    return summary.get("DeletionTime") or summary["CreationTime"]


def _failed(events: Sequence[StackEvent]) -> list[StackEvent]:
    return [event for event in events if event.status.endswith("_FAILED")]


def _is_of_change_set(event: StackEvent) -> bool:
    return event.status in _STATUSES.values()


@dataclass(frozen=True)
class StackProgress:
    """How many of its resources are done, and which one has been under way longest.

    `total` is None when it is not known, as in an update, which comes only to what changes.
    `slowest` is a logical id, empty when none is under way, and `seconds` for how long it has been.
    """

    done: int
    total: int | None
    slowest: str
    seconds: float


def progress(cloudformation: CloudFormationClient, stack: Stack) -> StackProgress:
    """The progress of a stack that is busy."""
    begun: dict[str, datetime] = {}
    done: set[str] = set()
    for event in since(cloudformation, stack.id, BEGINNINGS + ROLLBACKS):
        if event.resource == event.stack:
            continue
        if event.status.endswith("_IN_PROGRESS"):
            begun.setdefault(event.resource, event.at)
            done.discard(event.resource)
        else:
            begun.pop(event.resource, None)
            done.add(event.resource)
    slowest = min(begun, key=begun.__getitem__, default="")
    return StackProgress(
        done=len(done),
        total=_total(cloudformation, stack),
        slowest=slowest,
        seconds=_age(begun[slowest]) if slowest else 0,
    )


def _total(cloudformation: CloudFormationClient, stack: Stack) -> int | None:
    if stack.status not in ("CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS"):
        return None
    try:
        body = stacks.body(cloudformation, stack.id)
        return len(template.parse(stack.name, stack.name, body).resources)
    except TemplateError:
        # Somebody else's: CloudFormation takes more than we do.
        return None


def _age(moment: datetime) -> float:
    return (datetime.now(timezone.utc) - moment).total_seconds()
