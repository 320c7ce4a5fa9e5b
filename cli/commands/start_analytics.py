"""`miztiik-events start-analytics`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import click

from .analytics import no_wait_option, prune, show, watching
from .options import timeout_option
from .shared_options import Options, shared_options_in_lines

if TYPE_CHECKING:
    from ..analytics.application import Application
    from ..cloudformation.stacks import Stack


@click.command()
@click.option(
    "--from",
    "origin",
    default="latest",
    show_default=True,
    metavar="SNAPSHOT|TIME",
    help="A snapshot's name, `latest`, or `none`: start with the oldest record still in the "
    "stream, which may write earlier windows again. An age (2h, 1d) or a time (2026-11-24T15:00) "
    "recomputes the windows since then, apart from the other results.",
)
@click.option("--restart", is_flag=True, help="If it is running, stop it with a snapshot first.")
@click.option(
    "--force",
    is_flag=True,
    help="Start even if the number of shards has changed and sales would be overtaken.",
)
@timeout_option(600)
@no_wait_option
@shared_options_in_lines
def command(
    options: Options, origin: str, restart: bool, force: bool, timeout: float, no_wait: bool
) -> None:
    """Start the analytics application; it costs money while it runs.

    \b
      miztiik-events start-analytics
      miztiik-events start-analytics --restart
      miztiik-events start-analytics --from 2h

    It resumes where it was stopped. If it is already running, nothing happens; a deploy restarts it
    when its code or its settings have changed. Ends with 4, and starts nothing, when the number of
    shards has changed meanwhile and sales would be overtaken: recorded, not counted.

    With a time, a second application recomputes past windows from the events that are still in the
    stream, and writes them under `recomputed/`; the analytics application keeps running beside it.
    """
    from ..insistence import WAY_BACK
    from ..patience import Patience
    from .recompute import recompute

    moment = _moment(origin)
    if restart and no_wait and not moment:
        raise click.UsageError("--restart has to wait for the stop; leave --no-wait out")
    with options.insisting(Patience(timeout), WAY_BACK):
        if moment:
            recompute(options, moment, restart=restart, timeout=timeout, no_wait=no_wait)
        else:
            _start_analytics(options, origin, restart, force, None if no_wait else timeout)


def _start_analytics(
    options: Options, origin: str, restart: bool, force: bool, timeout: float | None
) -> None:
    """Start it and show how it is; without a `timeout`, nothing is waited for."""
    from ..analytics import application, snapshots
    from ..cloudformation import stacks

    since = datetime.now(timezone.utc)
    deployed = stacks.of_project(options.session.client("cloudformation"), options.project).values()
    stack = stacks.with_output(deployed, application.OUTPUT, options.project)
    name = stack.outputs[application.OUTPUT]
    snapshots.require(options.session.client("kinesisanalyticsv2"), name, origin)
    if not force:
        _require_room(options, stacks.outputs_of(deployed), origin, restart)
    has_begun, running = _started(options, name, origin, restart, timeout)
    show(options, running)
    if restart:
        prune(options, name, needed=origin)
    if not has_begun and origin != snapshots.LATEST:
        options.say(
            f"It had already been started, so `--from {origin}` had no effect. Add --restart"
        )
    _say_failures(options, stack, running, since)
    _say_cost(options, running)


def _require_room(options: Options, outputs: Mapping[str, str], origin: str, restart: bool) -> None:
    """Raise UnhealthyError when shards that would share a subtask would overtake sales."""
    from ..analytics import application, shards
    from ..cloudformation import stacks

    if stacks.SALES_STREAM not in outputs:
        return
    flink, kinesis = (
        options.session.client("kinesisanalyticsv2"),
        options.session.client("kinesis"),
    )
    described = application.describe(flink, outputs[application.OUTPUT])
    stream = outputs[stacks.SALES_STREAM]
    shards.require_room(kinesis, flink, stream, described, origin, restart=restart)


def _moment(origin: str) -> datetime | None:
    """The time that is meant; None for what can only be a snapshot."""
    from .options import moment

    is_time = re.fullmatch(r"\d+[smhd]|\d{4}-\d\d-\d\d.*", origin)
    return moment(origin) if is_time else None


def _started(
    options: Options, name: str, origin: str, restart: bool, timeout: float | None
) -> tuple[bool, Application]:
    """Whether it was started from rest, and the application as it is then."""
    from ..analytics import application, lifecycle
    from ..patience import Patience

    if timeout is None:
        flink = options.session.client("kinesisanalyticsv2")
        return lifecycle.request_start(flink, name, origin), application.describe(flink, name)
    flink, logs = options.session.client("kinesisanalyticsv2"), options.session.client("logs")
    begin = lifecycle.restart if restart else lifecycle.start
    states: list[str] = []
    with watching(options, "What has begun" if restart else "The start") as say:

        def watch(status: str) -> None:
            states.append(status)
            say(status)

        running = begin(flink, logs, name, Patience(timeout), watch, origin=origin)
    return "READY" in states, running


def _say_failures(options: Options, stack: Stack, running: Application, since: datetime) -> None:
    """Say what of an application that runs is not well all the same."""
    from ..analytics import failures
    from ..cloudformation import stacks

    # It may have been updated while we waited.
    stack = stacks.describe(options.session.client("cloudformation"), stack.id) or stack
    logs = options.session.client("logs")
    for failure in (failures.of_code(running, stack), failures.of_job(logs, running, since)):
        if failure:
            options.say(failure, fg="red")


def _say_cost(options: Options, running: Application) -> None:
    """Say what it costs, unless it runs on this machine."""
    from .. import session
    from ..pipeline import costs
    from ..text import command as typed

    if session.is_local(options.session.client("kinesisanalyticsv2")):
        return
    parallelism, per_kpu = running.parallelism, running.parallelism_per_kpu
    region = options.session.region_name
    cost = costs.hourly(parallelism, parallelism, per_kpu, region)
    options.say(
        f"It costs about ${cost.analytics} an hour while it runs ({cost.source}). "
        f"Stop it with: {typed('stop-analytics', options.project)}"
    )
