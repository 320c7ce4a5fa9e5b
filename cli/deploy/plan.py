"""What a deploy would change, found out without changing anything.

A stack that exists is asked for by a change set, which is removed again. One that does not is read
from its template: a change set would leave an empty stack behind if we were interrupted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal

from .. import files
from ..cloudformation import change_sets, changes, graph, stacks, template
from ..cloudformation.change_sets import ChangeSet, Desired
from ..cloudformation.changes import PropertyChange, ResourceChange
from ..cloudformation.events import stuck
from ..cloudformation.graph import Job
from ..cloudformation.operations import refused, still_to_do
from ..cloudformation.progress import Listener, Note, ignore, noting
from ..cloudformation.stacks import TEMPLATE_TAG, Stack
from ..insistence import insisting
from ..patience import Patience
from ..pipeline import costs
from ..text import counted
from . import uploads
from .project import HIDDEN, Project
from .wiring import BUCKET, Output, Step, exports, imports

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient

    from ..pipeline.costs import Cost

JOBS = 8
Fate = Literal["create", "update", "unchanged", "delete"]


@dataclass(frozen=True)
class StackPlan:
    """What would become of a stack; `parameters` are those whose values change.

    Of one that is not `is_known`, what changes is only known when what it needs has changed.
    """

    stack: str
    template: str
    fate: Fate
    resources: tuple[ResourceChange, ...] = ()
    parameters: tuple[PropertyChange, ...] = ()
    notes: tuple[str, ...] = ()
    is_known: bool = True

    @property
    def surely_replaces(self) -> bool:
        return any(
            change.action == "replace" and not change.is_perhaps for change in self.resources
        )


@dataclass(frozen=True)
class Plan:
    """The plan of a deploy; the stacks are in the order of deployment.

    There is a `cost` when there is a stream with shards to pay for. `gone` are the project's stacks
    that have no template any more; a deploy leaves them alone.
    """

    account: str
    region: str
    project: str
    stacks: tuple[StackPlan, ...]
    cost: Cost | None = None
    gone: tuple[str, ...] = ()

    @property
    def has_changes(self) -> bool:
        return any(stack.fate != "unchanged" for stack in self.stacks)

    @property
    def takes_something(self) -> bool:
        """Whether something is removed or replaced, or data may be lost."""
        return not all(stack.is_known for stack in self.stacks) or any(
            change.action in ("remove", "replace") and (not change.is_perhaps or change.loses_data)
            for stack in self.stacks
            for change in stack.resources
        )


def plan(
    session: boto3.session.Session,
    project: Project,
    listener: Listener = ignore,
    timeout: float = 3600.0,
    *,
    prunes: bool = False,
) -> Plan:
    """The plan of a deploy of the project. No change set is left behind.

    With `prunes`, the stacks that have no template any more are deleted after it.

    Raises what the deploy would raise before its first change.
    """
    project.require_parents()
    patience = Patience(timeout)
    with insisting(session, patience, noting(listener), has_answered=True):
        planner = _Planner(project, session.client("cloudformation"), patience, session)
        account = session.client("sts").get_caller_identity()["Account"]
    endings = graph.run(planner.jobs(), listener, JOBS, planner.patience.cancelled)
    graph.raise_first(endings)
    pruned = [planner.removal(stack) for stack in project.gone.values() if prunes]
    return Plan(
        account=account,
        region=session.region_name,
        project=project.name,
        stacks=(*(planner.plans[step.name] for step in project.steps), *pruned),
        gone=() if project.rest or prunes else tuple(project.gone),
        cost=_cost(project, session.region_name),
    )


def creation(project: Project, step: Step, live: Stack | None) -> StackPlan:
    """The plan of a stack that is to be created, by its template alone."""
    declared = step.template
    resources = [
        ResourceChange(
            "create",
            logical_id,
            declared.types[logical_id],
            note=f"if {declared.conditions[logical_id]}"
            if logical_id in declared.conditions
            else "",
        )
        for logical_id in declared.resources
    ]
    notes = [f"it is {live.status}, so it is deleted first"] if live else []
    if declared.generated:
        names = ", ".join(declared.generated)
        notes.append(f"more resources are made by {names}, which CloudFormation works out")
    return StackPlan(
        stack=project.stack_name(step),
        template=step.name,
        fate="create",
        resources=tuple(resources),
        notes=tuple(notes),
    )


def _cost(project: Project, region: str) -> Cost | None:
    shards = project.parameter(stacks.SHARDS)
    if shards is None or not shards.isdecimal():
        return None
    own = project.parameter("Parallelism") or ""
    parallelism = int(own if own.isdecimal() else 0) or int(shards)
    return costs.hourly(int(shards), parallelism, costs.PARALLELISM_PER_KPU, region)


@dataclass(frozen=True)
class _Planner:
    project: Project
    cloudformation: CloudFormationClient
    patience: Patience
    session: boto3.session.Session
    plans: dict[str, StackPlan] = field(default_factory=dict)

    def jobs(self) -> dict[str, Job]:
        return {
            step.name: Job(partial(self._look, step), self.project.parents(step))
            for step in self.project.steps
        }

    @property
    def _outputs(self) -> Mapping[str, Mapping[str, str]]:
        return self.project.live_outputs

    def _look(self, step: Step, listener: Listener) -> None:
        live = self.project.live_stack(step)
        if live is None or live.is_vacant:
            self.plans[step.name] = creation(self.project, step, live)
        elif live.is_busy:
            self.plans[step.name] = _busy(step, live)
        elif live.has_failed:
            self.plans[step.name] = self._recovery(step, live)
        elif self._unknown(step):
            self.plans[step.name] = self._later(step)
        else:
            self.plans[step.name] = self._update(step, live, listener)

    def _recovery(self, step: Step, live: Stack) -> StackPlan:
        """Of a stack that no update can start from, unless it is rolled back first."""
        if not (live.can_be_rolled_back and self.project.settings.recovers):
            raise stuck(self.cloudformation, live)
        note = (
            f"it is {live.status}, so it is rolled back first; what changes then is not known yet"
        )
        return StackPlan(live.name, step.name, "update", notes=(note,), is_known=False)

    def removal(self, stack: Stack) -> StackPlan:
        """What would become of a stack that has no template any more."""
        held = [found for found in stacks.resources(self.cloudformation, stack) if found.is_there]
        processed = stacks.body(self.cloudformation, stack.id, "Processed") if held else ""
        policies = template.retentions(processed) if held else {}
        retained = {name for name, is_retained in policies.items() if is_retained}
        return StackPlan(
            stack=stack.name,
            template=stack.tags.get(TEMPLATE_TAG, ""),
            fate="delete",
            resources=tuple(
                ResourceChange("remove", resource.logical_id, resource.type)
                for resource in held
                if resource.logical_id not in retained
            ),
            notes=tuple(f"{name} is retained" for name in sorted(retained)),
        )

    def _unknown(self, step: Step) -> list[str]:
        """The parameters whose values come from stacks that do not exist yet, or may change."""
        sources = dict(step.sources)
        if step.bucket:
            sources.setdefault(BUCKET, step.bucket)
        outputs = [
            name
            for name, source in sources.items()
            if isinstance(source, Output)
            and name not in self._outputs.get(source.template, {})
            # It has a condition that does not hold, which stays so.
            and not (name in step.sources and self.plans[source.template].fate == "unchanged")
        ]
        return outputs + self._missing_imports(step)

    def _missing_imports(self, step: Step) -> list[str]:
        """The exports that it imports and that are to come; else there would be no change set."""
        parents = [one for one in self.project.steps if one.name in step.imports]
        there = {
            export
            for parent in parents
            if (live := self.project.live_stack(parent))
            for export in (*live.exports, f"{template.STACK}{live.name}")
        }
        coming = {
            name
            for parent in parents
            if self.plans[parent.name].fate != "unchanged"
            for name in exports(parent, self.project.name)
        }
        return sorted(coming & set(imports(step, self.project.name)) - there)

    def _later(self, step: Step) -> StackPlan:
        names = ", ".join(self._unknown(step))
        notes = (f"not known yet: it takes {names} from a stack that is new or changes",)
        name = self.project.stack_name(step)
        return StackPlan(name, step.name, "update", notes=notes, is_known=False)

    def _update(self, step: Step, live: Stack, listener: Listener) -> StackPlan:
        desired = self.project.desired(step, self._outputs)
        notes = self._notes(step)
        if step.bucket:
            bucket = self.project.bucket(step, self._outputs)
            with files.temporary_folder(uploads.FOLDER) as folder:
                # CloudFormation takes it from there only; the object is named by its content.
                s3 = self.session.client("s3")
                desired, new = uploads.through(desired, s3, bucket, folder)
            notes += (f"uploaded {counted(len(new), 'file')} to {bucket} to ask",) if new else ()
        todo = still_to_do(self.cloudformation, desired, live)
        if todo is None:
            fate: Fate = "unchanged"
            return StackPlan(desired.stack, step.name, fate, notes=notes)
        desired = todo
        listener(Note(desired.stack, "asking CloudFormation for the changes"))
        change_set = self._change_set(desired)
        if change_set is None:
            return StackPlan(desired.stack, step.name, "unchanged", notes=notes)
        try:
            resources = changes.of(self.cloudformation, change_set)
        finally:
            change_sets.discard(self.cloudformation, change_set)
        parameters = _parameters(live, desired)
        notes += tuple(_tags(live, desired))
        return StackPlan(desired.stack, step.name, "update", resources, parameters, notes)

    def _change_set(self, desired: Desired) -> ChangeSet | None:
        from botocore.exceptions import ClientError

        try:
            return change_sets.create(self.cloudformation, desired, "UPDATE", self.patience)
        except ClientError as error:
            if not change_sets.is_conflict(error):
                raise
            raise refused(self.cloudformation, desired.stack, error) from error

    def _notes(self, step: Step) -> tuple[str, ...]:
        replaced = {
            name
            for name in self.project.parents(step)
            if any(
                change.action == "replace" and not change.is_perhaps
                for change in self.plans[name].resources
            )
        }
        return tuple(
            f"takes outputs of {name}, where something is replaced: more may change"
            for name in sorted(replaced)
        )


def _busy(step: Step, live: Stack) -> StackPlan:
    what = "what would change is known when that is over, for which deploy waits"
    notes = (f"it is {live.status}: {what}",)
    return StackPlan(live.name, step.name, "update", notes=notes, is_known=False)


def _parameters(live: Stack, desired: Desired) -> tuple[PropertyChange, ...]:
    declared = desired.template.parameters
    return tuple(
        PropertyChange(name, before, HIDDEN if declared[name].is_secret else value)
        for name, value in desired.parameters.items()
        if (before := live.parameters.get(name)) != value
    )


def _tags(live: Stack, desired: Desired) -> Iterator[str]:
    """The tags that change, of which a change set says nothing where no resource takes them."""
    for name, value in sorted(desired.tags.items()):
        if (before := live.tags.get(name)) != value:
            yield f"tag {name}: {'(none)' if before is None else before} → {value}"
