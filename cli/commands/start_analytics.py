"""`miztiik-events start-analytics`."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import click

from .analytics import no_wait_option, prune, show, watching
from .options import Options, shared_options, timeout_option

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
@shared_options
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
    from .. import session
    from ..analytics import application, lifecycle, shards, snapshots
    from ..cloudformation import stacks
    from .recompute import recompute

    moment = _moment(origin)
    if moment:
        recompute(options, moment, restart=restart, timeout=timeout, no_wait=no_wait)
        return
    since = datetime.now(timezone.utc)
    if restart and no_wait:
        raise click.UsageError("--restart has to wait for the stop; leave --no-wait out")
    deployed = stacks.of_project(options.session.client("cloudformation"), options.project).values()
    stack = stacks.with_output(deployed, application.OUTPUT, options.project)
    name = stack.outputs[application.OUTPUT]
    flink = options.session.client("kinesisanalyticsv2")
    snapshots.require(flink, name, origin)
    described = application.describe(flink, name)
    outputs = stacks.outputs_of(deployed)
    if not force and stacks.SALES_STREAM in outputs:
        kinesis, stream = options.session.client("kinesis"), outputs[stacks.SALES_STREAM]
        shards.require_room(kinesis, flink, stream, described, origin, restart=restart)
    if no_wait:
        has_begun = lifecycle.request_start(flink, name, origin)
        running = application.describe(flink, name)
    else:
        has_begun, running = _start(options, name, origin, restart, timeout)
    show(options, running)
    if restart:
        prune(options, name, needed=origin)
    if not has_begun and origin != snapshots.LATEST:
        options.say(
            f"It had already been started, so `--from {origin}` had no effect. Add --restart"
        )
    _say_failures(options, stack, running, since)
    if not session.is_local(flink):
        _say_cost(options, running)


def _moment(origin: str) -> datetime | None:
    """The time that is meant; None for what can only be a snapshot."""
    from .options import moment

    is_time = re.fullmatch(r"\d+[smhd]|\d{4}-\d\d-\d\d.*", origin)
    return moment(origin) if is_time else None


def _start(
    options: Options, name: str, origin: str, restart: bool, timeout: float
) -> tuple[bool, Application]:
    """Whether it was started from rest, and the application as it runs."""
    from ..analytics import lifecycle
    from ..patience import Patience

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
    from ..pipeline import costs

    parallelism, per_kpu = running.parallelism, running.parallelism_per_kpu
    region = options.session.region_name
    cost = costs.hourly(parallelism, parallelism, per_kpu, region)
    options.say(
        f"It costs about ${cost.analytics} an hour while it runs ({cost.source}). "
        "Stop it with: miztiik-events stop-analytics"
    )
