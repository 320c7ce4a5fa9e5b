"""`miztiik-events logs`."""

from __future__ import annotations

import contextlib
import math
import re
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from . import advice
from .options import Options, moment_or_none, names_for, shared_options
from .terminal import ending
from .views.logs import LogView

if TYPE_CHECKING:
    from datetime import datetime

    from ..operate.logs import LogEvent

POLL_SECONDS = 2.0


def _pattern(context: click.Context, parameter: click.Parameter, value: str) -> re.Pattern[str]:
    try:
        return re.compile(value)
    except re.error as error:
        raise click.BadParameter(f"{value!r} is no regular expression: {error}") from None


@click.command()
@click.argument(
    "wanted", nargs=-1, metavar="[COMPONENT]...", shell_complete=names_for("component_names")
)
@click.option(
    "--since",
    default="10m",
    show_default=True,
    callback=moment_or_none,
    metavar="WHEN",
    help="An age (10m, 2h, 1d) or a time (2026-11-24T15:00).",
)
@click.option("--follow", "-f", is_flag=True, help="Keep printing new messages until Ctrl-C.")
@click.option(
    "--grep",
    default="",
    callback=_pattern,
    metavar="REGEX",
    help="Only messages that match.",
)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Also Lambda's own lines about successful invocations (START, END, REPORT).",
)
@shared_options
def command(
    options: Options,
    wanted: Sequence[str],
    since: datetime,
    follow: bool,
    grep: re.Pattern[str],
    everything: bool,
) -> None:
    """Show what the functions and the analytics application have logged.

    \b
      miztiik-events logs
      miztiik-events logs producer dispatch --since 1h --grep ERROR
      miztiik-events logs analytics --follow

    A COMPONENT is analytics, recomputation, firehose or lake (deliveries), or a function: producer,
    transformer, compaction, heartbeat, enrichment, dispatch, warehouse. Without one, all are shown,
    merged by time.
    """
    from ..operate import logs
    from ..operate.logs import Log
    from ..patience import Patience

    if follow and options.output == "json":
        raise click.UsageError("With --follow a JSON list never ends. Use --output ndjson")
    groups = logs.log_groups(options.session.client("cloudformation"), options.project)
    if not groups:
        options.say(f"Nothing logs in project {options.project!r}: its stacks have no log group.")
        return
    groups = _chosen(groups, wanted)
    with options.insisting(Patience(math.inf) if follow else None):
        log = Log(options.session.client("logs"), groups, since)
    view = LogView(options, sorted(set(groups.values())), grep, everything)
    with ending.endless() if follow else contextlib.nullcontext():
        events = log.fresh()
        if not view.show(events):
            _say_why(options, groups, since, grep, events)
        pause = threading.Event()
        while follow:
            pause.wait(POLL_SECONDS)
            view.show(log.fresh())


def _chosen(groups: Mapping[str, str], wanted: Sequence[str]) -> dict[str, str]:
    known = sorted(set(groups.values()))
    for name in wanted:
        if name not in known:
            raise click.UsageError(f"No component {name!r}. There are: {', '.join(known)}")
    return {group: name for group, name in groups.items() if name in (wanted or known)}


def _say_why(
    options: Options,
    groups: Mapping[str, str],
    since: datetime,
    grep: re.Pattern[str],
    hidden: Sequence[LogEvent],
) -> None:
    from ..analytics import application
    from ..cloudformation import stacks
    from ..text import counted

    names = sorted(set(groups.values()))
    options.say(f"Nothing since {since:%Y-%m-%d %H:%M:%S} UTC from {', '.join(names)}.")
    if hidden and grep.pattern:
        options.say(f"{grep.pattern!r} matches none of {counted(len(hidden), 'message')}.")
        return
    if hidden:
        options.say(
            f"Functions ran without logging anything ({counted(len(hidden), 'line')} with --all)."
        )
    outputs = stacks.project_outputs(options.session.client("cloudformation"), options.project)
    produce = advice.possible("produce", outputs, options.project)
    if not hidden and produce and names != ["analytics"]:
        options.say(f"The functions log when there are events: {produce}")
    if "analytics" in names and application.OUTPUT in outputs:
        _say_state(options, outputs)
    options.say("--since 1d looks further back.")


def _say_state(options: Options, outputs: Mapping[str, str]) -> None:
    """Why the application says nothing, by its state."""
    from ..analytics import application, lifecycle

    flink = options.session.client("kinesisanalyticsv2")
    status = application.status(flink, outputs[application.OUTPUT])
    start = advice.possible("start-analytics", outputs, options.project)
    next_step = "" if status in lifecycle.RUNNING else f": {start}"
    options.say(f"The analytics application is {status}; it logs while it runs{next_step}")
