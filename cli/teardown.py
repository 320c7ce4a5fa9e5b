"""Taking a project away: what there is, as data, and its removal in the reverse of the wiring.

The order comes from the live stacks' own parameters and outputs, not from the templates, so that
a stack is removed in its right place even when its template has changed or is gone.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from . import application, buckets, graph, log_groups, stacks, template
from .errors import StackError
from .graph import Job
from .patience import Patience
from .progress import Listener, Note, StackDone, ignore, summary
from .stack_operations import Operator
from .stacks import Stack, stack_name

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client

JOBS = 8
TIMEOUT = 3600.0


@dataclass(frozen=True)
class Inventory:
    """What a project has; the mappings are by stack name."""

    stacks: Mapping[str, Stack]
    buckets: Mapping[str, tuple[str, ...]]
    applications: Mapping[str, tuple[str, ...]]
    log_groups: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return not self.stacks and not self.log_groups


def take_inventory(session: boto3.session.Session, project: str) -> Inventory:
    """Everything that `destroy` would remove, also what an interrupted one has left."""
    cloudformation = session.client("cloudformation")
    everything = stacks.every_live(cloudformation)
    ours = stacks.belonging(everything, project)
    held = {name: stacks.resources(cloudformation, stack) for name, stack in ours.items()}

    others = {stack.name for stack in everything} - ours.keys()
    # Also the groups of stacks that an interrupted removal has deleted already.
    names = ours.keys() | {stack_name(project, name) for name in template.names()}
    found = log_groups.of_stacks(session.client("logs"), project, names, others)
    own = (i for ids in _of_type(held, "AWS::Logs::LogGroup").values() for i in ids)
    return Inventory(
        stacks=ours,
        buckets=_of_type(held, "AWS::S3::Bucket"),
        applications=_of_type(held, "AWS::KinesisAnalyticsV2::Application"),
        log_groups=tuple(sorted({*found, *own})),
    )


def _of_type(held: Mapping[str, list[tuple[str, str]]], wanted: str) -> dict[str, tuple[str, ...]]:
    return {
        stack: tuple(physical_id for type_, physical_id in resources if type_ == wanted)
        for stack, resources in held.items()
    }


def destroy(
    session: boto3.session.Session,
    inventory: Inventory,
    listener: Listener = ignore,
    *,
    jobs: int = JOBS,
    timeout: float = TIMEOUT,
) -> None:
    """Remove what the inventory has; interrupted at any point and run again, it finishes.

    Raises the first failure, after everything that does not depend on it has ended.
    """
    run = _Teardown(
        inventory,
        Patience(timeout),
        session.client("cloudformation"),
        session.client("s3"),
        session.client("kinesisanalyticsv2"),
        session.client("logs"),
    )
    endings = graph.run(run.jobs(), listener, jobs, run.patience.cancelled)
    for ending in endings.values():
        if ending.error:
            raise ending.error
    for name in inventory.log_groups:
        if log_groups.delete(run.logs, name):
            listener(Note(name, "log group deleted"))


@dataclass(frozen=True)
class _Teardown:
    inventory: Inventory
    patience: Patience
    cloudformation: CloudFormationClient
    s3: S3Client
    flink: KinesisAnalyticsV2Client
    logs: CloudWatchLogsClient

    def jobs(self) -> dict[str, Job]:
        """First the applications come to rest, then each stack goes when nothing needs it."""
        applications = {
            f"stop {name}": Job(partial(self._stop, name))
            for names in self.inventory.applications.values()
            for name in names
        }
        removals = {
            stack.name: Job(
                partial(self._remove, stack), frozenset({*applications, *self._children(stack)})
            )
            for stack in self.inventory.stacks.values()
        }
        return applications | removals

    def _children(self, stack: Stack) -> set[str]:
        others = (other for other in self.inventory.stacks.values() if other.name != stack.name)
        return {o.name for o in others if o.parameters.keys() & stack.outputs.keys()}

    def _stop(self, name: str, listener: Listener) -> None:
        if application.bring_to_rest(self.flink, name, self.patience):
            listener(Note(name, "application stopped"))

    def _remove(self, stack: Stack, listener: Listener) -> None:
        started = time.monotonic()
        operator = Operator(self.cloudformation, self.patience, listener)
        try:
            settled = operator.settle(stack)
            if settled:
                remove(operator, self.s3, settled, self.inventory.buckets.get(stack.name, ()))
        except Exception as error:
            listener(StackDone(stack.name, "failed", time.monotonic() - started, summary(error)))
            raise
        listener(StackDone(stack.name, "deleted", time.monotonic() - started))


def remove(operator: Operator, s3: S3Client, stack: Stack, bucket_names: Sequence[str]) -> None:
    """Empty the stack's buckets and delete the stack; raises StackError when it stays."""
    _empty(s3, bucket_names, operator.listener)
    try:
        operator.delete(stack)
    except StackError:
        # What was still on its way, a delivery's last objects, may have come after us.
        if not _empty(s3, bucket_names, operator.listener):
            raise
        operator.delete(stack)


def _empty(s3: S3Client, bucket_names: Sequence[str], listener: Listener) -> int:
    total = 0
    for bucket in bucket_names:
        count = buckets.empty(s3, bucket)
        if count:
            listener(Note(bucket, f"{count:,} objects and versions deleted"))
        total += count
    return total
