"""What `produce --backfill AGE` does: a past, made up, for a page and the lake to show."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sized
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from .terminal.elapsed import elapsing

if TYPE_CHECKING:
    from ..pipeline.backfill import Demonstration
    from ..pipeline.backfill_sales import Lake
    from .shared_options import Options

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
    """Write windows and sales of the time before the project was deployed, and say so."""
    from ..cloudformation import stacks
    from ..pipeline import backfill
    from ..text import command, counted

    excluded = [name for name, value in request.items() if value and name not in TAKEN]
    if excluded:
        flag = excluded[0].replace("_seconds", "").replace("_", "-")
        raise click.UsageError(f"--backfill excludes --{flag}")
    outputs = stacks.project_outputs(options.session.client("cloudformation"), options.project)
    bucket = stacks.require(outputs, stacks.DATA_STORE, options.project)
    wanted = _wanted(options, outputs, length, request)
    has_lake = stacks.LAKE_DELIVERY_STREAM in outputs
    _check(wanted, has_lake=has_lake)
    s3 = options.session.client("s3")
    hours: list[None] = []
    with elapsing(options, partial(_progress, hours, wanted)):
        lake = _lake(options, outputs, wanted) if has_lake else None
        written = backfill.write(s3, bucket, wanted, lake, lambda: hours.append(None))
    words = f"results --since {wanted.first:%Y-%m-%dT%H:%M} --by day"
    sales = f", and the {counted(written.sales, 'sale')} behind them into the lake" if lake else ""
    options.say(
        f"Wrote {counted(written.rows, 'row')} of windows from {wanted.first:%Y-%m-%d %H:%M} to "
        f"{wanted.last:%Y-%m-%d %H:%M} UTC, before the project was deployed{sales}. They are made "
        "up, and marked so; no event stands behind them.\n"
        f"Next: {command(words, options.project)}"
    )


def _progress(done: Sized, wanted: Demonstration, passed: float) -> str:
    return f"Writing the past: {passed:.0f} s, {len(done)} of {wanted.hours} hours"


def _check(wanted: Demonstration, *, has_lake: bool) -> None:
    """Raise UsageError for too much, ConfigurationError for what is not installed."""
    from ..pipeline import backfill, backfill_sales

    if wanted.most_rows > backfill.MOST_ROWS:
        raise click.UsageError(
            f"That is {wanted.most_rows:,} rows, and {backfill.MOST_ROWS:,} are the most. "
            "Next: a shorter --backfill, or fewer --stores"
        )
    if has_lake and wanted.sales > backfill_sales.MOST_SALES:
        raise click.UsageError(
            f"That is about {wanted.sales:,} sales in the lake, and {backfill_sales.MOST_SALES:,} "
            "are the most. Next: a shorter --backfill, or a lower --rate"
        )
    if has_lake:
        backfill_sales.require()


def _lake(options: Options, outputs: Mapping[str, str], wanted: Demonstration) -> Lake:
    from ..cloudformation import stacks
    from ..pipeline import backfill_sales

    function, first_day = (
        stacks.require(outputs, output, options.project)
        for output in (stacks.ENRICHMENT, stacks.LAKE_FIRST_DAY)
    )
    return backfill_sales.lake(options.session.client("lambda"), function, first_day, wanted.stores)


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
