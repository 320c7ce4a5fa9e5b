"""`miztiik-events logs`."""

from __future__ import annotations

import contextlib
import math
import re
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import click

from .options import moment_or_none, names_for
from .shared_options import Options, shared_options
from .terminal import ending
from .views.logs import LogView

if TYPE_CHECKING:
    from ..operate.logs import LogEvent

POLL_SECONDS = 2.0
# How far back to look when nothing is there.
FURTHER = {"1d": timedelta(days=1), "7d": timedelta(days=7)}


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
    from ..text import counted

    names = sorted(set(groups.values()))
    applications = {"analytics", "recomputation"} & set(names)
    options.say(f"Nothing since {since:%Y-%m-%d %H:%M:%S} UTC from {', '.join(names)}.")
    if hidden and grep.pattern:
        options.say(f"{grep.pattern!r} matches none of {counted(len(hidden), 'message')}.")
        return
    if hidden:
        options.say(
            f"Functions ran without logging anything ({counted(len(hidden), 'line')} with --all)."
        )
    if applications or not hidden:
        _say_what_logs(options, applications, is_rest=not hidden and set(names) != applications)
    age = datetime.now(timezone.utc) - since
    if further := next((text for text, longer in FURTHER.items() if longer > age), ""):
        options.say(f"--since {further} looks further back.")


def _say_what_logs(options: Options, applications: set[str], *, is_rest: bool) -> None:
    """What has to be for there to be messages, as far as the project has it."""
    from ..analytics import application, recomputation
    from ..cloudformation import stacks
    from ..operate import advice

    outputs = stacks.project_outputs(options.session.client("cloudformation"), options.project)
    produce = advice.possible("produce", outputs, options.project)
    if is_rest and produce:
        options.say(f"The functions log when there are events: {produce}")
    kinds = {
        "analytics": (application.OUTPUT, "start-analytics"),
        "recomputation": (recomputation.OUTPUT, advice.AGAIN),
    }
    for name, (output, words) in kinds.items():
        if name in applications and output in outputs:
            _say_state(options, name, outputs, output, words)


def _say_state(
    options: Options, name: str, outputs: Mapping[str, str], output: str, words: str
) -> None:
    """Why the application says nothing, by its state."""
    from ..analytics import application
    from ..operate import advice
    from ..text import command as typed

    status = application.status(options.session.client("kinesisanalyticsv2"), outputs[output])
    if status is None:
        drift = typed("status --drift", options.project)
        options.say(f"The {name} application has been deleted, not by its stack. Next: {drift}")
        return
    start = advice.of_rest(status, outputs, options.project, words)
    next_step = f": {start}" if start else ""
    options.say(f"The {name} application is {status}; it logs while it runs{next_step}")
