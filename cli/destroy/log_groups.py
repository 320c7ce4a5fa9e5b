"""Log groups that outlive their stacks: a function's or a service's last words make new ones."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..cloudformation.stacks import STACK_TAG

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

# Where the templates' own groups and those of Lambda and Firehose stand.
PREFIXES = ("", "/aws/lambda/", "/aws/kinesisfirehose/", "/aws/kinesis-analytics/")


@dataclass(frozen=True)
class Group:
    """A log group; its `stem` is what follows the prefix of its service."""

    name: str
    arn: str
    stem: str


def listed(logs: CloudWatchLogsClient, project: str) -> list[Group]:
    """Those whose names begin like those of the project's stacks."""
    return [
        Group(group["logGroupName"], group["arn"].removesuffix(":*"), stem)
        for prefix in PREFIXES
        for page in logs.get_paginator("describe_log_groups").paginate(
            logGroupNamePrefix=f"{prefix}{project}-"
        )
        for group in page["logGroups"]
        if (stem := group["logGroupName"][len(prefix) :])
    ]


def of_nobody(groups: Iterable[Group], stacks: Collection[str]) -> list[Group]:
    """Those that are named after none of these stacks."""
    return [group for group in groups if not _owner(group.stem, stacks)]


def of_stacks(
    logs: CloudWatchLogsClient,
    groups: Iterable[Group],
    ours: Collection[str],
    others: Collection[str],
    held: Collection[str] = (),
) -> list[str]:
    """The log groups named after our stacks, present or past, that services have made.

    Names alone tell whose a group is, and project `sales-eu` begins like project `sales`. So a
    group is its stack's whose name fits best, among ours and those of `others`. Groups that
    CloudFormation made are left to it: those in `held` are in a stack, and one that has its tag
    but no stack any more was retained.
    """
    return [
        group.name
        for group in groups
        if _owner(group.stem, {*ours, *others}) in ours
        and group.name not in held
        and not _is_of_cloudformation(logs, group.arn)
    ]


def delete(logs: CloudWatchLogsClient, name: str) -> bool:
    """Delete the log group; whether there was one."""
    try:
        logs.delete_log_group(logGroupName=name)
    except logs.exceptions.ResourceNotFoundException:
        return False
    return True


def _is_of_cloudformation(logs: CloudWatchLogsClient, arn: str) -> bool:
    try:
        return STACK_TAG in logs.list_tags_for_resource(resourceArn=arn)["tags"]
    except logs.exceptions.ResourceNotFoundException:
        # Somebody else deletes, too.
        return False


def _owner(name: str, stacks: Collection[str]) -> str:
    return max((stack for stack in stacks if name.startswith(f"{stack}-")), key=len, default="")
