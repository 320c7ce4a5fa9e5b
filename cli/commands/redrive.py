"""`miztiik-events redrive`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from .options import names_for, yes_option
from .shared_options import Options, shared_options

if TYPE_CHECKING:
    from ..pipeline.queues import DeadEnd
    from .redrive_queue import Wishes


@click.command()
@click.argument(
    "wanted", required=False, metavar="[QUEUE]", shell_complete=names_for("queue_names")
)
@click.option(
    "--max",
    "most",
    type=click.IntRange(1, 10_000),
    default=100,
    show_default=True,
    metavar="N",
    help="Take at most N events, the first that come.",
)
@yes_option
@click.option("--dry-run", is_flag=True, help="Show the events, and leave them where they are.")
@click.option(
    "--delete", "deletes", is_flag=True, help="Delete the events for good instead of sending them."
)
@click.option(
    "--even-malformed",
    is_flag=True,
    help="Also send rejected events that are still malformed: for rules of your own.",
)
@shared_options
def command(
    options: Options,
    wanted: str | None,
    most: int,
    yes: bool,
    dry_run: bool,
    deletes: bool,
    even_malformed: bool,
) -> None:
    """Send events that nobody processed back to where they belong.

    \b
      miztiik-events redrive
      miztiik-events redrive dispatch --dry-run
      miztiik-events redrive dispatch
      miztiik-events redrive rejected --delete --yes     (in a script)

    Without a QUEUE, shows what is in each. With one, shows its events with what is wrong with each,
    asks, and sends them: a consumer's dead letters to its own queue, all others to the event bus,
    with their own time. Each stays where it is until it has been accepted there.
    """
    from ..cloudformation import stacks
    from ..pipeline import queues
    from .redrive_queue import QueueRedrive, Wishes

    wishes = Wishes(most, yes, dry_run, deletes, even_malformed)
    outputs = stacks.project_outputs(options.session.client("cloudformation"), options.project)
    dead_ends = queues.dead_ends(outputs)
    if not dead_ends:
        stacks.require(outputs, stacks.REJECTED_EVENTS, options.project)
    _refuse(wanted, wishes, dead_ends)
    if wanted is None:
        _overview(options, dead_ends)
    else:
        QueueRedrive(options, dead_ends[wanted], outputs, wishes).run()


def _refuse(wanted: str | None, wishes: Wishes, dead_ends: Mapping[str, DeadEnd]) -> None:
    """Raise UsageError for wishes that do not go together with the queue, or with these queues."""
    known = f"There are: {', '.join(dead_ends)}"
    if wanted is None:
        if wishes.yes or wishes.deletes or wishes.even_malformed:
            raise click.UsageError(f"Name the QUEUE. {known}")
    elif wanted not in dead_ends:
        raise click.UsageError(f"No queue {wanted!r}. {known}")
    elif not (wishes.yes or wishes.dry_run or sys.stdin.isatty()):
        raise click.UsageError("There is no terminal to ask on. Add --yes, or --dry-run to look")


def _overview(options: Options, dead_ends: Mapping[str, DeadEnd]) -> None:
    from ..operate import unprocessed
    from ..operate.messages import MOST_PER_CALL, looking
    from ..pipeline import queues
    from ..text import command as words
    from .views.redrive import Contents, overview

    sqs, contents = options.session.client("sqs"), []
    for queue in dead_ends.values():
        count = queues.count(sqs, queue.url)
        with looking(sqs, queue.url, min(count, MOST_PER_CALL)) as look:
            events = unprocessed.explained(options.session, options.project, queue, look.messages)
        contents.append(Contents(queue.name, count, events))
    click.echo(overview(contents, options.format()))
    if any(content.count for content in contents):
        options.say(f"Next: {words('redrive QUEUE', options.project)} shows its events, and asks.")
