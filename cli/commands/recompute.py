"""What `start-analytics --from TIME` does: a second application computes past windows again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import click

from .analytics import show, watching

if TYPE_CHECKING:
    from ..cloudformation.stacks import Stack
    from ..patience import Patience
    from .shared_options import Options


def recompute(
    options: Options, moment: datetime, *, restart: bool, timeout: float, no_wait: bool
) -> None:
    """Start the recomputation of the windows that begin at `moment` or later."""
    from ..analytics import application, lifecycle, recomputation, snapshots
    from ..cloudformation import stacks
    from ..patience import Patience

    if moment > datetime.now(timezone.utc):
        raise click.BadParameter(
            f"{moment:%Y-%m-%d %H:%M:%S} UTC is in the future", param_hint="'--from'"
        )
    deployed = stacks.of_project(options.session.client("cloudformation"), options.project).values()
    stack = stacks.with_output(deployed, recomputation.OUTPUT, options.project)
    name = stack.outputs[recomputation.OUTPUT]
    flink, logs = options.session.client("kinesisanalyticsv2"), options.session.client("logs")
    bucket, parallelism = _checked(options, stack, stacks.outputs_of(deployed), moment)
    patience = Patience(timeout)
    with watching(options, "The start") as watch:
        recomputation.bring_to_rest(flink, name, patience, restart=restart)
        _aim(options, stack, moment, parallelism, patience)
        if no_wait:
            lifecycle.request_start(flink, name, snapshots.NONE)
            running = application.describe(flink, name)
        else:
            running = lifecycle.start(flink, logs, name, patience, watch, origin=snapshots.NONE)
    show(options, running)
    _say_next(options, moment, bucket)


def _checked(
    options: Options, stack: Stack, outputs: Mapping[str, str], moment: datetime
) -> tuple[str, int]:
    """The data store and the parallelism; raises when the events can not be read again rightly."""
    from ..analytics import shards
    from ..cloudformation import stacks
    from ..pipeline import records

    stream = stacks.require(outputs, stacks.SALES_STREAM, options.project)
    kinesis = options.session.client("kinesis")
    records.require_memory(kinesis, stream, moment)
    usual = int(stack.parameters.get(stacks.SHARDS, "1"))
    parallelism = shards.extra_parallelism(kinesis, stream, moment, usual)
    return stacks.require(outputs, stacks.DATA_STORE, options.project), parallelism


def _aim(
    options: Options, stack: Stack, moment: datetime, parallelism: int, patience: Patience
) -> None:
    from ..analytics import recomputation
    from ..cloudformation.operations import Operator

    cloudformation = options.session.client("cloudformation")
    operator = Operator(cloudformation, patience, lambda event: None)
    recomputation.aim(operator, stack, moment, parallelism)


def _say_next(options: Options, moment: datetime, bucket: str) -> None:
    from ..analytics import recomputation
    from ..text import command

    follow, check, stop = (
        command(what, options.project)
        for what in (
            "results --recomputed --follow",
            "verify --recomputed",
            "stop-analytics --recomputation",
        )
    )
    options.say(
        f"Windows that begin at {moment:%Y-%m-%d %H:%M:%S} UTC or later are recomputed into "
        f"s3://{bucket}/{recomputation.PREFIX}; the analytics and its results are not touched.\n"
        f"  See them:   {follow}\n"
        f"  Check them: {check}\n"
        f"  It costs as much as the analytics until you stop it: {stop}"
    )
