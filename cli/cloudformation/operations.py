"""One stack to its desired state, or away: the changes, and the waiting with a listener."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypedDict

from ..errors import StackError
from ..text import command
from . import change_sets, changes, history, outside, stacks, template
from .change_sets import ChangeSet, Desired, Kind
from .events import Tail, failure, since, stuck
from .progress import Listener, Note, Outcome, StackBegun, StackEvent, verb
from .stacks import Stack

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef

    from ..patience import Looks, Patience
    from .template import Template

SUCCEEDED = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
# How often to look when somebody else comes in between, and how long to wait before the next look.
MOST_LOOKS = 5
PAUSE_SECONDS = 1.0
# How often to look for the end of an operation among the events of a stack that is gone.
LATE_LOOKS = 10
REMOVE_CAUSE = "remove the cause, then deploy again"
_OUTCOMES: dict[Kind, Outcome] = {"CREATE": "created", "UPDATE": "updated"}


class _Role(TypedDict, total=False):
    RoleARN: str


@dataclass(frozen=True)
class Applied:
    """A stack that is as desired, and what it took."""

    stack: Stack
    outcome: Outcome


@dataclass(frozen=True)
class Operator:
    """Who carries out operations on stacks: the client, how long it waits, whom it tells.

    `wait` is for how many seconds it waits for what somebody else has begun. With `recovers`, a
    stack that failed is rolled back where it was not, without the resources in `skip`. One that
    does not wait (`waits`) applies no change to its end, and leaves alone what is under way.
    """

    cloudformation: CloudFormationClient
    patience: Patience
    listener: Listener
    wait: float = math.inf
    recovers: bool = False
    skip: frozenset[str] = frozenset()
    waits: bool = True
    role_arn: str | None = None

    def apply(self, desired: Desired, live: Stack | None) -> Applied:
        """Bring the stack to its desired state; when it is so already, one GetTemplate is all.

        When somebody else comes in between, it is done again from a fresh look. Raises StackError
        with the first real cause, also when somebody comes in between again and again.
        """
        from botocore.exceptions import ClientError

        for look in range(1, MOST_LOOKS + 1):
            try:
                return self._applied(desired, live)
            except ClientError as error:
                if not change_sets.is_conflict(error):
                    raise
                if look == MOST_LOOKS:
                    raise refused(self.cloudformation, desired.stack, error) from error
            self.listener(Note(desired.stack, "somebody else is changing it; looking again"))
            self.patience.pause(f"stack {desired.stack}", PAUSE_SECONDS)
            live = stacks.describe(self.cloudformation, desired.stack)
        raise AssertionError("the last look returns or raises")

    def _applied(self, desired: Desired, live: Stack | None) -> Applied:
        if live and live.is_busy and not self.waits:
            return Applied(live, "begun")
        live = self._fit_for_update(live)
        if live:
            # A rollback that was waited for may have taken a parameter away again.
            desired = replace(desired, kept=desired.kept & live.parameters.keys())
            todo = still_to_do(self.cloudformation, desired, live)
            if todo is None:
                return Applied(live, "unchanged")
            desired = todo
        kind: Kind = "UPDATE" if live else "CREATE"
        change_set = change_sets.create(self.cloudformation, desired, kind, self.patience)
        if change_set:
            if desired.is_express:
                self._refuse_express_replacement(desired, change_set)
            if not self.waits:
                return Applied(self._begin(change_set, desired.template), "begun")
            return Applied(self._execute(change_set, desired.template), _OUTCOMES[kind])
        if live:
            return Applied(live, "unchanged")
        raise StackError(desired.stack, "CloudFormation finds nothing to create in its template")

    def give(self, stack: Stack, values: Mapping[str, str]) -> None:
        """Update the stack's parameters and wait; when it has these values, nothing happens.

        What is under way in it is waited for first. Raises StackError with the real cause.
        """
        from botocore.exceptions import ClientError

        live = self.settle(stack)
        if live is None:
            raise StackError(stack.name, "it is gone", next_step=command("deploy"))
        if values.items() <= live.parameters.items():
            return
        tail = Tail(self.cloudformation, live.id)
        try:
            self.cloudformation.update_stack(
                StackName=live.id,
                UsePreviousTemplate=True,
                Parameters=[_parameter(name, values) for name in live.parameters],
                Capabilities=["CAPABILITY_NAMED_IAM"],
                ClientRequestToken=change_sets.token(),
            )
        except ClientError as error:
            if change_sets.is_conflict(error):
                raise refused(self.cloudformation, live.name, error) from error
            raise
        self._finish(tail, live.name, live.id, command("status --why"))

    def delete(self, stack: Stack, resources: int = 0) -> None:
        """Delete the stack, of so many resources (0: not known), and wait until it is gone.

        Raises StackError with the real cause.
        """
        from botocore.exceptions import ClientError

        tail = Tail(self.cloudformation, stack.id)
        self.listener(StackBegun(stack.name, "delete", resources))
        try:
            self.cloudformation.delete_stack(
                StackName=stack.id, ClientRequestToken=change_sets.token(), **self._role
            )
        except ClientError as error:
            raise change_sets.of_role(stack.name, error) or error from None
        events, left = self.follow(tail, stack.name, stack.id)
        if left:
            cause = self._cause(stack.name, stack.id, events)
            raise failure(left.name, left, cause, "remove the cause, then destroy again")

    @property
    def _role(self) -> _Role:
        """Without one, CloudFormation acts as the role that the stack was last given, if any."""
        return {"RoleARN": self.role_arn} if self.role_arn else {}

    def settle(self, stack: Stack) -> Stack | None:
        """The stack as it is when nothing is under way in it (any more); None when it is gone.

        Until then, the listener is told what happens in it.
        """
        if not stack.is_busy:
            return stacks.describe(self.cloudformation, stack.id)
        self.listener(Note(stack.name, f"is already in {stack.status}; waiting for it to finish"))
        self.listener(StackBegun(stack.name, verb(stack.status), 0, is_ours=False))
        tail = Tail(self.cloudformation, stack.id)
        state: Stack | None = stack
        for _ in (looks := self.patience.at_most(self.wait).looks(f"stack {stack.name}")):
            self._tell(tail, looks)
            state = stacks.describe(self.cloudformation, stack.id)
            if state is None or not state.is_busy:
                break
        self._tell(tail, looks)
        return state

    def protect(self, stack: Stack, is_protected: bool | None) -> None:
        """Switch the stack's termination protection on or off; None leaves it as it is."""
        if is_protected in (None, stack.is_protected):
            return
        self.cloudformation.update_termination_protection(
            StackName=stack.id, EnableTerminationProtection=bool(is_protected)
        )
        self.listener(Note(stack.name, f"termination protection {'on' if is_protected else 'off'}"))

    def _fit_for_update(self, live: Stack | None) -> Stack | None:
        """The stack when an update can start from it; None when it has to be created."""
        live = self.settle(live) if live and live.is_busy else live
        # Somebody else may be about to fill a shell: it is not ours to delete, but can be created.
        if live is None or live.is_shell:
            return None
        if live.can_be_rolled_back and self.recovers:
            live = self._recover(live)
        if live.status == "ROLLBACK_COMPLETE":
            self.listener(Note(live.name, f"was never created ({live.status}): deleting it first"))
            self.delete(live)
            return None
        if live.has_failed:
            raise stuck(self.cloudformation, live)
        return live

    def _recover(self, live: Stack) -> Stack:
        """The stack, rolled back to the end, without the resources in `skip`."""
        tail = Tail(self.cloudformation, live.id)
        if live.status in stacks.UNFINISHED:
            self.listener(Note(live.name, f"is {live.status}: rolling it back"))
            self.cloudformation.rollback_stack(
                StackName=live.id, ClientRequestToken=change_sets.token(), **self._role
            )
        else:
            resources = stacks.failed_resources(self.cloudformation, live)
            failed = {resource.logical_id for resource in resources}
            self.listener(Note(live.name, f"is {live.status}: continuing the rollback"))
            self.cloudformation.continue_update_rollback(
                StackName=live.id,
                ResourcesToSkip=sorted(self.skip & failed),
                ClientRequestToken=change_sets.token(),
                **self._role,
            )
        events, stack = self.follow(tail, live.name, live.id)
        if stack and stack.status in ("UPDATE_ROLLBACK_COMPLETE", "ROLLBACK_COMPLETE"):
            return stack
        next_step = "remove the cause, or leave the resource out: deploy --recover --skip ID"
        raise failure(live.name, stack, self._cause(live.name, live.id, events), next_step)

    def _refuse_express_replacement(self, desired: Desired, change_set: ChangeSet) -> None:
        """Express mode does not wait for a replacement to work before what it replaces goes."""
        replaced = changes.replaced(changes.of(self.cloudformation, change_set))
        if not replaced:
            return
        change_sets.discard(self.cloudformation, change_set)
        raise StackError(
            desired.stack,
            f"--express is refused: it would replace {', '.join(replaced)}",
            path=desired.template.path,
            next_step="deploy without --express; deploy --plan shows what is replaced",
        )

    def _execute(self, change_set: ChangeSet, template: Template) -> Stack:
        tail = Tail(self.cloudformation, change_set.stack_id)
        resources = len(template.resources)
        self.listener(StackBegun(change_set.stack, verb(change_set.kind), resources))
        change_sets.execute(self.cloudformation, change_set)
        return self._finish(tail, change_set.stack, change_set.stack_id, REMOVE_CAUSE, template)

    def _begin(self, change_set: ChangeSet, template: Template) -> Stack:
        """Start the change; the stack as it is then. Raises StackError for one that ended at once.

        A creation that failed in this moment is being deleted, or is deleted already.
        """
        name, stack_id = change_set.stack, change_set.stack_id
        change_sets.execute(self.cloudformation, change_set)
        begun = stacks.describe(self.cloudformation, stack_id)
        if begun and not (change_set.kind == "CREATE" and begun.is_failing):
            return begun
        for look in self.patience.looks(f"stack {name}"):
            cause = self._cause(name, stack_id, since(self.cloudformation, stack_id))
            if cause or look == LATE_LOOKS:
                break
        raise failure(name, begun, cause, REMOVE_CAUSE, template)

    def _finish(
        self,
        tail: Tail,
        name: str,
        stack_id: str,
        next_step: str,
        template: Template | None = None,
    ) -> Stack:
        """Wait for the end of a creation or an update; the stack as it is then."""
        events, stack = self.follow(tail, name, stack_id)
        if stack and stack.status in SUCCEEDED:
            return stack
        cause = self._cause(name, stack_id, events)
        raise failure(name, stack, cause, next_step, template)

    def _cause(self, name: str, stack_id: str, events: Sequence[StackEvent]) -> StackEvent | None:
        return history.cause(self.cloudformation, name, stack_id, events)

    def follow(self, tail: Tail, name: str, stack_id: str) -> tuple[list[StackEvent], Stack | None]:
        """Tell the listener what happens until the operation is over; its events, and what is."""
        events: list[StackEvent] = []
        for _ in (looks := self.patience.looks(f"stack {name}")):
            events += self._tell(tail, looks)
            stack = stacks.describe(self.cloudformation, stack_id)
            # Only events tell that it began: for a moment a stack still shows its state of before.
            # Only the stack tells that it is over: a failed creation is followed by a deletion.
            # Either may be late: it is over when both say so.
            if stack is None or _end(events) == stack.status:
                break
        return events + self._last(tail, name, events), stack

    def _last(self, tail: Tail, name: str, before: Sequence[StackEvent]) -> list[StackEvent]:
        """The events of the end, of which the stack itself may tell sooner than they do."""
        events: list[StackEvent] = []
        for look in (looks := self.patience.looks(f"stack {name}")):
            events += self._tell(tail, looks)
            if look == LATE_LOOKS or _end([*before, *events]):
                break
        return events

    def _tell(self, tail: Tail, looks: Looks) -> list[StackEvent]:
        fresh = tail.fresh()
        for event in fresh:
            self.listener(event)
            looks.hurry()
        return fresh


def still_to_do(
    cloudformation: CloudFormationClient, desired: Desired, live: Stack
) -> Desired | None:
    """The desired state, with the defaults that are new; None when the stack is so already.

    That is, when parameters, tags and template are what it has, and all that counts.
    """
    values = (*desired.parameters.values(), *live.parameters.values())
    is_alike = (
        not outside.may_have_changed(desired.template, values)
        and live.parameters.keys() == desired.parameters.keys() | desired.kept
        and all(live.parameters[key] == value for key, value in desired.parameters.items())
        and live.tags == desired.tags
    )
    others = _other_than_defaults(desired, live)
    if not is_alike and not others:
        return desired
    body = stacks.body(cloudformation, live.id)
    fresh = new_defaults(desired, live, body)
    if is_alike and not fresh and outside.says_the_same(body, desired.template.body):
        return None
    given = {**desired.parameters, **fresh}
    return replace(desired, parameters=given, kept=desired.kept - fresh.keys())


def new_defaults(desired: Desired, live: Stack, body: str) -> dict[str, str]:
    """The defaults that have changed since the stack's template, `body`, where nobody gave a value.

    What it has was the default, so it is the default.
    """
    others = _other_than_defaults(desired, live)
    before = template.defaults(body) if others else {}
    return {name: new for name, new in others.items() if before.get(name) == live.parameters[name]}


def _other_than_defaults(desired: Desired, live: Stack) -> dict[str, str]:
    """The defaults of the parameters that keep another value, as far as it can be seen."""
    kept = (desired.template.parameters.get(name) for name in desired.kept)
    return {
        one.name: one.default
        for one in kept
        if one
        and one.default is not None
        and one.default != live.parameters[one.name]
        and not one.is_secret
    }


def _end(events: Sequence[StackEvent]) -> str:
    """The stack's status at the end of these events; empty when they go on."""
    own = [event.status for event in events if event.resource == event.stack]
    return "" if not own or own[-1].endswith("_IN_PROGRESS") else own[-1]


def refused(cloudformation: CloudFormationClient, name: str, error: ClientError) -> StackError:
    """The error of what CloudFormation refused for what has become of the stack since our look.

    Either it has failed, or somebody else is at work on it.
    """
    live = stacks.describe(cloudformation, name)
    if live and live.status.endswith("_FAILED"):
        return stuck(cloudformation, live)
    return StackError(
        name,
        f"somebody else is changing it at the same time: {error.response['Error'].get('Message')}",
        next_step="wait until they are done, then deploy again",
    )


def _parameter(name: str, values: Mapping[str, str]) -> ParameterTypeDef:
    if name in values:
        return {"ParameterKey": name, "ParameterValue": values[name]}
    return {"ParameterKey": name, "UsePreviousValue": True}
