"""What the live block shows: a line for each stack that is in work or done."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import click

from ...cloudformation.progress import (
    ProgressEvent,
    StackBegun,
    StackDone,
    StackEvent,
    Upload,
    Verb,
    verb,
)
from ...text import size

Usual = Callable[[tuple[str, Verb]], "float | None"]

_IN_WORK: dict[Verb, str] = {"create": "creating", "update": "updating", "delete": "deleting"}
# What is told first of all: a narrow terminal cuts the rest off.
_FIRST = ("in work", "failed", "skipped", "to come")
_COLORS = {
    "created": "green",
    "updated": "green",
    "deleted": "green",
    "failed": "red",
    "rolling back": "red",
    "skipped": "yellow",
    "unfinished": "yellow",
    "cancelled": "yellow",
}


@dataclass
class Row:
    """One stack. `in_work` has the resources in progress and since when; `total` 0 is not known."""

    verb: Verb
    state: str
    begun: float
    total: int = 0
    usual: float | None = None
    ended: float | None = None
    done: set[str] = field(default_factory=set)
    in_work: dict[str, float] = field(default_factory=dict)

    def hear(self, event: StackEvent, now: float) -> None:
        if event.resource == event.stack:
            self._turn(event.status)
        elif event.status.endswith("_IN_PROGRESS"):
            self.in_work.setdefault(event.resource, now)
            self.done.discard(event.resource)
        else:
            self.in_work.pop(event.resource, None)
            if not event.status.endswith("_FAILED"):
                self.done.add(event.resource)

    def _turn(self, status: str) -> None:
        """Take notice when the stack is rolled back: that has neither a number nor a usual time."""
        is_deletion = status == "DELETE_IN_PROGRESS" and self.verb == "create"
        if status.endswith("ROLLBACK_IN_PROGRESS") or is_deletion:
            self.state, self.total, self.usual = "rolling back", 0, None
            self.done.clear()
            self.in_work.clear()

    def cells(self, name: str, now: float) -> list[Cell]:
        elapsed = (self.ended or now) - self.begun
        known = self.ended is None or self.done
        return [
            (name, ""),
            (self.state, _COLORS.get(self.state, "cyan")),
            (self._count() if known else "", ""),
            (self._elapsed(elapsed), ""),
            (self._left(elapsed), ""),
            (self._slowest(now), ""),
        ]

    def _count(self) -> str:
        # An update touches only some of the template's resources, and a condition leaves some out.
        is_part = self.total and self.ended is None and self.verb != "update"
        return f"{len(self.done)} of {self.total} done" if is_part else f"{len(self.done)} done"

    def _elapsed(self, elapsed: float) -> str:
        if self.state == "skipped":
            return ""
        return f"{elapsed:.1f} s" if self.ended and elapsed < 60 else spelled(elapsed)

    def _left(self, elapsed: float) -> str:
        # What takes a second or less is not worth an estimate.
        if self.ended is not None or self.usual is None or self.usual <= 1:
            return ""
        left = self.usual - elapsed
        return f"~{spelled(left)} left" if left >= 0.5 else f"usually {spelled(self.usual)}"

    def _slowest(self, now: float) -> str:
        if not self.in_work or self.ended is not None:
            return ""
        resource, since = min(self.in_work.items(), key=lambda entry: entry[1])
        return f"{resource} {spelled(now - since)}"


class Board:
    """The stacks of a project by what is heard of them; `usual` tells how long an operation takes.

    Stacks that are as they should be are only counted. `total` is how many there are altogether, 0
    when that is not known.
    """

    def __init__(
        self,
        project: str,
        usual: Usual,
        clock: Callable[[], float] = time.monotonic,
        total: int = 0,
    ) -> None:
        self._project, self._usual, self._clock, self._total = project, usual, clock, total
        self._begun = clock()
        self._rows: dict[str, Row] = {}
        self._uploads: dict[str, Upload] = {}
        self._unchanged = 0

    def hear(self, event: ProgressEvent) -> None:
        now = self._clock()
        if isinstance(event, StackBegun):
            operation = event.stack, event.verb
            usual = self._usual(operation) if event.is_ours else None
            state = _IN_WORK[event.verb]
            row = Row(event.verb, state, now, event.resources, usual)
            self._rows[event.stack] = row
        elif isinstance(event, StackEvent):
            self._row(event.stack, verb(event.status), now).hear(event, now)
        elif isinstance(event, StackDone):
            self._end(event, now)
        elif isinstance(event, Upload):
            self._uploads[event.function] = event

    @property
    def revocable(self) -> list[str]:
        """The stacks that are being created or updated."""
        rows = self._rows.items()
        return [name for name, row in rows if row.ended is None and row.verb != "delete"]

    def lines(self, width: int, height: int) -> list[str]:
        """At most `height` lines, none wider than `width`; none at all before there is a stack.

        Where they do not all fit, those in work come first.
        """
        if not self._rows:
            return []
        now, room = self._clock(), max(height - 1 - len(self._under_way), 1)
        rows, more = list(self._rows.items()), ""
        if len(rows) > room:
            rows = sorted(rows, key=_importance)[: room - 1]
            more = f"  … and {len(self._rows) - len(rows)} more"
        table = [row.cells(name.removeprefix(f"{self._project}-"), now) for name, row in rows]
        table += [_upload_cells(upload) for upload in self._under_way]
        shown = [click.style(fitted([(self._summary(now), "")], width), bold=True)]
        for row in padded(table):
            shown.append(fitted([(f"  {text}", color) for text, color in row], width))
        if more:
            shown.append(fitted([(more, "")], width))
        return shown[: max(height, 0)]

    @property
    def _under_way(self) -> list[Upload]:
        return [upload for upload in self._uploads.values() if upload.sent < upload.total]

    def _row(self, stack: str, kind: Verb, begun: float) -> Row:
        return self._rows.setdefault(stack, Row(kind, _IN_WORK[kind], begun))

    def _end(self, event: StackDone, now: float) -> None:
        if event.outcome == "unchanged":
            # It may have been waited for before.
            self._rows.pop(event.stack, None)
            self._unchanged += 1
            return
        row = self._row(event.stack, "update", now - event.seconds)
        row.state, row.ended = event.outcome, now

    def _summary(self, now: float) -> str:
        counts = Counter(dict.fromkeys(_FIRST, 0))
        counts["in work"] = sum(not row.ended for row in self._rows.values())
        counts["to come"] = max(self._total - len(self._rows) - self._unchanged, 0)
        counts.update(row.state for row in self._rows.values() if row.ended)
        counts["unchanged"] = self._unchanged
        parts = [f"{count} {state}" for state, count in counts.items() if count]
        return f"{self._project}  {spelled(now - self._begun)}  {', '.join(parts)}"


def _upload_cells(upload: Upload) -> list[Cell]:
    sent = f"{size(upload.sent)} of {size(upload.total)}"
    return [(f"code of {upload.function}", ""), ("uploading", "cyan"), (sent, ""), *[("", "")] * 3]


def _importance(entry: tuple[str, Row]) -> tuple[int, float]:
    """First what is in work, then what failed, then what ended last; last what was skipped."""
    row = entry[1]
    ranks = {"failed": 1, "skipped": 3}
    return ranks.get(row.state, 2) if row.ended else 0, -(row.ended or 0)


# A text, and its colour.
Cell = tuple[str, str]


def padded(table: Sequence[Sequence[Cell]]) -> Iterator[list[Cell]]:
    """The rows with their cells one below the other, without columns that are empty."""
    widths = [max(len(text) for text, _ in column) for column in zip(*table)]
    for row in table:
        last = max(i for i, (text, _) in enumerate(row) if text)
        yield [
            (text.ljust(width if i < last else 0), color)
            for i, ((text, color), width) in enumerate(zip(row, widths))
            if width and i <= last
        ]


def fitted(cells: Sequence[Cell], width: int) -> str:
    """The cells beside each other in their colours, cut to the width."""
    shown = []
    for text, color in cells:
        cut = text if len(text) <= width else f"{text[: max(width - 1, 0)]}…"[:width]
        shown.append(click.style(cut, fg=color) if color else cut)
        width -= len(cut)
    return "".join(shown)


def spelled(seconds: float) -> str:
    """A time for a person: `12 s`, `2 m 05 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} m {rest:02} s" if minutes else f"{rest} s"
