"""Undoing what is under way: an update is rolled back, what was created is deleted again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from . import change_sets, graph, stacks
from .events import Tail
from .graph import Job
from .operations import Operator
from .progress import Listener, Note, Outcome
from .stacks import Stack

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

    from ..patience import Patience


def cancel(
    cloudformation: CloudFormationClient,
    names: Sequence[str],
    listener: Listener,
    patience: Patience,
) -> None:
    """Undo the creation or update that is under way in these stacks, and wait until it is undone.

    What has ended meanwhile stays as it is. Raises the first failure, after the others have ended.
    """
    jobs = {
        name: Job(graph.timed(name, partial(_cancel, cloudformation, name, patience)))
        for name in names
    }
    endings = graph.run(jobs, listener, max(len(jobs), 1), patience.cancelled)
    graph.raise_first(endings)


def _cancel(
    cloudformation: CloudFormationClient, name: str, patience: Patience, listener: Listener
) -> Outcome:
    operator = Operator(cloudformation, patience, listener)
    stack = stacks.describe(cloudformation, name)
    if stack is None:
        return "cancelled"
    # The tail before the look: so an end that comes after the look is among the tail's events.
    tail = Tail(cloudformation, stack.id)
    stack = stacks.describe(cloudformation, stack.id)
    if stack is None or not stack.is_busy:
        return _outcome(stack)
    if stack.status == "CREATE_IN_PROGRESS":
        operator.listener(Note(name, "its creation is cancelled: it is being deleted"))
        operator.delete(stack)
        return "cancelled"
    if stack.status == "UPDATE_IN_PROGRESS" and _request_rollback(operator, stack):
        _, left = operator.follow(tail, name, stack.id)
        return _outcome(left)
    # A look may come late: of what is over already, no more events come.
    return _outcome(operator.settle(stack))


def _outcome(left: Stack | None) -> Outcome:
    # It may have been at its end already, or past the point from which an update goes back.
    ended: dict[str, Outcome] = {"CREATE_COMPLETE": "created", "UPDATE_COMPLETE": "updated"}
    return ended.get(left.status, "cancelled") if left else "cancelled"


def _request_rollback(operator: Operator, stack: Stack) -> bool:
    """Whether it will be rolled back."""
    cloudformation, token = operator.cloudformation, change_sets.token()
    try:
        cloudformation.cancel_update_stack(StackName=stack.id, ClientRequestToken=token)
        operator.listener(Note(stack.name, "its update is cancelled: it is being rolled back"))
    except cloudformation.exceptions.ClientError as error:
        # It has come to an end, or to its rollback, since we looked.
        if error.response["Error"].get("Code") != "ValidationError":
            raise
        return False
    return True
