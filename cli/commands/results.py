"""`miztiik-events results`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import click

from .options import moment_or_none
from .shared_options import Options, shared_options_with_csv, table_width
from .terminal import ending
from .views import chart
from .views.results import Table, as_csv, records

if TYPE_CHECKING:
    from ..cloudformation.stacks import Stack
    from ..pipeline.data_store import Folder
    from ..pipeline.results import Collection, Row
    from ..pipeline.revenue import Period

USUAL = timedelta(hours=1)
# What a screen can show; of more rows, a table has the stores alone.
MOST_ROWS, MOST_STORES = 60, 20
MOST_NAMES, LONGEST_NAME = 10, 40


@click.command()
@click.option("--follow", "-f", is_flag=True, help="Keep printing new results until Ctrl-C.")
@click.option(
    "--since",
    callback=moment_or_none,
    metavar="WHEN",
    help="Windows that ended since then: an age (10m, 2h, 1d) or a time (2026-11-24T15:00).  "
    "[default: 1h]",
)
@click.option(
    "--until",
    callback=moment_or_none,
    metavar="WHEN",
    help="Windows that ended until then.  [default: now]",
)
@click.option("--all", "everything", is_flag=True, help="All windows.")
@click.option("--store", metavar="STORE", help="Only this store, such as store_1.")
@click.option(
    "--by",
    type=click.Choice(["window", "hour", "day"]),
    help="A row for each store and window, hour or day (UTC).  [default: window, or in a table "
    f"of more than {MOST_ROWS} rows the {MOST_STORES} stores with the most revenue]",
)
@click.option(
    "--top",
    type=click.IntRange(1),
    metavar="N",
    help="Only the N stores with the most net revenue; without --by over the whole time.",
)
@click.option(
    "--recomputed",
    is_flag=True,
    help="All results of the last recomputation (start-analytics --from TIME) instead.",
)
@shared_options_with_csv
def command(
    options: Options,
    follow: bool,
    since: datetime | None,
    until: datetime | None,
    everything: bool,
    store: str | None,
    by: str | None,
    top: int | None,
    recomputed: bool,
) -> None:
    """Show the revenue per store and window, of the last hour if nothing else is asked for.

    \b
      miztiik-events results
      miztiik-events results --since 7d --by day --top 5
      miztiik-events results --follow --store store_1
      miztiik-events results --since 1h | jq .revenue

    Net is the revenue without that of the returns. A pipe gets the lines as they are in the data
    store, one JSON object each; with --by hour, --by day or --top, sums with the same fields.
    """
    if everything and (since or until):
        raise click.UsageError("--all excludes --since and --until")
    if since and until and since >= until:
        raise click.UsageError("--until has to be later than --since")
    if follow and (until or by or top):
        raise click.UsageError("--follow excludes --until, --by and --top")
    if follow and options.output == "json":
        raise click.UsageError("With --follow a JSON list never ends. Use --output ndjson")
    deployed = _deployed(options)
    period = _period(options, since, until, is_whole=everything or recomputed)
    (_follow if follow else _show)(options, Question(period, store, by, top, recomputed), deployed)


def _period(
    options: Options, since: datetime | None, until: datetime | None, *, is_whole: bool
) -> Period:
    """An hour when nothing else is asked for, and then it says so."""
    from ..pipeline.revenue import Period

    if since or is_whole:
        return Period(since, until)
    start = (until or datetime.now(timezone.utc)) - USUAL
    span = "The hour until then" if until else "The last hour"
    in_utc = f"{start.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC"
    options.say(f"{span}, since {in_utc}. Further back: --since 1d, or --all")
    return Period(start, until)


@dataclass(frozen=True)
class Question:
    """Which results are asked for, and in what sums."""

    period: Period
    store: str | None
    by: str | None
    top: int | None
    is_of_recomputation: bool

    def selected(self, rows: Sequence[Row]) -> list[Row]:
        return [row for row in self.of_store(rows) if self.period.has(row)]

    def of_store(self, rows: Sequence[Row]) -> list[Row]:
        return [row for row in rows if self.store in (None, row.store_id)]


def _follow(options: Options, question: Question, deployed: list[Stack]) -> None:
    from ..patience import Patience
    from .follow_results import follow

    with ending.endless(), options.insisting(Patience(math.inf)):
        follow(options, question, _folder(options, deployed, question), deployed)


def _show(options: Options, question: Question, deployed: list[Stack]) -> None:
    from ..pipeline.results import Collection

    folder, collection = _folder(options, deployed, question), Collection()
    rows = question.selected(collection.add(folder.fresh()))
    text = _text(options, question, rows)
    if text:
        click.echo(text)
    if not rows:
        _say_why_none(options, question, collection, folder, deployed)
    _say_backfill(options, rows)
    _say_doubts(options, collection, deployed)


def _say_backfill(options: Options, rows: Sequence[Row]) -> None:
    from ..pipeline import backfill
    from ..text import counted

    marked = sum(map(backfill.is_marked, rows))
    if marked:
        options.say(
            f"{counted(marked, 'row')} of a backfill, made up for a demonstration", fg="yellow"
        )


def _deployed(options: Options) -> list[Stack]:
    from ..cloudformation import stacks

    client = options.session.client("cloudformation")
    return list(stacks.of_project(client, options.project).values())


def _folder(options: Options, deployed: Sequence[Stack], question: Question) -> Folder:
    """Where the results of the period are."""
    from ..analytics import recomputation
    from ..cloudformation import stacks
    from ..pipeline import results
    from ..pipeline.data_store import Folder
    from ..pipeline.kept_hours import KeptHours

    outputs, s3 = stacks.outputs_of(deployed), options.session.client("s3")
    bucket = stacks.require(outputs, stacks.DATA_STORE, options.project)
    if question.is_of_recomputation:
        name = stacks.require(outputs, recomputation.OUTPUT, options.project)
        begun = recomputation.last_start(options.session.client("kinesisanalyticsv2"), name)
        return Folder(s3, bucket, f"{recomputation.PREFIX}{results.PREFIX}", begun)
    period, retention = question.period, stacks.retention(deployed)
    # A window's result is written after its end.
    until, kept = period.last_written(retention), KeptHours.of(bucket)
    return Folder(s3, bucket, results.PREFIX, period.since, until, kept)


def _text(options: Options, question: Question, rows: Sequence[Row]) -> str:
    from ..pipeline import revenue

    form, by, top = options.format("ndjson"), question.by, question.top
    if form == "table":
        return _table(options, question, rows) if rows else ""
    summed = revenue.summed(rows, by, top)
    if form == "csv":
        return as_csv(summed)
    return records(summed, form, are_stored=top is None and by in (None, "window"))


def _table(options: Options, question: Question, rows: Sequence[Row]) -> str:
    from ..pipeline import revenue

    by, top = question.by, question.top
    if not by and not top and len(rows) > MOST_ROWS:
        top = MOST_STORES
        options.say(f"By store, of {len(rows):,} rows. To see all of them: --by window")
    elif not top:
        by = by or "window"
    summed = revenue.summed(rows, by, top, has_others=True)
    course = (summed if by else rows) if chart.is_possible() else ()
    return str(Table(summed, by, table_width(), course))


def _say_why_none(
    options: Options,
    question: Question,
    collection: Collection,
    folder: Folder,
    deployed: Sequence[Stack],
) -> None:
    from ..cloudformation import stacks
    from ..pipeline import data_store
    from ..text import printable, shortened

    stores = {
        row.store_id: row
        for rows in collection.rows.values()
        for row in rows
        if question.period.has(row)
    }
    if stores:
        names = [shortened(printable(name), LONGEST_NAME) for name in sorted(stores, key=_natural)]
        more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
        options.say(f"No results for that store. There are: {', '.join(names[:MOST_NAMES])}{more}")
        return
    newest = data_store.newest(folder.s3, folder.bucket, folder.prefix)
    if newest:
        written = f"{newest['LastModified'].astimezone(timezone.utc):%Y-%m-%d %H:%M:%S}"
        options.say(f"No results in that time. The newest were written at {written} UTC.")
        return
    outputs = stacks.outputs_of(deployed)
    needs = _what_recomputed_need if question.is_of_recomputation else _what_they_need
    options.say(f"No results yet.{needs(options, outputs)}")


def _what_recomputed_need(options: Options, outputs: Mapping[str, str]) -> str:
    """How those of a recomputation come, by its state."""
    from ..analytics import application, recomputation
    from ..operate import advice

    flink = options.session.client("kinesisanalyticsv2")
    status = application.status(flink, outputs[recomputation.OUTPUT])
    again = advice.of_rest(status, outputs, options.project, advice.AGAIN)
    return f" The recomputation is {status}{f'. Next: {again}' if again else ''}"


def _what_they_need(options: Options, outputs: Mapping[str, str]) -> str:
    """What there have to be for results, as far as the project has it."""
    from ..operate import advice

    start = advice.possible("start-analytics", outputs, options.project)
    produce = advice.possible("produce", outputs, options.project)
    if not start:
        return ""
    return (
        f" They need a running application ({start}) and events{f' ({produce})' if produce else ''}"
        "; a window's line comes after its length, the allowed lateness and Firehose's buffer, two "
        "to three minutes with the defaults."
    )


def _natural(name: str) -> tuple[int, str]:
    return len(name), name


def _say_doubts(options: Options, collection: Collection, deployed: Sequence[Stack]) -> None:
    from ..cloudformation import stacks
    from ..operate import advice
    from ..text import counted

    if collection.garbage:
        first = collection.garbage[0].key
        options.say(
            f"Not a result: {counted(len(collection.garbage), 'line')}, the first in {first}"
        )
    if collection.contradictions:
        verify = advice.possible("verify", stacks.outputs_of(deployed), options.project)
        options.say(
            f"Contradicting an earlier row of the same store and window: "
            f"{counted(collection.contradictions, 'row')}{f'. Next: {verify}' if verify else ''}",
            fg="red",
        )
