"""`miztiik-events results`."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from .options import Options, moment_or_none, shared_options
from .views.results import COLUMNS, START, line, shown

if TYPE_CHECKING:
    from datetime import datetime

    from ..pipeline.data_store import Folder
    from ..pipeline.results import Collection, Row

POLL_SECONDS = 2.0


@click.command()
@click.option("--follow", "-f", is_flag=True, help="Keep printing new results until Ctrl-C.")
@click.option("--store", metavar="STORE", help="Only this store, such as store_1.")
@click.option(
    "--since",
    callback=moment_or_none,
    metavar="WHEN",
    help="Only what was written since then: an age (10m, 2h, 1d) or a time (2026-11-24T15:00).",
)
@click.option(
    "--recomputed",
    is_flag=True,
    help="Show those of the last recomputation instead (start-analytics --from TIME).",
)
@shared_options
def command(
    options: Options, follow: bool, store: str | None, since: datetime | None, recomputed: bool
) -> None:
    """Show the revenue per store and window.

    \b
      miztiik-events results
      miztiik-events results --follow --store store_1
      miztiik-events results --since 1h | jq .revenue

    A pipe gets the lines as they are in the data store, one JSON object each.
    """
    from ..pipeline import results

    folder = _folder(options, since, recomputed=recomputed)
    collection = results.Collection()
    if follow:
        _follow(options, folder, collection, store)
        return
    rows = _of(store, collection.add(folder.fresh()))
    click.echo(shown(rows, options.format()), nl=bool(rows) or options.format() == "json")
    _say_notes(options, collection, rows)


def _folder(options: Options, since: datetime | None, *, recomputed: bool) -> Folder:
    from ..analytics import recomputation
    from ..cloudformation import stacks
    from ..pipeline import results
    from ..pipeline.data_store import Folder

    outputs = stacks.project_outputs(options.session.client("cloudformation"), options.project)
    bucket = stacks.require(outputs, stacks.DATA_STORE, options.project)
    if not recomputed:
        return Folder(options.session.client("s3"), bucket, results.PREFIX, since)
    name = stacks.require(outputs, recomputation.OUTPUT, options.project)
    begun = recomputation.last_start(options.session.client("kinesisanalyticsv2"), name)
    prefix = f"{recomputation.PREFIX}{results.PREFIX}"
    return Folder(options.session.client("s3"), bucket, prefix, max(begun, since or begun))


def _follow(options: Options, folder: Folder, collection: Collection, store: str | None) -> None:
    # Later rows may have windows of another length.
    is_table, columns = options.format() == "table", {**START, **COLUMNS}
    options.say("Waiting for windows to close; stop with Ctrl-C.")
    if is_table:
        click.echo(line(list(columns.values())))
    for rows in _batches(folder, collection):
        for row in _of(store, rows):
            click.echo(line([getattr(row, name) for name in columns]) if is_table else row.text)


def _batches(folder: Folder, collection: Collection) -> Iterator[list[Row]]:
    pause = threading.Event()
    while True:
        yield collection.add(folder.fresh())
        pause.wait(POLL_SECONDS)


def _of(store: str | None, rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if store in (None, row.store_id)]


def _say_notes(options: Options, collection: Collection, rows: Sequence[Row]) -> None:
    from ..text import counted

    if collection.rows and not rows:
        options.say("No results for that store; there are some without --store.")
    elif not rows:
        options.say(
            "No results yet. They need a running application (miztiik-events start-analytics) and "
            "events (miztiik-events produce); a window's line comes after its length, the allowed "
            "lateness and Firehose's buffer, two to three minutes with the defaults."
        )
    if collection.garbage:
        first = collection.garbage[0].key
        options.say(
            f"Not a result: {counted(len(collection.garbage), 'line')}, the first in {first}"
        )
    if collection.contradictions:
        options.say(
            f"Contradicting an earlier row of the same store and window: "
            f"{counted(collection.contradictions, 'row')}. Next: miztiik-events verify",
            fg="red",
        )
