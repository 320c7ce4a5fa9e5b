"""What a project has, as data: what its removal takes, in which order, and what it leaves.

The order comes from the live stacks' own parameters and outputs, not from the templates, so that
a stack is removed in its right place even when its template has changed or is gone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from ..cloudformation import stacks, template
from ..cloudformation.changes import HOLD_DATA
from ..cloudformation.stacks import PARALLEL_CALLS, Stack, stack_name
from . import log_groups

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient

BUCKET = "AWS::S3::Bucket"
LOG_GROUP = "AWS::Logs::LogGroup"
# The template of the data store, for a stack that has lost its outputs.
DATA_STORE = "data-store"


@dataclass(frozen=True)
class Resource:
    """Something in a stack; when it is retained, it outlives the stack (its DeletionPolicy)."""

    stack: str
    logical_id: str
    type: str
    physical_id: str
    is_retained: bool


@dataclass(frozen=True)
class Inventory:
    """What the removal of a project takes: stacks with their resources, and log groups.

    `kept` are the stacks that stay for their data. `names` are those that stacks of the project
    have or had, `others` those of all stacks that stay. With `is_partial`, only some stacks of the
    project go; `needs` says what others take from them.
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

    @property
    def is_empty(self) -> bool:
        return not self.stacks and not self.log_groups

    @property
    def protected(self) -> list[Stack]:
        """Those that CloudFormation would not delete: their termination protection is on."""
        return [stack for stack in self.in_order() if stack.is_protected]

    @property
    def data(self) -> list[Resource]:
        """What goes and holds data."""
        return [
            resource
            for resource in self.resources
            if resource.type in HOLD_DATA and not resource.is_retained
        ]

    @property
    def retained(self) -> list[Resource]:
        return [resource for resource in self.resources if resource.is_retained]

    def going(self, type_: str, stack: str | None = None) -> list[str]:
        """Physical ids of what goes of that type, in all stacks or in one."""
        return [
            resource.physical_id
            for resource in self.resources
            if resource.type == type_
            and not resource.is_retained
            and stack in (None, resource.stack)
        ]

    def children(self, stack: Stack) -> set[str]:
        """The stacks that take outputs of this one, and so have to go before it."""
        return {other.name for other in self.stacks.values() if _needs(other, stack)}

    def in_order(self) -> list[Stack]:
        """The stacks in the order of their removal."""
        graph = {stack.name: sorted(self.children(stack)) for stack in self.stacks.values()}
        return [self.stacks[name] for name in TopologicalSorter(graph).static_order()]


def take(
    session: boto3.session.Session,
    project: str,
    *,
    keeps_data: bool = False,
    only: Collection[str] = (),
) -> Inventory:
    """Everything that `destroy` would remove, also what an interrupted one has left.

    With `keeps_data`, without the data store and what it needs. With `only`, these stacks alone
    (templates or whole names); raises UnknownStackError.
    """
    cloudformation = session.client("cloudformation")
    everything = stacks.every_live(cloudformation)
    ours = stacks.belonging(everything, project)
    kept = _data(ours, project) if keeps_data else {}
    # Also those that an interrupted removal has deleted already.
    own = {stack_name(project, name) for name in template.names()}
    chosen = stacks.named(project, only, ours.keys() | own) if only else ours.keys() | own
    going = {name: ours[name] for name in ours if name in chosen and name not in kept}
    with ThreadPoolExecutor(PARALLEL_CALLS) as pool:
        by_stack = pool.map(partial(_resources, cloudformation), ours.values())
        held = [resource for resources in by_stack for resource in resources]
    others = frozenset({stack.name for stack in everything} - going.keys())
    names = frozenset(chosen) - others
    return Inventory(
        account=session.client("sts").get_caller_identity()["Account"],
        region=session.region_name,
        project=project,
        stacks=going,
        resources=tuple(resource for resource in held if resource.stack in going),
        log_groups=_log_groups(session, project, names, others, held),
        kept=kept,
        names=names,
        others=others,
        is_partial=bool(only),
        needs=tuple(_takings(ours, going)) if only else (),
    )


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


def _log_groups(
    session: boto3.session.Session,
    project: str,
    names: frozenset[str],
    others: frozenset[str],
    held: list[Resource],
) -> tuple[str, ...]:
    """Those of the stacks that go, and those that no stack holds."""
    groups = [resource for resource in held if resource.type == LOG_GROUP]
    own = {
        group.physical_id for group in groups if group.stack not in others and not group.is_retained
    }
    in_stacks = {group.physical_id for group in groups}
    stray = log_groups.of_stacks(session.client("logs"), project, names, others, in_stacks)
    return tuple(sorted(own.union(stray)))


def _needs(child: Stack, parent: Stack) -> bool:
    return child.name != parent.name and bool(child.parameters.keys() & parent.outputs.keys())


def _data(ours: Mapping[str, Stack], project: str) -> dict[str, Stack]:
    """The stacks that hold the data, and those whose outputs they take."""
    kept = {
        name: stack
        for name, stack in ours.items()
        if stacks.DATA_STORE in stack.outputs or name == stack_name(project, DATA_STORE)
    }
    while parents := {
        name: stack
        for name, stack in ours.items()
        if name not in kept and any(_needs(child, stack) for child in kept.values())
    }:
        kept |= parents
    return kept


def _resources(cloudformation: CloudFormationClient, stack: Stack) -> list[Resource]:
    present = [item for item in stacks.resources(cloudformation, stack) if item.is_there]
    # A stack without resources may be one that has no template either.
    processed = stacks.body(cloudformation, stack.id, "Processed") if present else ""
    retained = template.retained(processed) if present else set()
    return [
        Resource(
            stack=stack.name,
            logical_id=resource.logical_id,
            type=resource.type,
            physical_id=resource.physical_id,
            is_retained=resource.logical_id in retained,
        )
        for resource in present
    ]
