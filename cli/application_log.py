"""What the analytics application's log says about a failure.

The form of its lines: https://docs.aws.amazon.com/managed-flink/latest/java/cloudwatch-logs-reading.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import causes

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_logs import CloudWatchLogsClient

# Under this name the service logs what a Python application and its traceback say, as INFO.
PYTHON_OUTPUT = "org.apache.flink.client.python.PythonDriver"
# Flink's words; it starts the task again, so that the application goes on RUNNING.
_TASK_FAILED = re.compile(r"switched from \w+ to FAILED")


@dataclass(frozen=True)
class LogStream:
    group: str
    name: str


def located(arn: str) -> LogStream:
    """The log stream of arn:…:logs:REGION:ACCOUNT:log-group:GROUP:log-stream:STREAM."""
    group, _, name = arn.partition(":log-group:")[2].rpartition(":log-stream:")
    return LogStream(group, name)


def cause(logs: CloudWatchLogsClient, stream: LogStream, since: datetime) -> str | None:
    """The root cause out of the newest error since then.

    Without an error it is that of the Python program if it ended, else the newest exception's. None
    when there is nothing of the kind, or no such log.
    """
    found = _Findings()
    for line in _lines(logs, stream, since):
        found.add(line)
    if found.has_ended and not found.error:
        return causes.of_program(found.program)
    return found.error or found.exception or None


def task_failure(logs: CloudWatchLogsClient, stream: LogStream, since: datetime) -> str | None:
    """Why a task of the job failed last since then; None when none did, or there is no such log."""
    found = None
    for line in _lines(logs, stream, since):
        if _TASK_FAILED.search(_text(line.get("message"))):
            found = causes.of_stack_trace(_text(line.get("throwableInformation"))) or found
    return found


@dataclass
class _Findings:
    error: str = ""
    exception: str = ""
    has_ended: bool = False
    program: list[str] = field(default_factory=list)

    def add(self, line: Mapping[str, Any]) -> None:
        said, thrown = _text(line.get("message")), _text(line.get("throwableInformation"))
        if causes.PROGRAM_ENDED in thrown:
            # Why it did is in what the program itself said.
            self.has_ended = True
        elif line.get("messageType") == "ERROR":
            self.error = causes.of_stack_trace(thrown) or said[: causes.LONGEST]
        elif thrown:
            self.exception = causes.of_stack_trace(thrown)
        elif line.get("logger") == PYTHON_OUTPUT:
            self.program.append(said)


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
