"""`miztiik-events produce`."""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from .backfill import USUAL_RATE, age, write_backfill
from .options import Command
from .shared_options import Options, shared_options_in_lines
from .terminal.elapsed import elapsing

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

RATIO = click.FloatRange(0, 1)
# Of Lambda's 900 s, the producer keeps 10 for itself, and its start takes some.
LONGEST_SECONDS = 889
# functions/producer/payload.py has the same.
USUAL_SECONDS = 60.0
# Of one call, when one follows the other: the last one is not heard of.
ROUND_SECONDS = 10.0
TOTALS = {
    "record_count": "Events",
    "sales_events": "Sales events",
    "new_orders": "New orders",
    "returns": "Returns",
    "inventory_events": "Inventory events",
    "rejected_events": "Malformed events",
    "late_events": "Late events",
    "duplicates": "Duplicates",
    "failed_count": "Not sent",
    "events_per_second": "Events per second",
}
# There are none unless they were asked for.
ON_REQUEST = ("late_events", "duplicates")


def _ratio(name: str, what: str) -> Callable[[Command], Command]:
    return click.option(name, type=RATIO, metavar="0..1", help=what)


@click.command()
@click.option("--stores", type=click.IntRange(1, 1000), metavar="N", help="Stores.  [default: 5]")
@click.option(
    "--duration",
    "duration_seconds",
    type=click.FloatRange(0, LONGEST_SECONDS),
    metavar="SECONDS",
    help="Spread the events over this time; 0 with --count: as fast as possible.  [default: 60]",
)
@click.option(
    "--rate",
    type=click.FloatRange(0.001, 10_000),
    metavar="N",
    help="Events per second.  [default: 19.5]",
)
@click.option(
    "--count", type=click.IntRange(1, 1_000_000), metavar="N", help="Stop after N events."
)
@click.option(
    "--until-stopped",
    is_flag=True,
    help=f"Go on until Ctrl-C, in calls of --duration seconds.  [default: {ROUND_SECONDS:g}]",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    metavar="N",
    help="The same seed gives the same events.",
)
@_ratio("--inventory-ratio", "Share of the events that are stock counts.  [default: 0.1]")
@_ratio("--return-ratio", "Share of the sales that are returns.  [default: 0.1]")
@_ratio("--bad-ratio", "Share of the events that are malformed.  [default: 0]")
@_ratio("--late-ratio", "Share of the sales that come an hour late, so in no window.  [default: 0]")
@_ratio(
    "--duplicate-ratio", "Share of the events that are sent twice, and count once.  [default: 0]"
)
@click.option(
    "--lifelike",
    is_flag=True,
    default=None,
    help="Stores of all sizes, prices by category, a daily curve, bursts; --rate is the average.",
)
@click.option(
    "--backfill",
    metavar="AGE",
    callback=age,
    help="Send no event, but write results and the lake's sales of so many days (7d) before the "
    "deploy, made up and marked, for a page to show. Takes --stores, --rate, --seed and "
    "--return-ratio.",
)
@shared_options_in_lines
def command(
    options: Options, until_stopped: bool, backfill: timedelta | None, **payload: Any
) -> None:
    """Produce sample events: invoke the producer function and wait for its answer.

    \b
      miztiik-events produce --stores 5
      miztiik-events produce --stores 20 --rate 200 --duration 300
      miztiik-events produce --count 10000 --duration 0 --seed 42
      miztiik-events produce --until-stopped --lifelike
      miztiik-events produce --late-ratio 0.05 --duplicate-ratio 0.05
      miztiik-events produce --backfill 7d
    """
    from ..cloudformation import stacks
    from ..errors import MiztiikError
    from ..patience import Patience
    from ..pipeline import producer
    from ..text import counted

    request = {name: value for name, value in payload.items() if value is not None}
    if backfill:
        write_backfill(options, backfill, {**request, "until_stopped": until_stopped})
        return
    request = {"duration_seconds": ROUND_SECONDS, **request} if until_stopped else request
    seconds = _seconds(request, is_endless=until_stopped)
    with options.insisting(Patience(math.inf) if until_stopped else None):
        cloudformation = options.session.client("cloudformation")
        client = options.session.client("lambda", config=producer.client_config())
    outputs = stacks.project_outputs(cloudformation, options.project)
    function = stacks.require(outputs, stacks.PRODUCER, options.project)
    if until_stopped:
        message = _until_stopped(options, client, function, request)
    else:
        with (
            _telling_that_it_goes_on(options),
            elapsing(options, partial(_waited, request, seconds)),
        ):
            message = producer.invoke(client, function, request)
    if not message:
        return
    click.echo(_shown(message, options.format("ndjson")))
    if message.get("failed_count"):
        raise MiztiikError(
            f"{counted(message['failed_count'], 'event')} not sent: {message.get('reason')}"
        )


@contextlib.contextmanager
def _telling_that_it_goes_on(options: Options) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        from ..text import command as typed

        logs = typed("logs", options.project)
        options.say(f"\nThe call goes on in Lambda, and so do its events: {logs}")
        raise


def _seconds(request: Mapping[str, Any], *, is_endless: bool) -> float:
    """How long the call lasts; raises UsageError for what the producer would refuse."""
    duration, rate, count = (request.get(name) for name in ("duration_seconds", "rate", "count"))
    if is_endless and count:
        raise click.UsageError("--until-stopped excludes --count")
    if duration == 0:
        if not count or rate:
            raise click.UsageError(
                "--duration 0 (as fast as possible) needs --count, and takes no --rate"
            )
        return 0.0
    if count and not rate:
        return float(duration or USUAL_SECONDS)
    rate = rate or USUAL_RATE
    events = count or math.inf
    if duration or not count:
        events = min(events, math.ceil(rate * (duration or USUAL_SECONDS)))
    seconds = events / rate
    if seconds >= LONGEST_SECONDS + 1:
        raise click.UsageError(
            f"That takes {seconds:,.0f} s at --rate {rate:g}, and one call lasts at most "
            f"{LONGEST_SECONDS} s, Lambda's limit. Next: a higher --rate, or a smaller --count"
        )
    return seconds


def _until_stopped(
    options: Options, client: LambdaClient, function: str, request: Mapping[str, Any]
) -> dict[str, Any]:
    """What all calls have sent until Ctrl-C; nothing when that was in the first one."""
    from ..pipeline import producer

    total: dict[str, Any] = {}
    options.say("Producing events until Ctrl-C")
    with (
        contextlib.suppress(KeyboardInterrupt),
        _showing(options, total),
        elapsing(options, lambda passed: f"Producing events: {passed:.0f} s{_so_far(total)}"),
    ):
        for number in itertools.count():
            seed = {"seed": request["seed"] + number} if "seed" in request else {}
            producer.add(total, producer.invoke(client, function, {**request, **seed}))
    options.say(
        "Stopped. The last call goes on in Lambda for up to "
        f"{request['duration_seconds']:g} s, and is not counted here."
    )
    return total


@contextlib.contextmanager
def _showing(options: Options, total: Mapping[str, Any]) -> Iterator[None]:
    """Show what was sent when a call fails: those before it did not."""
    try:
        yield
    except Exception:
        if total:
            click.echo(_shown(total, options.format("ndjson")))
        raise


def _waited(request: Mapping[str, Any], seconds: float, passed: float) -> str:
    """How far the one call is; how much it has sold, its answer alone can tell."""
    if not seconds:
        return f"Producing events: {passed:.0f} s"
    told = f"Producing events: {passed:.0f} of {seconds:.0f} s"
    if request.get("lifelike"):
        return told
    total = request.get("count") or math.ceil(request.get("rate", USUAL_RATE) * seconds)
    return f"{told}, about {min(total, total * passed / seconds):,.0f} of {total:,} events"


def _so_far(total: Mapping[str, Any]) -> str:
    from ..text import counted

    return (
        f", {counted(total['record_count'], 'event')}, {total['tot_sales']:,.2f}" if total else ""
    )


def _shown(message: Mapping[str, Any], form: str) -> str:
    from ..text import as_json, as_table

    if form != "table":
        return as_json(message, indent=2 if form == "json" else None)
    rows = [{"store": store, "sales": Decimal(sales)} for store, sales in _by_store(message)]
    totals = [
        f"{heading:<18}{message[name]:>14,}"
        for name, heading in TOTALS.items()
        if name in message and (message[name] or name not in ON_REQUEST)
    ]
    return "\n".join([as_table(rows, {"store": "Store", "sales": "Sales"}, totals=1), "", *totals])


def _by_store(message: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [*message.get("sales_by_store", {}).items(), ("Total", message.get("tot_sales", 0))]
