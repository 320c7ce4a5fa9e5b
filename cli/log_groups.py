"""Log groups that outlive their stacks: a function's or a service's last words make new ones."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

# Where the templates' own groups and those of Lambda and Firehose stand.
PREFIXES = ("", "/aws/lambda/", "/aws/kinesisfirehose/", "/aws/kinesis-analytics/")


def of_stacks(
    logs: CloudWatchLogsClient, project: str, ours: Collection[str], others: Collection[str]
) -> list[str]:
    """The log groups named after our stacks, present or past.

    Names alone tell whose a group is, and project `sales-eu` begins like project `sales`. So a
    group is its stack's whose name fits best, among ours and those of `others`.
    """
    found = []
    for prefix in PREFIXES:
        pages = logs.get_paginator("describe_log_groups").paginate(
            logGroupNamePrefix=f"{prefix}{project}-"
        )
        names = [group["logGroupName"] for page in pages for group in page["logGroups"]]
        found += [name for name in names if _owner(name[len(prefix) :], {*ours, *others}) in ours]
    return found


def delete(logs: CloudWatchLogsClient, name: str) -> bool:
    """Delete the log group; whether there was one."""
    try:
        logs.delete_log_group(logGroupName=name)
    except logs.exceptions.ResourceNotFoundException:
        return False
    return True


def _owner(name: str, stacks: Collection[str]) -> str:
    return max((stack for stack in stacks if name.startswith(f"{stack}-")), key=len, default="")
