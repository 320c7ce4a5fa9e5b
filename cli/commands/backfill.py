"""What `produce --backfill AGE` does: past windows, made up, for a page to show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ..pipeline.backfill import Demonstration
    from .options import Options

# As functions/producer/payload.py has them; of the rate, the sales alone.
STORES, USUAL_RATE, RETURN_RATIO = 5, 19.5, 0.1
SALES_RATE = USUAL_RATE * 0.9
TAKEN = ("stores", "rate", "seed", "return_ratio")
_UNITS = {"h": "hours", "d": "days"}


def age(context: click.Context, parameter: click.Parameter, value: str | None) -> timedelta | None:
    """The length that `12h` or `7d` is."""
    if value is None:
        return None
    if not re.fullmatch(r"[1-9]\d{0,4}[hd]", value):
        raise click.BadParameter(f"{value!r} is no number of hours or days, such as 12h or 7d")
    return timedelta(**{_UNITS[value[-1]]: int(value[:-1])})


def write_backfill(options: Options, length: timedelta, request: Mapping[str, Any]) -> None:
    """Write the windows of the time before the project was deployed, and say so."""
    from ..cloudformation import stacks
    from ..pipeline import backfill
    from ..text import counted

    excluded = [name for name, value in request.items() if value and name not in TAKEN]
    if excluded:
        flag = excluded[0].replace("_seconds", "").replace("_", "-")
        raise click.UsageError(f"--backfill excludes --{flag}")
    outputs = stacks.project_outputs(options.session.client("cloudformation"), options.project)
    bucket = stacks.require(outputs, stacks.DATA_STORE, options.project)
    wanted = _wanted(options, outputs, length, request)
    if wanted.most_rows > backfill.MOST_ROWS:
        raise click.UsageError(
            f"That is {wanted.most_rows:,} rows, and {backfill.MOST_ROWS:,} are the most. "
            "Next: a shorter --backfill, or fewer --stores"
        )
    rows = backfill.write(options.session.client("s3"), bucket, wanted)
    options.say(
        f"Wrote {counted(rows, 'row')} of windows from {wanted.first:%Y-%m-%d %H:%M} to "
        f"{wanted.last:%Y-%m-%d %H:%M} UTC, before the project was deployed. They are made up, "
        "and marked so; no event stands behind them.\n"
        f"Next: miztiik-events results --since {wanted.first:%Y-%m-%dT%H:%M} --by day"
    )


def _wanted(
    options: Options, outputs: Mapping[str, str], length: timedelta, request: Mapping[str, Any]
) -> Demonstration:
    from ..analytics import application
    from ..cloudformation import stacks
    from ..pipeline import backfill

    stream, name = (
        stacks.require(outputs, output, options.project)
        for output in (stacks.SALES_STREAM, application.OUTPUT)
    )
    described = options.session.client("kinesis").describe_stream_summary(StreamName=stream)
    created: datetime = described["StreamDescriptionSummary"]["StreamCreationTimestamp"]
    last = backfill.end_before(created)
    flink = options.session.client("kinesisanalyticsv2")
    return backfill.Demonstration(
        last - length,
        last,
        window_seconds=application.describe(flink, name).windowing.length / 1000,
        stores=request.get("stores", STORES),
        rate=request.get("rate", SALES_RATE),
        return_ratio=request.get("return_ratio", RETURN_RATIO),
        seed=request.get("seed"),
    )
