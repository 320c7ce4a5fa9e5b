"""What a project has, as data: what its removal takes, in which order, and what it leaves.

The order comes from the live stacks' own parameters, outputs, exports and imports, not from the
templates, so that a stack is removed in its right place even when its template has changed or is
gone. A nested stack goes with its root: what is in it counts as its root's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from ..cloudformation import history, stacks, template
from ..cloudformation.changes import HOLD_DATA
from ..cloudformation.stacks import PARALLEL_CALLS, Stack, stack_name
from ..patience import side_by_side
from . import log_groups

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_logs import CloudWatchLogsClient

BUCKET = "AWS::S3::Bucket"
LOG_GROUP = "AWS::Logs::LogGroup"
REFUSED = ("AccessDenied", "AccessDeniedException")
# The template of the data store, for a stack that has lost its outputs.
DATA_STORE = "data-store"


@dataclass(frozen=True)
class Resource:
    """Something in a stack; when it is retained, it outlives the stack (its DeletionPolicy).

    One that is not in the stack's template (`is_in_template`), as after an update that failed and
    could not be rolled back, may go or stay: only CloudFormation knows its DeletionPolicy.
    """

    stack: str
    logical_id: str
    type: str
    physical_id: str
    is_retained: bool
    is_in_template: bool = True

    @property
    def goes(self) -> bool:
        """Whether it is sure to go with its stack."""
        return self.is_in_template and not self.is_retained


@dataclass(frozen=True)
class Inventory:
    """What the removal of a project takes: stacks with their resources, and log groups.

    `kept` are the stacks that stay for their data. `names` are those that stacks of the project
    have or had, `others` those of all stacks that stay. With `is_partial`, only some stacks of the
    project go; `needs` says what stacks that stay take from those that go. `importers` has, by the
    name of a stack, the names of the stacks that import what it exports.
    """

    account: str
    region: str
    project: str
    stacks: Mapping[str, Stack]
    resources: tuple[Resource, ...]
    log_groups: tuple[str, ...]
    kept: Mapping[str, Stack]
    names: frozenset[str]
    others: frozenset[str]
    is_partial: bool = False
    needs: tuple[str, ...] = ()
    importers: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not self.stacks and not self.log_groups

    @property
    def protected(self) -> list[Stack]:
        """Those that CloudFormation would not delete: their termination protection is on."""
        return [stack for stack in self.in_order() if stack.is_protected]

    @property
    def data(self) -> list[Resource]:
        """What goes, or may go, and holds data."""
        return [
            resource
            for resource in self.resources
            if resource.type in HOLD_DATA and not resource.is_retained
        ]

    @property
    def retained(self) -> list[Resource]:
        return [resource for resource in self.resources if resource.is_retained]

    @property
    def spared(self) -> list[Resource]:
        """The buckets that are not emptied, as they may be retained."""
        return [
            resource
            for resource in self.resources
            if resource.type == BUCKET and not (resource.goes or resource.is_retained)
        ]

    def going(self, type_: str, stack: str | None = None) -> list[str]:
        """Physical ids of what is sure to go of that type, in all stacks or in one."""
        return [
            resource.physical_id
            for resource in self.resources
            if resource.type == type_ and resource.goes and stack in (None, resource.stack)
        ]

    def children(self, stack: Stack) -> set[str]:
        """The stacks that take outputs of this one, and so have to go before it."""
        return self._graph[stack.name]

    def in_order(self) -> list[Stack]:
        """The stacks in the order of their removal."""
        graph = {name: sorted(children) for name, children in self._graph.items()}
        return [self.stacks[name] for name in TopologicalSorter(graph).static_order()]

    @cached_property
    def _graph(self) -> dict[str, set[str]]:
        """By each stack, those that have to go before it. There is no circle in it."""
        graph = {
            stack.name: {
                other.name
                for other in self.stacks.values()
                if _needs(other, stack, self.importers) and other is not stack
            }
            for stack in self.stacks.values()
        }
        while circle := _circle(graph):
            # Each of the circle goes before the next. What was made first was made without the
            # rest of the circle, so it can stay for the longest.
            pairs = list(zip(circle, circle[1:]))
            child, parent = min(pairs, key=lambda pair: self._strength(*pair))
            graph[parent].discard(child)
        return graph

    def _strength(self, child: str, parent: str) -> tuple[bool, bool, bool, str]:
        """How much there is to say for the child to go first; the least is given up in a circle."""
        is_import = child in self.importers.get(parent, ())
        first, second = self.stacks[child], self.stacks[parent]
        has_value = bool(first.parameters.items() & second.outputs.items())
        is_younger = bool(first.created and second.created and first.created >= second.created)
        return is_import, has_value, is_younger, child


def take(
    session: boto3.session.Session,
    project: str,
    *,
    keeps_data: bool = False,
    only: Collection[str] = (),
    may_be_gone: bool = False,
) -> Inventory:
    """Everything that `destroy` would remove, also what an interrupted one has left.

    With `keeps_data`, without the data store and what it needs. With `only`, these stacks alone
    (templates or whole names); raises UnknownStackError, unless they `may_be_gone` by now.
    """
    cloudformation = session.client("cloudformation")
    everything = stacks.every_live(cloudformation)
    ours = stacks.belonging(everything, project)
    importers = _importers(cloudformation, ours)
    kept = _data(ours, project, importers) if keeps_data else {}
    # Also those that an interrupted removal has deleted already.
    own = {stack_name(project, name) for name in template.names()}
    known = ours.keys() | own | (set(only) if may_be_gone else set())
    everybody = frozenset(stack.name for stack in everything)
    logs = session.client("logs")
    groups = log_groups.listed(logs, project)
    if log_groups.of_nobody(groups, everybody | known):
        past = _past(cloudformation, project, everybody)
        known |= {name for name, owner in past.items() if owner == project}
        everybody |= past.keys() - known
    chosen = stacks.named(project, only, known) if only else known
    going = {name: ours[name] for name in ours if name in chosen and name not in kept}
    with side_by_side(PARALLEL_CALLS) as pool:
        by_stack = pool.map(partial(resources, cloudformation), ours.values())
        held = [resource for present in by_stack for resource in present]
    roots = {stack.id for stack in going.values()}
    nested = {stack.name for stack in everything if stack.root in roots}
    others = everybody - going.keys() - nested
    names = frozenset(chosen) - others
    return Inventory(
        account=session.client("sts").get_caller_identity()["Account"],
        region=session.region_name,
        project=project,
        stacks=going,
        resources=tuple(resource for resource in held if resource.stack in going),
        log_groups=_log_groups(logs, groups, names, others, held),
        kept=kept,
        names=names,
        others=others,
        is_partial=bool(only),
        needs=(*(_takings(ours, going) if only else ()), *_imports(importers, going, nested)),
        importers=importers,
    )


def _past(
    cloudformation: CloudFormationClient, project: str, living: Collection[str]
) -> dict[str, str | None]:
    """The stacks of such names that are deleted, each with the project that it was of.

    Empty for who may not list them.
    """
    from botocore.exceptions import ClientError

    try:
        deletions = history.deletions(cloudformation, f"{project}-")
    except ClientError as error:
        if error.response["Error"].get("Code") not in REFUSED:
            raise
        return {}
    return {
        past.name: history.project_of(cloudformation, past)
        for past in deletions
        if past.name not in living
    }


def _takings(ours: Mapping[str, Stack], going: Mapping[str, Stack]) -> Iterator[str]:
    """What stacks that stay take from those that go."""
    for child in (stack for name, stack in ours.items() if name not in going):
        for parent in going.values():
            taken = [
                name
                for name, value in sorted(parent.outputs.items())
                if value and child.parameters.get(name) == value
            ]
            if taken:
                yield f"{child.name} takes {', '.join(taken)} from {parent.name}"


def _imports(
    importers: Mapping[str, frozenset[str]], going: Collection[str], nested: Collection[str]
) -> Iterator[str]:
    """What stacks that stay, of any project, import from those that go: AWS keeps that."""
    for parent in going:
        for child in sorted(importers.get(parent, frozenset()).difference(going, nested)):
            yield f"{child} imports what {parent} exports"


def _log_groups(
    logs: CloudWatchLogsClient,
    listed: Sequence[log_groups.Group],
    names: frozenset[str],
    others: frozenset[str],
    held: list[Resource],
) -> tuple[str, ...]:
    """Those of the stacks that go, and those that no stack holds."""
    groups = [resource for resource in held if resource.type == LOG_GROUP]
    own = {group.physical_id for group in groups if group.stack not in others and group.goes}
    in_stacks = {group.physical_id for group in groups}
    stray = log_groups.of_stacks(logs, listed, names, others, in_stacks)
    return tuple(sorted(own.union(stray)))


def _needs(child: Stack, parent: Stack, importers: Mapping[str, frozenset[str]]) -> bool:
    takes = bool(child.parameters.keys() & parent.outputs.keys())
    return child.name != parent.name and (takes or child.name in importers.get(parent.name, ()))


def _circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Stacks of which each has to go before the next, the first again at the end; or none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def _importers(
    cloudformation: CloudFormationClient, ours: Mapping[str, Stack]
) -> dict[str, frozenset[str]]:
    """By each stack that exports something, the stacks that import it."""
    exports = [(stack.name, export) for stack in ours.values() for export in sorted(stack.exports)]
    with side_by_side(PARALLEL_CALLS) as pool:
        imports = pool.map(partial(stacks.importers, cloudformation), [name for _, name in exports])
        found: dict[str, frozenset[str]] = {}
        for (stack, _), names in zip(exports, imports):
            found[stack] = found.get(stack, frozenset()).union(names)
    return found


def _data(
    ours: Mapping[str, Stack], project: str, importers: Mapping[str, frozenset[str]]
) -> dict[str, Stack]:
    """The stacks that hold the data, and those whose outputs they take."""
    kept = {
        name: stack
        for name, stack in ours.items()
        if stacks.DATA_STORE in stack.outputs or name == stack_name(project, DATA_STORE)
    }
    while parents := {
        name: stack
        for name, stack in ours.items()
        if name not in kept and any(_needs(child, stack, importers) for child in kept.values())
    }:
        kept |= parents
    return kept


def resources(cloudformation: CloudFormationClient, stack: Stack) -> list[Resource]:
    """What is in the stack, and in the stacks that are nested in it, now."""
    return list(_within(cloudformation, stack.name, stack.id))


def _within(
    cloudformation: CloudFormationClient,
    stack: str,
    stack_id: str,
    is_retained: bool = False,
    is_in_template: bool = True,
) -> Iterator[Resource]:
    """What is in the stack, and in the stacks that are nested in it."""
    listed = stacks.resources_of(cloudformation, stack_id)
    present = [item for item in listed if item.is_there]
    # A stack without resources may be one that has no template either.
    processed = stacks.body(cloudformation, stack_id, "Processed") if present else ""
    retentions = template.retentions(processed) if present else {}
    for item in present:
        stays = is_retained or retentions.get(item.logical_id, False)
        is_known = is_in_template and item.logical_id in retentions
        yield Resource(stack, item.logical_id, item.type, item.physical_id, stays, is_known)
        if item.type == template.NESTED:
            yield from _within(cloudformation, stack, item.physical_id, stays, is_known)
