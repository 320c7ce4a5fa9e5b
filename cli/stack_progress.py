"""How far the operation that is under way in a stack has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from . import stacks, template
from .errors import TemplateError
from .stack_events import BEGINNINGS, ROLLBACKS, history

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

    from .stacks import Stack


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


def look(cloudformation: CloudFormationClient, stack: Stack) -> StackProgress:
    """The progress of a stack that is busy."""
    begun: dict[str, datetime] = {}
    done: set[str] = set()
    for event in history(cloudformation, stack.id, BEGINNINGS + ROLLBACKS):
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
        # Somebody else's, in JSON.
        return None


def _age(moment: datetime) -> float:
    return (datetime.now(timezone.utc) - moment).total_seconds()
