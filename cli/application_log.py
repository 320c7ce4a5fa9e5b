"""What the analytics application's log says about a failure.

The form of its lines: https://docs.aws.amazon.com/managed-flink/latest/java/cloudwatch-logs-reading.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_logs import CloudWatchLogsClient

LONGEST = 1000
CAUSE = "Caused by: "


@dataclass(frozen=True)
class LogStream:
    group: str
    name: str


def located(arn: str) -> LogStream:
    """The log stream of arn:…:logs:REGION:ACCOUNT:log-group:GROUP:log-stream:STREAM."""
    group, _, name = arn.partition(":log-group:")[2].rpartition(":log-stream:")
    return LogStream(group, name)


def cause(logs: CloudWatchLogsClient, stream: LogStream, since: datetime) -> str | None:
    """The root cause out of the newest error, or else the newest exception, since then.

    None when there is neither, or no such log.
    """
    errors, exceptions = None, None
    for line in _lines(logs, stream, since):
        thrown = _text(line.get("throwableInformation"))
        if line.get("messageType") == "ERROR":
            errors = innermost(thrown) or _text(line.get("message"))[:LONGEST]
        elif thrown:
            exceptions = innermost(thrown)
    return errors or exceptions


def innermost(stack_trace: str) -> str:
    """The last cause in a stack trace, else its first line; it may be empty."""
    lines = [line for line in stack_trace.splitlines() if line.strip()]
    starts = [number for number, line in enumerate(lines) if line.startswith(CAUSE)]
    if not starts:
        return "".join(lines[:1])[:LONGEST]
    # The message may have several lines; it ends where the stack begins.
    message = takewhile(lambda line: not line.startswith("\tat "), lines[starts[-1] :])
    return " ".join(line.strip() for line in message)[len(CAUSE) :][:LONGEST]


def _lines(
    logs: CloudWatchLogsClient, stream: LogStream, since: datetime
) -> Iterator[Mapping[str, Any]]:
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=stream.group,
        logStreamNames=[stream.name],
        startTime=int(since.timestamp() * 1000),
    )
    try:
        for page in pages:
            for event in page["events"]:
                yield from _parsed(event["message"])
    except logs.exceptions.ResourceNotFoundException:
        return


def _parsed(message: str) -> Iterator[Mapping[str, Any]]:
    try:
        line = json.loads(message)
    except ValueError:
        return
    if isinstance(line, dict):
        yield line


def _text(value: Any) -> str:
    # A stack trace may come as one text, or as a list of its lines.
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value or "")
