"""One stack to its desired state, or away: the changes, and the waiting with a listener."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import change_sets, stacks
from .change_sets import ChangeSet, Desired, Kind
from .errors import StackError
from .progress import Listener, Note, Outcome, StackBegun, StackEvent, Verb
from .stack_events import Tail, first_cause
from .stacks import Stack

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

    from .patience import Patience
    from .template import Template

SUCCEEDED = ("CREATE_COMPLETE", "UPDATE_COMPLETE")


@dataclass(frozen=True)
class Applied:
    """A stack that is as desired, and what it took."""

    stack: Stack
    outcome: Outcome


@dataclass(frozen=True)
class Operator:
    """Who carries out operations on stacks: the client, how long it waits, whom it tells."""

    cloudformation: CloudFormationClient
    patience: Patience
    listener: Listener

    def apply(self, desired: Desired, live: Stack | None) -> Applied:
        """Bring the stack to its desired state; when it is so already, one GetTemplate is all.

        Raises StackError with the first real cause.
        """
        live = self._fit_for_update(live)
        if live and is_as_desired(self.cloudformation, desired, live):
            return Applied(live, "unchanged")
        kind: Kind = "UPDATE" if live else "CREATE"
        change_set = change_sets.create(self.cloudformation, desired, kind, self.patience)
        if change_set:
            return Applied(self._execute(change_set, desired.template), _OUTCOMES[kind])
        if live:
            return Applied(live, "unchanged")
        raise StackError(desired.stack, "CloudFormation finds nothing to create in its template")

    def delete(self, stack: Stack, resources: int = 0) -> None:
        """Delete the stack, of so many resources (0: not known), and wait until it is gone.

        Raises StackError with the real cause.
        """
        tail = Tail(self.cloudformation, stack.id)
        self.listener(StackBegun(stack.name, "delete", resources))
        self.cloudformation.delete_stack(StackName=stack.id, ClientRequestToken=change_sets.token())
        events, left = self._follow(tail, stack.name, stack.id)
        if left:
            raise _failure(left.name, left, events, "remove the cause, then destroy again")

    def settle(self, stack: Stack) -> Stack | None:
        """The stack as it is when nothing is under way in it (any more); None when it is gone."""
        if stack.is_busy:
            self.listener(Note(stack.name, f"is in {stack.status} already; waiting for its end"))
        states = (
            stacks.describe(self.cloudformation, stack.id)
            for _ in self.patience.looks(f"stack {stack.name}")
        )
        return next(state for state in states if state is None or not state.is_busy)

    def _fit_for_update(self, live: Stack | None) -> Stack | None:
        """The stack when an update can start from it; None when it has to be created."""
        if live and live.is_busy:
            live = self.settle(live)
        if live is None:
            return None
        if live.is_shell or live.status == "ROLLBACK_COMPLETE":
            self.listener(Note(live.name, f"was never created ({live.status}): deleting it first"))
            self.delete(live)
            return None
        if live.has_failed:
            raise StackError(live.name, f"{live.status}: {live.reason}", next_step=_way_out(live))
        return live

    def _execute(self, change_set: ChangeSet, template: Template) -> Stack:
        tail = Tail(self.cloudformation, change_set.stack_id)
        verb = _VERBS[change_set.kind]
        self.listener(StackBegun(change_set.stack, verb, len(template.resources)))
        change_sets.execute(self.cloudformation, change_set)
        events, stack = self._follow(tail, change_set.stack, change_set.stack_id)
        if stack and stack.status in SUCCEEDED:
            return stack
        next_step = "remove the cause, then deploy again"
        raise _failure(change_set.stack, stack, events, next_step, template)

    def _follow(
        self, tail: Tail, name: str, stack_id: str
    ) -> tuple[list[StackEvent], Stack | None]:
        """Tell the listener what happens until the operation is over; its events, and what is."""
        events: list[StackEvent] = []
        for _ in self.patience.looks(f"stack {name}"):
            events += self._tell(tail)
            stack = stacks.describe(self.cloudformation, stack_id)
            # Only events tell that it began: for a moment a stack still shows its state of before.
            # Only the stack tells that it is over: a failed creation is followed by a deletion.
            if stack is None or (_is_over(events) and not stack.is_busy):
                break
        return events + self._tell(tail), stack

    def _tell(self, tail: Tail) -> list[StackEvent]:
        fresh = tail.fresh()
        for event in fresh:
            self.listener(event)
        return fresh


_OUTCOMES: dict[Kind, Outcome] = {"CREATE": "created", "UPDATE": "updated"}
_VERBS: dict[Kind, Verb] = {"CREATE": "create", "UPDATE": "update"}


def is_as_desired(cloudformation: CloudFormationClient, desired: Desired, live: Stack) -> bool:
    """Whether parameters, tags and template are what the stack has already."""
    return (
        live.parameters.keys() == desired.parameters.keys() | desired.kept
        and all(live.parameters[key] == value for key, value in desired.parameters.items())
        and live.tags == desired.tags
        and stacks.body(cloudformation, live.id) == desired.template.body
    )


def _is_over(events: Sequence[StackEvent]) -> bool:
    own = [event.status for event in events if event.resource == event.stack]
    return bool(own) and not own[-1].endswith("_IN_PROGRESS")


def _failure(
    name: str,
    stack: Stack | None,
    events: Sequence[StackEvent],
    next_step: str,
    template: Template | None = None,
) -> StackError:
    cause = first_cause(events)
    if cause is None:
        reason = f"{stack.status}: {stack.reason}" if stack else "it was rolled back and deleted"
        return StackError(name, reason, next_step=next_step)
    place = template.place(cause.resource) if template else None
    resource = f"{cause.resource} ({cause.type})"
    return StackError(name, f"{cause.status}: {cause.reason}", resource, place, next_step)


def _way_out(stack: Stack) -> str:
    if stack.status == "UPDATE_ROLLBACK_FAILED":
        return f"aws cloudformation continue-update-rollback --stack-name {stack.name}"
    return f"aws cloudformation delete-stack --stack-name {stack.name}, then deploy again"
