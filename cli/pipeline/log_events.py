"""The events of CloudWatch's log groups.

The only module that reads them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import FilteredLogEventTypeDef


def read(
    logs: CloudWatchLogsClient,
    group: str,
    since: datetime,
    most_pages: int | None = None,
    **narrower: Any,
) -> Iterator[FilteredLogEventTypeDef]:
    """The group's events since then; none when there is no such group.

    `narrower` are further arguments of FilterLogEvents.
    """
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, startTime=int(since.timestamp() * 1000), **narrower
    )
    try:
        for page in islice(pages, most_pages):
            yield from page["events"]
    except logs.exceptions.ResourceNotFoundException:
        return
