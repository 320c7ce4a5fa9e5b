"""Log groups that outlive their stacks: a function's or a service's last words make new ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from ..cloudformation.stacks import STACK_TAG

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

# Where the templates' own groups and those of Lambda and Firehose stand.
PREFIXES = ("", "/aws/lambda/", "/aws/kinesisfirehose/", "/aws/kinesis-analytics/")


def of_stacks(
    logs: CloudWatchLogsClient,
    project: str,
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
        name
        for name, arn in _named_after(logs, project, {*ours, *others}, ours)
        if name not in held and not _is_of_cloudformation(logs, arn)
    ]


def delete(logs: CloudWatchLogsClient, name: str) -> bool:
    """Delete the log group; whether there was one."""
    try:
        logs.delete_log_group(logGroupName=name)
    except logs.exceptions.ResourceNotFoundException:
        return False
    return True


def _named_after(
    logs: CloudWatchLogsClient, project: str, everybodys: Collection[str], ours: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Name and ARN of each."""
    for prefix in PREFIXES:
        pages = logs.get_paginator("describe_log_groups").paginate(
            logGroupNamePrefix=f"{prefix}{project}-"
        )
        for group in (group for page in pages for group in page["logGroups"]):
            if _owner(group["logGroupName"][len(prefix) :], everybodys) in ours:
                yield group["logGroupName"], group["arn"].removesuffix(":*")


def _is_of_cloudformation(logs: CloudWatchLogsClient, arn: str) -> bool:
    try:
        return STACK_TAG in logs.list_tags_for_resource(resourceArn=arn)["tags"]
    except logs.exceptions.ResourceNotFoundException:
        # Somebody else deletes, too.
        return False


def _owner(name: str, stacks: Collection[str]) -> str:
    return max((stack for stack in stacks if name.startswith(f"{stack}-")), key=len, default="")
