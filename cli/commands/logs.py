"""`miztiik-events logs`."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

import click

from .options import Options, shared_options
from .since import moment

if TYPE_CHECKING:
    from datetime import datetime

    from ..log_events import LogEvent

POLL_SECONDS = 2.0


def _pattern(context: click.Context, parameter: click.Parameter, value: str) -> re.Pattern[str]:
    try:
        return re.compile(value)
    except re.error as error:
        raise click.BadParameter(f"{value!r} is no regular expression: {error}") from None


@click.command()
@click.option(
    "--since",
    default="10m",
    show_default=True,
    callback=moment,
    metavar="WHEN",
    help="An age (10m, 2h, 1d) or a time (2026-11-24T15:00).",
)
@click.option("--follow", "-f", is_flag=True, help="Go on with new ones, until Ctrl-C.")
@click.option(
    "--grep",
    default="",
    callback=_pattern,
    metavar="REGEX",
    help="Only lines in which this is found.",
)
@shared_options
def command(options: Options, since: datetime, follow: bool, grep: re.Pattern[str]) -> None:
    """Show what the functions and the analytics application have logged.

    \b
      miztiik-events logs
      miztiik-events logs --since 1h --grep ERROR
      miztiik-events logs --follow
    """
    from ..log_events import Log, groups

    names = groups(options.session.client("cloudformation"), options.project)
    log = Log(options.session.client("logs"), names, int(since.timestamp() * 1000))
    found = _show(options, log.fresh(), grep)
    if not found:
        _say_why(options, names, since)
    pause = threading.Event()
    while follow:
        pause.wait(POLL_SECONDS)
        _show(options, log.fresh(), grep)


def _show(options: Options, events: list[LogEvent], grep: re.Pattern[str]) -> int:
    """Print those in which the pattern is found; how many there were."""
    wanted = [event for event in events if grep.search(event.message)]
    form = options.format(piped="table")
    for event in wanted:
        click.echo(_line(options, event) if form == "table" else _object(event))
    return len(wanted)


def _line(options: Options, event: LogEvent) -> str:
    from ..output import printable

    name = event.group.rpartition("/")[2].removeprefix(f"{options.project}-")
    # A message may have several lines; each is printed below the other.
    lines = [printable(line.expandtabs(4)) for line in event.text.splitlines()]
    return f"{event.time:%Y-%m-%d %H:%M:%S}  {name}  " + "\n    ".join(lines)


def _object(event: LogEvent) -> str:
    from ..output import as_json

    return as_json({"time": event.time, "group": event.group, "message": event.message})


def _say_why(options: Options, names: list[str], since: datetime) -> None:
    options.say(
        f"Nothing since {since:%Y-%m-%d %H:%M:%S} UTC in {len(names)} log groups. The functions "
        "log when there are events (miztiik-events produce), the application while it runs "
        "(miztiik-events start-analytics); --since 1d looks further back."
    )
