"""What the analytics application's log says about a failure.

The form of its lines: https://docs.aws.amazon.com/managed-flink/latest/java/cloudwatch-logs-reading.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from ..pipeline import log_events
from ..text import json_object

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_logs import CloudWatchLogsClient

LONGEST = 1000
# Python's bridge to Java writes the first exception of a trace after a bare colon. Calcite, Flink's
# SQL parser, says the same once more without the place in the SQL, or that it is about SQL at all.
_CAUSE = re.compile(r"(Caused by)?: (?!org\.apache\.calcite\.)")
# What Flink's client adds when a Python program has failed; it says nothing new.
PROGRAM_ENDED = "java.lang.RuntimeException: Python process exits"
# The SQL parser goes on with every word that it would have taken instead.
_EXPECTATIONS = " Was expecting one of:"
_ADVICE = "Use the help option"
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
    findings = _Findings()
    for line in _lines(logs, stream, since):
        findings.add(line)
    if findings.has_ended and not findings.error:
        return of_program(findings.program)
    return findings.error or findings.exception or None


def task_failure(logs: CloudWatchLogsClient, stream: LogStream, since: datetime) -> str | None:
    """Why a task of the job failed last since then; None when none did, or there is no such log."""
    reason = None
    for line in _lines(logs, stream, since):
        if _TASK_FAILED.search(_text(line.get("message"))):
            reason = of_stack_trace(_text(line.get("throwableInformation"))) or reason
    return reason


@dataclass
class _Findings:
    error: str = ""
    exception: str = ""
    has_ended: bool = False
    program: list[str] = field(default_factory=list)

    def add(self, line: Mapping[str, Any]) -> None:
        message, thrown = _text(line.get("message")), _text(line.get("throwableInformation"))
        if PROGRAM_ENDED in thrown:
            # Why it did is in what the program itself said.
            self.has_ended = True
        elif line.get("messageType") == "ERROR":
            self.error = of_stack_trace(thrown) or message[:LONGEST]
        elif thrown:
            self.exception = of_stack_trace(thrown)
        elif line.get("logger") == PYTHON_OUTPUT:
            self.program.append(message)


def _lines(
    logs: CloudWatchLogsClient, stream: LogStream, since: datetime
) -> Iterator[Mapping[str, Any]]:
    events = log_events.read(logs, stream.group, since, logStreamNames=[stream.name])
    return (line for event in events if (line := json_object(event["message"])))


def _text(value: Any) -> str:
    # A stack trace may come as one text, or as a list of its lines.
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value or "")


def of_stack_trace(text: str) -> str:
    """The innermost cause of a Java stack trace, else its first line; it may be empty."""
    lines = [line for line in text.splitlines() if line.strip()]
    return _innermost(lines) or "".join(lines[:1]).strip()[:LONGEST]


def of_program(lines: Sequence[str]) -> str:
    """Why a program failed, out of all that it and Flink's client wrote.

    The innermost Java cause if there is one, else the last line of the Python traceback.
    """
    own = list(takewhile(lambda line: PROGRAM_ENDED not in line, lines))
    messages = [
        line
        for line in own
        if line.strip() and not line[0].isspace() and not line.startswith(_ADVICE)
    ]
    return (
        _innermost(own)
        or "".join(messages[-1:])[:LONGEST]
        or "The program ended without giving a reason"
    )


def _innermost(lines: Sequence[str]) -> str:
    starts = [number for number, line in enumerate(lines) if _CAUSE.match(line)]
    if not starts:
        return ""
    # The message may have several lines; it ends where the stack begins.
    message = takewhile(lambda line: not line.startswith(("\tat ", "\t... ")), lines[starts[-1] :])
    text = _CAUSE.sub("", " ".join(line.strip() for line in message), count=1)
    return text.partition(_EXPECTATIONS)[0][:LONGEST]
