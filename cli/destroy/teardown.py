"""Deleting a project, in the reverse of its wiring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ..analytics import application, lifecycle
from ..cloudformation import change_sets, graph, stacks
from ..cloudformation.graph import Job
from ..cloudformation.operations import Operator
from ..cloudformation.progress import Listener, Note, Outcome, StackDone, ignore, noting
from ..cloudformation.stacks import Stack
from ..errors import StackError, UnhealthyError
from ..insistence import insisting
from ..patience import Patience
from ..text import counted
from . import buckets, log_groups
from .inventory import BUCKET, Inventory, Resource, resources

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client

JOBS = 8
TIMEOUT = 3600.0


def destroy(
    session: boto3.session.Session,
    inventory: Inventory,
    listener: Listener = ignore,
    *,
    jobs: int = JOBS,
    timeout: float = TIMEOUT,
    role_arn: str | None = None,
) -> None:
    """Remove what the inventory has; interrupted at any point and run again, it finishes.

    Raises UnhealthyError, before anything is removed, when a stack is protected, or one that stays
    needs it; else the first failure, after everything that does not depend on it has ended.
    """
    refuse_needed(inventory)
    refuse_protected(inventory.protected)
    patience = Patience(timeout)
    with insisting(session, patience, noting(listener), has_answered=True):
        removal = _Teardown(
            inventory,
            patience,
            session.client("cloudformation"),
            session.client("s3"),
            session.client("kinesisanalyticsv2"),
            role_arn,
        )
        logs = session.client("logs")
    endings = graph.run(removal.jobs(), listener, jobs, removal.patience.cancelled)
    for ending in endings.values():
        if ending.blocked_by and ending.job in inventory.stacks:
            listener(StackDone(ending.job, "skipped", 0, f"{ending.blocked_by} failed"))
    graph.raise_first(endings)
    _delete_log_groups(logs, inventory, listener)


def refuse_needed(inventory: Inventory) -> None:
    """Raise UnhealthyError when a stack that stays takes something from one that goes."""
    if inventory.needs:
        lines = "".join(f"\n    {need}" for need in inventory.needs)
        raise UnhealthyError(
            f"Other stacks need what would be deleted of project {inventory.project!r}:{lines}\n"
            "  Next: name these stacks too, or first deploy them without it"
        )


def refuse_protected(protected: Sequence[Stack]) -> None:
    """Raise UnhealthyError when there are stacks with termination protection.

    Then nothing at all is to be removed: what is around a protected stack is what makes it work,
    and who protected it wanted it to work.
    """
    if not protected:
        return
    names = ", ".join(stack.name for stack in protected)
    commands = (
        "aws cloudformation update-termination-protection --no-enable-termination-protection "
        f"--stack-name {stack.name}"
        for stack in protected
    )
    lines = "".join(f"\n    {command}" for command in commands)
    holds_data = any(stacks.DATA_STORE in stack.outputs for stack in protected)
    rest = " (or keep the data store and delete the rest: --keep-data)" if holds_data else ""
    raise UnhealthyError(
        f"Termination protection is on for {names}: destroy stops here\n"
        f"  Next: if it may be deleted for good, switch that off, then destroy again{rest}. The "
        "deploy that it came from, with --no-termination-protection, does it for all; these do it "
        f"one by one:{lines}"
    )


def _delete_log_groups(
    logs: CloudWatchLogsClient, inventory: Inventory, listener: Listener
) -> None:
    # Once more: what ran until its stack went has written its last words since we looked.
    groups = log_groups.listed(logs, inventory.project)
    late = log_groups.of_stacks(logs, groups, inventory.names, inventory.others)
    for name in sorted({*inventory.log_groups, *late}):
        if log_groups.delete(logs, name):
            listener(Note(name, "log group deleted"))


@dataclass(frozen=True)
class _Teardown:
    inventory: Inventory
    patience: Patience
    cloudformation: CloudFormationClient
    s3: S3Client
    flink: KinesisAnalyticsV2Client
    role_arn: str | None = None

    def jobs(self) -> dict[str, Job]:
        """First the applications come to rest, then each stack goes when nothing needs it."""
        applications = {
            f"stop {name}": Job(partial(self._stop, name))
            for name in self.inventory.going(application.TYPE)
        }
        removals = {
            stack.name: Job(
                graph.timed(stack.name, partial(self._remove, stack)),
                frozenset({*applications, *self.inventory.children(stack)}),
            )
            for stack in self.inventory.stacks.values()
        }
        return applications | removals

    def _stop(self, name: str, listener: Listener) -> None:
        def watch(text: str) -> None:
            listener(Note(name, text))

        lifecycle.bring_to_rest(self.flink, name, self.patience, watch)

    def _remove(self, stack: Stack, listener: Listener) -> Outcome:
        operator = Operator(self.cloudformation, self.patience, listener, role_arn=self.role_arn)
        held = [resource for resource in self.inventory.resources if resource.stack == stack.name]
        remove(operator, self.s3, stack, held)
        return "deleted"


def settled(operator: Operator, stack: Stack) -> Stack | None:
    """The stack when nothing is under way in it, which somebody else may have begun just now."""
    present: Stack | None = operator.settle(stack)
    while present and present.is_busy:
        present = operator.settle(present)
    return present


def remove(operator: Operator, s3: S3Client, stack: Stack, held: Sequence[Resource]) -> None:
    """Empty the buckets that go with the stack, and delete it; raises StackError when it stays.

    As long as objects come in between, a delivery's last ones, it begins again, from a fresh look:
    somebody may have protected the stack, updated it, or deleted it since. It is looked at by its
    id, so that another one of the same name keeps what it has.
    """
    from botocore.exceptions import ClientError

    failed: StackError | None = None
    for _ in operator.patience.looks(f"the removal of stack {stack.name}"):
        present = settled(operator, stack)
        if present is None:
            return
        # Its buckets must not be emptied either.
        refuse_protected([present] if present.is_protected else [])
        if (present.status, present.updated) != (stack.status, stack.updated):
            held = resources(operator.cloudformation, present)
        stack = present
        going = [it.physical_id for it in held if it.type == BUCKET and it.goes]
        emptied = _empty(operator, s3, going)
        if failed and not emptied:
            raise _with_way_out(operator, stack, failed)
        try:
            operator.delete(stack, len(held))
        except StackError as error:
            failed = error
        except ClientError as error:
            # Somebody else has begun something in it since we looked.
            if not change_sets.is_conflict(error):
                raise
        else:
            return


def _empty(operator: Operator, s3: S3Client, bucket_names: Sequence[str]) -> int:
    total = 0
    for bucket in bucket_names:
        count = buckets.empty(s3, bucket, operator.patience.cancelled)
        if count:
            operator.listener(Note(bucket, f"{counted(count, 'object version')} deleted"))
        total += count
    return total


def _with_way_out(operator: Operator, stack: Stack, error: StackError) -> StackError:
    """The error with every resource that CloudFormation could not delete, and how to go on."""
    failed = stacks.failed_resources(operator.cloudformation, stack)
    reasons = [error.reason]
    for resource in failed:
        if resource.logical_id != error.logical_id:
            reasons.append(f"{resource.logical_id}: {resource.status}: {resource.reason}")
    next_step = error.next_step
    if failed:
        names = " ".join(resource.logical_id for resource in failed)
        next_step += (
            "; or leave these resources behind:\n    aws cloudformation delete-stack "
            f"--stack-name {stack.name} --retain-resources {names}"
        )
    return StackError(
        stack.name,
        "\n  ".join(reasons),
        logical_id=error.logical_id,
        type=error.type,
        next_step=next_step,
    )
