"""What `start-analytics` and `stop-analytics` share: watching and showing it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from .shared_options import Options
from .terminal.durations import Durations, Operation
from .terminal.elapsed import elapsing

if TYPE_CHECKING:
    from ..analytics.application import Application

no_wait_option = click.option(
    "--no-wait", is_flag=True, help="Request it, and return without waiting."
)


# What is waited for while an application is in this state.
WAITS = {
    "STARTING": "Flink's cluster starts and takes up the job",
    "STOPPING": "Flink writes a snapshot of the job, and ends",
    "FORCE_STOPPING": "Flink ends, without a snapshot",
    "UPDATING": "Flink starts again, from a snapshot, with what is new",
}


@dataclass
class Wait:
    """The states of an application as they come, and for how long each usually lasts."""

    durations: Durations
    status: str = ""
    since: float = 0.0
    took: dict[Operation, float] = field(default_factory=dict)

    def turn(self, status: str) -> None:
        now = time.monotonic()
        if self.status in WAITS:
            self.took["analytics", self.status] = now - self.since
        self.status, self.since = status, now

    @property
    def reason(self) -> str:
        """What is waited for, and how long that usually takes; empty when nothing is."""
        if self.status not in WAITS:
            return ""
        usual = self.durations.usual(("analytics", self.status))
        return WAITS[self.status] + (f" (usually {usual:.0f} s)" if usual else "")

    def told(self, _: float) -> str:
        """The line on the terminal."""
        return self.reason and f"{time.monotonic() - self.since:7.0f} s  {self.reason}"


@contextlib.contextmanager
def watching(options: Options, what: str) -> Iterator[Callable[[str], None]]:
    """Say each status as it comes, and, when the person goes away, that `what` goes on.

    On a terminal a line tells what is waited for, how long that has taken and usually takes.
    """
    started = time.monotonic()
    endpoint = options.session.client("kinesisanalyticsv2").meta.endpoint_url
    wait = Wait(Durations(urlsplit(endpoint).hostname or "", options.project))

    try:
        with elapsing(options, wait.told) as line:

            def watch(status: str) -> None:
                wait.turn(status)
                with line.hidden() if line else contextlib.nullcontext():
                    options.say(f"{time.monotonic() - started:7.1f} s  {status}")
                if wait.reason and not line:
                    options.say(f"{'':11}{wait.reason}")

            yield watch
        wait.durations.keep(wait.took)
    except KeyboardInterrupt:
        from ..text import command

        status = command("status", options.project)
        options.say(f"\n{what} continues in AWS; {status} shows its progress.")
        raise


def prune(options: Options, name: str, needed: str = "latest") -> None:
    """Delete old snapshots, as snapshots.prune does, and say so."""
    from ..analytics import snapshots
    from ..text import counted

    deleted = snapshots.prune(options.session.client("kinesisanalyticsv2"), name, needed)
    if deleted:
        options.say(
            f"Deleted {counted(deleted, 'snapshot')} of earlier stops and updates: "
            f"the newest {snapshots.KEPT} are kept"
        )


def show(options: Options, application: Application) -> None:
    from ..text import as_json, as_table

    row = {
        "name": application.name,
        "status": application.status,
        "parallelism": application.parallelism,
        "version": application.version,
    }
    form = options.format("ndjson")
    if form == "table":
        headings = {name: name.capitalize() for name in row}
        click.echo(as_table([row], headings))
    else:
        click.echo(as_json(row, indent=2 if form == "json" else None))
