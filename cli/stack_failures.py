"""Why an operation on a stack failed, or cannot begin, as an error with the next step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import stacks
from .errors import StackError, StuckError
from .stack_events import first_cause

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

    from .progress import StackEvent
    from .stacks import Stack
    from .template import Template


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
