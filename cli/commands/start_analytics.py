"""`miztiik-events start-analytics`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import click

from .analytics import no_wait_option, show, watching
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
    help="A snapshot's name, `latest`, or `none`: the oldest record that the stream still has; "
    "windows that were written before may then be written again. An age (2h, 1d) or a time "
    "(2026-11-24T15:00) computes the windows since then again, apart from the others.",
)
@click.option("--restart", is_flag=True, help="If it runs, stop it with a snapshot first.")
@click.option(
    "--force",
    is_flag=True,
    help="Start even when the stream got other shards meanwhile, and sales would be late.",
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

    It goes on where it was stopped. When it runs already, nothing happens; a deploy restarts it by
    itself when its code or its settings changed. Ends with 4, and starts nothing, when the stream
    got other shards meanwhile and sales would be late.

    From a time, a second application computes past windows again, from the events that the stream
    still has, and writes them under `recomputed/`; the analytics goes on beside it.
    """
    from .. import session
    from ..analytics import application, lifecycle, snapshots
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
    if not force:
        _require_room(options, stacks.outputs_of(deployed), origin, restart)
    if no_wait:
        has_begun = lifecycle.request_start(flink, name, origin)
        found = application.describe(flink, name)
    else:
        has_begun, found = _start(options, name, origin, restart, timeout)
    show(options, found)
    if not has_begun and origin != snapshots.LATEST:
        options.say(f"It was started already, so `--from {origin}` had no effect. Add --restart")
    _say_code(options, stack, found)
    _say_failure(options, found, since)
    if not session.is_local(flink):
        _say_cost(options, found)


def _require_room(options: Options, outputs: Mapping[str, str], origin: str, restart: bool) -> None:
    from ..analytics import application, shards, snapshots
    from ..cloudformation import stacks

    flink = options.session.client("kinesisanalyticsv2")
    found = application.describe(flink, outputs[application.OUTPUT])
    # What runs is left alone, or stopped with a snapshot and started from that.
    if found.status != "READY" and not (restart and origin != snapshots.LATEST):
        return
    if stacks.SALES_STREAM in outputs:
        kinesis, stream = options.session.client("kinesis"), outputs[stacks.SALES_STREAM]
        shards.require_room(kinesis, flink, stream, found, origin)


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
    patience = Patience(timeout)
    states: list[str] = []
    with watching(options, "What has begun" if restart else "The start") as say:

        def watch(status: str) -> None:
            # A restart sees the state between its stop and its start twice.
            if states[-1:] != [status]:
                states.append(status)
                say(status)

        if restart:
            lifecycle.stop(flink, name, patience, watch)
        found = lifecycle.start(flink, logs, name, patience, watch, origin=origin)
    return "READY" in states, found


def _say_code(options: Options, stack: Stack, running: Application) -> None:
    """Say when AWS took the last update back, or somebody changed the code past the stack."""
    from ..cloudformation import stacks

    # It may have been updated while we waited.
    stack = stacks.describe(options.session.client("cloudformation"), stack.id) or stack
    if not running.has_code_of(stack.parameters):
        options.say(
            f"Its code is not what {stack.name} was deployed with: AWS takes an update back after "
            "which the job does not run. A restart does not bring it. Next: miztiik-events logs "
            "analytics --since 1d tells why; mend it, and deploy",
            fg="red",
        )


def _say_failure(options: Options, running: Application, since: datetime) -> None:
    """Say why a job that runs does nothing but fail, as without the right to read the stream."""
    from ..analytics import log

    logs, stream = options.session.client("logs"), running.log_stream
    failure = log.task_failure(logs, stream, since) if stream else None
    if failure:
        options.say(
            f"It is {running.status}, but its job failed on the way and was started again:\n"
            f"  {failure}\n"
            "  Next: miztiik-events logs analytics --follow shows whether it goes on failing",
            fg="red",
        )


def _say_cost(options: Options, running: Application) -> None:
    from ..pipeline import costs

    parallelism, per_kpu = running.parallelism, running.parallelism_per_kpu
    region = options.session.region_name
    cost = costs.hourly(parallelism, parallelism, per_kpu, region)
    options.say(
        f"It costs about ${cost.analytics} an hour while it runs ({cost.source}). "
        "Stop it with: miztiik-events stop-analytics"
    )
