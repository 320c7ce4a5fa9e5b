"""`results --follow`: new rows as they are written, and meanwhile what it waits for."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from .shared_options import table_width
from .views.results import Followed, as_csv

if TYPE_CHECKING:
    from ..cloudformation.stacks import Stack
    from ..pipeline.data_store import Folder
    from ..pipeline.results import Row
    from ..pipeline.windowing import Windowing
    from .results import Question
    from .shared_options import Options

POLL_SECONDS = 2.0


def follow(options: Options, question: Question, folder: Folder, deployed: Sequence[Stack]) -> None:
    """Print the rows of the period, then all that come, until Ctrl-C."""
    from ..pipeline.results import Collection

    collection, outlook = Collection(), _outlook(options, question, deployed)
    options.say(f"{outlook.text}. Ctrl-C ends it.")
    screen = _Screen(options, outlook)
    screen.show(question.selected(collection.add(folder.fresh())))
    while True:
        screen.wait()
        # What is written from now on is news, though its window may have ended long ago.
        screen.show(question.of_store(collection.add(folder.fresh())))


@dataclass
class Outlook:
    """When the next result is to be expected; how the windows are is None without an application.

    `buffer` is for how many milliseconds Firehose collects results, `start` what starts an
    application that rests.
    """

    windowing: Windowing | None = None
    buffer: int = 0
    status: str = "RUNNING"
    start: str = ""

    @property
    def text(self) -> str:
        if not self.windowing:
            return "Waiting for windows to close"
        length, delay = self.windowing.length / 1000, self.delay / 1000
        text = f"Waiting for windows of {length:g} s, written some {delay:g} s after their end"
        if self.runs:
            return text
        next_step = f". Next: {self.start}" if self.start else ""
        return f"{text}.\nThe application is {self.status}{next_step}"

    @property
    def runs(self) -> bool:
        from ..analytics import lifecycle

        return self.status in lifecycle.RUNNING

    @property
    def delay(self) -> int:
        """From a window's end to its result, in milliseconds."""
        from ..pipeline.windowing import MARGIN

        return (self.windowing.lateness if self.windowing else 0) + MARGIN + self.buffer

    def next(self, now: int, shown: int) -> str:
        """What comes next; windows that end until `shown` have been shown."""
        from ..pipeline import windowing

        if not self.windowing or not self.runs:
            return "Waiting"
        length = self.windowing.length
        end = max(-(-(now - self.delay) // length), shown // length + 1) * length
        seconds = -(-(end + self.delay - now) // 1000)
        return f"Window until {windowing.written(end)[11:19]} due in {seconds} s"


def _outlook(options: Options, question: Question, deployed: Sequence[Stack]) -> Outlook:
    from ..analytics import application, recomputation
    from ..cloudformation import stacks
    from ..operate import advice

    output, words = application.OUTPUT, "start-analytics"
    if question.is_of_recomputation:
        output, words = recomputation.OUTPUT, advice.AGAIN
    outputs = stacks.outputs_of(deployed)
    name = outputs.get(output)
    if not name:
        return Outlook()
    described = application.describe(options.session.client("kinesisanalyticsv2"), name)
    buffer = round(stacks.buffering(deployed).total_seconds() * 1000)
    start = advice.of_rest(described.status, outputs, options.project, words)
    return Outlook(described.windowing, buffer, described.status, start)


@dataclass
class _Screen:
    """The rows on stdout, and under them on a terminal a line about the next, on stderr."""

    options: Options
    outlook: Outlook
    _table: Followed | None = None
    _net: Decimal = field(default_factory=Decimal)
    _end: int = 0
    _pause: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        form = self.options.format("ndjson")
        if form == "table":
            self._table = Followed.fitting(table_width())
            click.echo(self._table.heading)
        elif form == "csv":
            click.echo(as_csv([]))

    def show(self, rows: Sequence[Row]) -> None:
        from ..pipeline import windowing

        for row in rows:
            self._net += row.net
            self._end = max(self._end, windowing.read(row.timestamp))
            if self._table:
                click.echo(self._table.line(row))
            elif self.options.format("ndjson") == "csv":
                click.echo(as_csv([row]).partition("\n")[2])
            else:
                click.echo(row.text)

    def wait(self) -> None:
        """Until the next look."""
        is_shown = self._table and sys.stderr.isatty() and not self.options.quiet
        if is_shown:
            waiting_for = self.outlook.next(round(time.time() * 1000), self._end)
            line = f"{waiting_for}; so far {self._net:,.2f} net"[: (table_width() or 80) - 1]
            click.echo(f"{line}\r", nl=False, err=True)
        try:
            self._pause.wait(POLL_SECONDS)
        finally:
            if is_shown:
                click.echo("\x1b[K", nl=False, err=True)
