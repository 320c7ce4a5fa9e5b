"""A deploy as NDJSON on stdout: records `plan`, `event`, `outputs` and, at the end, `result`."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import click

from ...cloudformation.progress import (
    Note,
    ProgressEvent,
    StackBegun,
    StackDone,
    StackEvent,
    Upload,
)
from ...errors import StackError
from ...text import as_json

if TYPE_CHECKING:
    from ...deploy.project import Project

# It goes up when a field changes its meaning or its name, or goes.
VERSION = 1
_KINDS = {StackEvent: "resource", Note: "note", StackBegun: "begin", StackDone: "end"}


class Records:
    """A listener that prints records; none at all unless it `is_wanted`."""

    def __init__(self, *, is_wanted: bool) -> None:
        self._is_wanted = is_wanted
        self._started = time.monotonic()
        self._outcomes: Counter[str] = Counter()
        self._unwritten: OSError | None = None

    def __call__(self, event: ProgressEvent) -> None:
        if isinstance(event, StackDone):
            self._outcomes[event.outcome] += 1
        if isinstance(event, Upload):
            # There are many, and a note tells of the end.
            return
        fields = asdict(event)
        if isinstance(event, StackDone):
            fields["seconds"] = round(event.seconds, 3)
        if isinstance(event, StackEvent):
            # `type` is the record's own.
            fields["resource_type"] = fields.pop("type")
        self._print("event", kind=_KINDS[type(event)], **fields)

    def outputs(self, outputs: Mapping[str, str]) -> None:
        self._print("outputs", outputs=outputs)

    @contextlib.contextmanager
    def of(self, project: Project) -> Iterator[Records]:
        """The records of the project's deploy while the block runs, `plan` to `result`."""
        self._plan(project)
        error: BaseException | None = None
        try:
            yield self
        except BaseException as raised:
            error = raised
            raise
        finally:
            self._result(error)
        if self._unwritten:
            raise self._unwritten

    def _plan(self, project: Project) -> None:
        stacks = [
            {
                "stack": project.stack_name(step),
                "template": step.name,
                "parents": sorted(step.parents),
                "exists": project.live_stack(step) is not None,
            }
            for step in project.steps
        ]
        self._print("plan", project=project.name, stacks=stacks)

    def _result(self, error: BaseException | None) -> None:
        status = "succeeded" if error is None else "failed"
        if isinstance(error, KeyboardInterrupt):
            status = "cancelled"
        self._print(
            "result",
            status=status,
            seconds=round(time.monotonic() - self._started, 1),
            outcomes=self._outcomes,
            **({"error": error_fields(error)} if isinstance(error, Exception) else {}),
        )

    def _print(self, record: str, **fields: Any) -> None:
        if not self._is_wanted:
            return
        try:
            click.echo(as_json({"type": record, **stamp(), **fields}))
        except OSError as error:
            # Nobody reads on, or a disk is full: told at the end, not in the middle of the work.
            self._is_wanted, self._unwritten = False, error


def stamp() -> dict[str, Any]:
    """What every record carries: the version of its form, and when it was written."""
    return {"version": VERSION, "time": datetime.now(timezone.utc)}


def error_fields(error: Exception) -> dict[str, Any]:
    """An error as a program reads it, with its root cause when a stack failed."""
    message = {"message": str(error), "exit_code": getattr(error, "exit_code", 1)}
    if others := getattr(error, "others", ()):
        message["others"] = [error_fields(other) for other in others]
    if not isinstance(error, StackError):
        return message
    return {
        **message,
        "root_cause": {
            "stack": error.stack,
            "logical_id": error.logical_id,
            "type": error.type,
            "reason": error.reason,
            "file": error.path,
            "line": error.line,
        },
        "next_step": error.next_step,
    }
