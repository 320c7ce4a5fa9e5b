"""The log of an application: its processes' output, sent to CloudWatch Logs as Managed Flink does.

https://docs.aws.amazon.com/managed-flink/latest/java/cloudwatch-logs-reading.html
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any

from .. import role_session
from .application import Application

logger = logging.getLogger(__name__)

Fields = dict[str, Any]

SERVICE = "com.amazonaws.services.kinesisanalytics"
SEND_SECONDS = 1.0
# CloudWatch takes 256 KB an event and 1 MB a call; these are characters, of up to four bytes.
_LONGEST_TEXT = 25_000
_LONGEST_CALL = 200_000

_PATTERN = "".join(
    (
        '{"time":%d{UNIX_MILLIS}',
        ',"messageType":"%p"',
        ',"logger":"%c"',
        ',"threadName":"%enc{%t}{JSON}"',
        ',"locationInformation":"%enc{%l}{JSON}"',
        ',"message":"%enc{%m}{JSON}"',
        ',"throwableInformation":"%enc{%throwable}{JSON}"}%n',
    )
)


def log4j_properties(level: str) -> str:
    """Logging of a Flink process: to its stdout, a JSON object a line."""
    return "\n".join(
        (
            f"rootLogger.level = {level}",
            "rootLogger.appenderRef.console.ref = Console",
            "appender.console.name = Console",
            "appender.console.type = CONSOLE",
            "appender.console.layout.type = PatternLayout",
            "appender.console.layout.alwaysWriteExceptions = false",
            f"appender.console.layout.pattern = {_PATTERN}",
            "",
        )
    )


class Output(threading.Thread):
    """Reads what a process says, a line at a time, until it ends."""

    def __init__(self, stream: IO[str], source: str | None, take: Callable[[Fields], None]) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._source = source
        self._take = take
        # The first error's stack trace; what follows from it comes later.
        self.trace = ""
        # What did not come from log4j before that: a program's own output, a traceback.
        self.plain: list[str] = []

    def run(self) -> None:
        for line in self._stream:
            fields = _from_log4j(line)
            if fields is None:
                self._note(line.rstrip("\n"))
                continue
            if fields["messageType"] in ("ERROR", "FATAL"):
                self.trace = self.trace or fields.get("throwableInformation", "")
            self._take(fields)

    def _note(self, line: str) -> None:
        if not self.trace:
            self.plain.append(line)
        if self._source is not None:
            self._take(_fields("INFO", self._source, line))


class ApplicationLog:
    """Sends what the processes of an application say, each second."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._waiting: list[Fields] = []
        self._changing = threading.Lock()
        self._closed = threading.Event()
        self._outputs: list[Output] = []
        self._sender = threading.Thread(target=self._send_until_closed, daemon=True)
        self._sender.start()

    def follow(self, stream: IO[str], source: str | None) -> Output:
        """Take every line of a process; those not from log4j as if `source` had logged them.

        Without a source they are not sent.
        """
        output = Output(stream, source, self._take)
        output.start()
        self._outputs.append(output)
        return output

    def say(self, level: str, message: str) -> None:
        """A line of the service itself."""
        self._take(_fields(level, SERVICE, message))

    def close(self) -> None:
        """Send the rest; to be called when the processes have ended."""
        for output in self._outputs:
            output.join(timeout=SEND_SECONDS)
        self._closed.set()
        self._sender.join()

    def _take(self, fields: Fields) -> None:
        with self._changing:
            self._waiting.append(fields)

    def _send_until_closed(self) -> None:
        while not self._closed.wait(SEND_SECONDS):
            self._send()
        self._send()

    def _send(self) -> None:
        with self._changing:
            taken, self._waiting = self._waiting, []
        stream = self._application.log_stream
        if not stream:
            return
        events = (self._event(fields) for fields in sorted(taken, key=_time))
        try:
            put = self._client().put_log_events
            for part in _calls(events):
                put(logGroupName=stream.group, logStreamName=stream.name, logEvents=part)
        except Exception as error:
            # As on AWS, an application whose log cannot be written runs all the same.
            logger.warning("The log of %s could not be written: %s", self._application.name, error)

    def _client(self) -> Any:
        application = self._application
        return role_session.client("logs", application.role, application.name, application.region)

    def _event(self, fields: Fields) -> Fields:
        message = {
            **{name: _shortened(value) for name, value in fields.items() if name != "time"},
            "applicationARN": self._application.arn,
            "applicationVersionId": str(self._application.version),
            "messageSchemaVersion": "1",
        }
        return {"timestamp": _time(fields), "message": json.dumps(message, sort_keys=True)}


def _from_log4j(line: str) -> Fields | None:
    try:
        fields = json.loads(line)
    except ValueError:
        return None
    return fields if isinstance(fields, dict) and isinstance(fields.get("time"), int) else None


def _fields(level: str, source: str, message: str) -> Fields:
    now = int(time.time() * 1000)
    return {"time": now, "messageType": level, "logger": source, "message": message}


def _time(fields: Fields) -> int:
    return int(fields["time"])


def _shortened(value: str) -> str:
    return value if len(value) <= _LONGEST_TEXT else value[:_LONGEST_TEXT] + " …"


def _calls(events: Iterable[Fields]) -> Iterator[list[Fields]]:
    part: list[Fields] = []
    length = 0
    for event in events:
        if part and length + len(event["message"]) > _LONGEST_CALL:
            yield part
            part, length = [], 0
        part.append(event)
        length += len(event["message"])
    if part:
        yield part
