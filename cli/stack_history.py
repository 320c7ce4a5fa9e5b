"""The failures in the last operation on a stack, found out after the fact.

DescribeEvents knows operations, and failed validations of change sets, which a stack's own events
do not tell. Where it says nothing, the stack's own events do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from .progress import StackEvent
from .stack_events import BEGINNINGS, ROLLBACKS, history

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import OperationEventTypeDef

CREATED = "CREATE_COMPLETE"
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


def failures(cloudformation: CloudFormationClient, past: Past) -> list[StackEvent]:
    """The failed events of its last operation, in the order they happened; empty if it went well.

    Of a deleted stack, those of its creation.
    """
    operation = _last_failed_operation(cloudformation, past)
    if past.has_failed:
        return operation or _failed(history(cloudformation, past.id, _beginnings(past)))
    if past.status == "DELETE_COMPLETE":
        events = history(cloudformation, past.id)
        was_created = any(one.resource == past.name and one.status == CREATED for one in events)
        return [] if was_created else (operation or _failed(events))
    return [event for event in operation if event.at > past.updated and _is_of_change_set(event)]


def _beginnings(past: Past) -> tuple[str, ...]:
    # When the rollback failed as well, what has to be mended is what failed in the rollback.
    return BEGINNINGS + (ROLLBACKS if past.status.endswith("ROLLBACK_FAILED") else ())


def _last_failed_operation(cloudformation: CloudFormationClient, past: Past) -> list[StackEvent]:
    from botocore.exceptions import ClientError

    try:
        events = list(_failed_events(cloudformation, past.id))
    except ClientError:
        # A role of before DescribeEvents may not call it; the other way is still open.
        return []
    newest = max(events, key=lambda event: event["Timestamp"], default=None)
    if newest is None:
        return []
    found = [one for one in events if one.get("OperationId") == newest.get("OperationId")]
    return sorted((_event(past, one) for one in found), key=lambda event: event.at)


def _failed_events(
    cloudformation: CloudFormationClient, stack_id: str
) -> Iterator[OperationEventTypeDef]:
    pages = cloudformation.get_paginator("describe_events").paginate(
        StackName=stack_id, Filters={"FailedEvents": True}
    )
    for page in pages:
        for event in page["OperationEvents"]:
            # A validation or a hook may only warn.
            modes = (event.get("ValidationFailureMode"), event.get("HookFailureMode"))
            if "WARN" not in modes:
                yield event


def _event(past: Past, event: OperationEventTypeDef) -> StackEvent:
    reasons = (
        event.get("ValidationStatusReason"),
        event.get("HookStatusReason"),
        event.get("ResourceStatusReason"),
    )
    return StackEvent(
        id=event["EventId"],
        stack=past.name,
        resource=event.get("LogicalResourceId", ""),
        physical_id=event.get("PhysicalResourceId", ""),
        type=event.get("ResourceType", ""),
        status=_STATUSES.get(event["EventType"], event.get("ResourceStatus", "OPERATION_FAILED")),
        reason=next((reason for reason in reasons if reason), ""),
        at=event["Timestamp"],
    )


def _failed(events: Sequence[StackEvent]) -> list[StackEvent]:
    return [event for event in events if event.status.endswith("_FAILED")]


def _is_of_change_set(event: StackEvent) -> bool:
    return event.status in _STATUSES.values()
