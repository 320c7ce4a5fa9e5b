"""What `start-analytics` and `stop-analytics` share: watching and showing it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from .options import Options

if TYPE_CHECKING:
    from ..analytics.application import Application

no_wait_option = click.option(
    "--no-wait", is_flag=True, help="Request it, and return without waiting."
)


@contextlib.contextmanager
def watching(options: Options, what: str) -> Iterator[Callable[[str], None]]:
    """Say each status as it comes, and, when the person goes away, that `what` goes on."""
    started = time.monotonic()

    def watch(status: str) -> None:
        options.say(f"{time.monotonic() - started:7.1f} s  {status}")

    try:
        yield watch
    except KeyboardInterrupt:
        options.say(f"\n{what} continues in AWS; miztiik-events status shows its progress.")
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
