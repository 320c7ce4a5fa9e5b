"""`miztiik-events verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..text import command as typed
from ..text import counted
from .shared_options import Options, shared_options
from .views import verify

if TYPE_CHECKING:
    from ..audit.audit import Audit


@click.command()
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=150,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for what is on its way to the data store.",
)
@click.option(
    "--recomputed",
    is_flag=True,
    help="Check the last recomputation instead (start-analytics --from TIME).",
)
@click.option("--lake", is_flag=True, help="Check the lake instead, sale by sale (docs/lake.md).")
@shared_options
def command(options: Options, wait: float, recomputed: bool, lake: bool) -> None:
    """Prove the results: recompute them from the raw events, and compare.

    \b
      miztiik-events verify
      miztiik-events verify --lake

    Reads every record that the stream still has (24 hours by default), recomputes each closed
    window to the cent, and finds the one place of every event. Where an update changed the length
    of the windows, overlapping windows of both lengths are compared as one. Ends with 3 and a table
    of the differences when the data store says otherwise.
    """
    from ..audit.audit import ANALYTICS, RECOMPUTATION, audit
    from ..errors import DifferenceError

    if lake and recomputed:
        raise click.UsageError("--lake excludes --recomputed")
    if lake:
        _verify_lake(options, wait)
        return
    subject = RECOMPUTATION if recomputed else ANALYTICS
    report = audit(options.session, options.project, subject, wait, options.say)
    click.echo(verify.shown(report, options.format()))
    _say_notes(options, report, "start-analytics --from TIME" if recomputed else "start-analytics")
    if not report.agrees:
        count = len(report.differences)
        raise DifferenceError(
            f"{counted(count, 'difference')} between the stream and the data store"
        )
    closed = sum(window.differences is not None for window in report.windows)
    options.say(f"All agree: {counted(closed, 'closed window')}, to the cent.", fg="green")


def _verify_lake(options: Options, wait: float) -> None:
    from ..audit.lake import audit
    from ..errors import DifferenceError
    from .views import verify_lake

    report = audit(options.session, options.project, wait, options.say)
    click.echo(verify_lake.shown(report, options.format()))
    if report.repeated:
        options.say(f"{counted(report.repeated, 'row')} came again; the view sales has one of them")
    if not report.sales:
        _say_no_sales(options)
    if not report.agrees:
        count = len(report.differences)
        raise DifferenceError(f"{counted(count, 'difference')} between the stream and the lake")
    options.say(f"All agree: {counted(report.stored, 'sale')} of the lake.", fg="green")


def _say_no_sales(options: Options) -> None:
    from ..cloudformation import stacks
    from ..operate import advice

    outputs = stacks.project_outputs(options.session.client("cloudformation"), options.project)
    produce = advice.possible("produce", outputs, options.project)
    options.say(f"There are no sales in the stream.{f' Next: {produce}' if produce else ''}")


def _say_notes(options: Options, report: Audit, start: str) -> None:
    from ..analytics.lifecycle import RUNNING

    if report.application_status not in RUNNING:
        is_at_rest = report.application_status == "READY"
        next_step = f" after {typed(start, options.project)}" if is_at_rest else " when it runs"
        options.say(
            f"The application is {report.application_status}: what it has not written yet will "
            f"only come{next_step}"
        )
    if any(window.is_mixed for window in report.windows):
        options.say(
            "An update changed the length of the windows; where windows of both lengths overlap, "
            "their rows were compared as one sum for each store"
        )
    if not report.windows:
        _say_no_sales(options)
    if report.dead_letters:
        options.say(
            f"{counted(report.dead_letters, 'dead letter')}: events that nobody could process",
            fg="red",
        )
    if report.counts["repeated_rows"]:
        options.say(f"{counted(report.counts['repeated_rows'], 'row')} came again, identical")
    if report.counts["unreadable_lines"]:
        options.say(
            f"Not a result: {counted(report.counts['unreadable_lines'], 'line')} in the data store"
        )
