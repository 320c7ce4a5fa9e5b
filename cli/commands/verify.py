"""`miztiik-events verify`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from .options import Options, shared_options

if TYPE_CHECKING:
    from ..audit.audit import Audit
    from ..audit.comparison import Window
    from ..audit.places import Difference

MOST_SHOWN = 20
PLACES = {
    "heartbeats": "Heartbeats",
    "counted": "Counted in a window",
    "duplicates": "Copies of one of these",
    "late": "Recorded as late",
    "malformed": "Malformed",
    "open": "In windows that are still open",
    "skipped": "In windows before the first that counts",
    "unreadable": "No JSON object",
}
# What the law does not speak of is shown when there is any.
ONLY_IF_ANY = ("skipped", "unreadable")


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
    help="Those of the last recomputation instead (start-analytics --from TIME).",
)
@shared_options
def command(options: Options, wait: float, recomputed: bool) -> None:
    """Prove the results: work them out again from the raw events, and compare.

    \b
      miztiik-events verify

    Reads every record that the stream still has (24 hours by default), recomputes each closed
    window to the cent, and finds the one place of every event. Where an update gave the windows
    another length, those of both that overlap are compared together. Ends with 3 and a table of the
    differences when the data store says otherwise.
    """
    from ..audit.audit import ANALYTICS, RECOMPUTATION, audit
    from ..errors import DifferenceError

    subject = RECOMPUTATION if recomputed else ANALYTICS
    found = audit(options.session, options.project, subject, wait, options.say)
    click.echo(_shown(found, options.format(piped="table")))
    _say_notes(options, found)
    if not found.agrees:
        raise DifferenceError(
            f"{len(found.differences):,} differences between the stream and the data store"
        )
    closed = sum(window.differences is not None for window in found.windows)
    options.say(f"All agree: {closed:,} closed windows, to the cent.", fg="green")


def _shown(found: Audit, form: str) -> str:
    from ..text import as_json

    if form != "table":
        return as_json(asdict(found), indent=2 if form == "json" else None)
    parts = [
        _windows(found),
        _places(found),
        _order(found),
        _queues(found.queues),
        _differences(found.differences),
    ]
    return "\n\n".join(part for part in parts if part)


def _windows(found: Audit) -> str:
    from ..text import as_table

    rows = [{**vars(window), "state": _state(window)} for window in found.windows]
    columns = {
        "end": "Window's end (UTC)",
        "stores": "Stores",
        "sales": "Sales",
        "revenue": "Revenue",
        "state": "State",
    }
    return as_table(rows, columns) if rows else ""


def _state(window: Window) -> str:
    if window.differences is None:
        return "open"
    state = f"{window.differences} differences" if window.differences else "agrees"
    return f"{state}, as one sum since {window.start}" if window.is_mixed else state


def _places(found: Audit) -> str:
    from ..text import as_table

    rows = [
        {"place": heading, "records": found.counts[place]}
        for place, heading in PLACES.items()
        if found.counts[place] or place not in ONLY_IF_ANY
    ]
    total = {"place": "In the stream", "records": found.counts["records"]}
    return as_table([*rows, total], {"place": "Place", "records": "Records"}, totals=1)


def _order(found: Audit) -> str:
    """What the allowed lateness has to be measured by."""
    disorder, lateness = found.disorder / 1000, found.windowing.lateness / 1000
    return (
        f"Out of order, in a shard: by {disorder:g} s at the most; "
        f"the windows wait for {lateness:g} s."
    )


def _queues(queues: Mapping[str, int]) -> str:
    from ..text import as_table

    rows = [{"queue": name, "messages": count} for name, count in queues.items()]
    return as_table(rows, {"queue": "Queue", "messages": "Messages"}) if rows else ""


def _differences(differences: Sequence[Difference]) -> str:
    from ..text import as_table

    columns = {
        "what": "Difference",
        "window_end": "Window's end (UTC)",
        "store_id": "Store",
        "expected": "Expected",
        "stored": "In the data store",
        "record": "Record",
    }
    # As text: one column has amounts, counts and words.
    rows: list[dict[str, Any]] = [
        {name: "" if (value := getattr(one, name)) is None else str(value) for name in columns}
        for one in differences[:MOST_SHOWN]
    ]
    more = len(differences) - len(rows)
    note = [f"… and {more:,} more; --output json has them all"] if more else []
    return "\n".join([as_table(rows, columns), *note]) if rows else ""


def _say_notes(options: Options, found: Audit) -> None:
    if found.application_status != "RUNNING":
        options.say(
            f"The application is {found.application_status}: what it has not written will not "
            "come before miztiik-events start-analytics"
        )
    if any(window.is_mixed for window in found.windows):
        options.say(
            "An update gave the windows another length; where windows of both overlap, their rows "
            "were compared as one sum for each store"
        )
    if not found.windows:
        options.say("There is no sale in the stream. Next: miztiik-events produce")
    if found.dead_letters:
        options.say(f"{found.dead_letters:,} dead letters: events that failed", fg="red")
    if found.counts["repeated_rows"]:
        options.say(f"{found.counts['repeated_rows']:,} rows came more than once, the same")
    if found.counts["unreadable_lines"]:
        options.say(f"{found.counts['unreadable_lines']:,} lines in the data store are no rows")
