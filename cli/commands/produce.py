"""`miztiik-events produce`."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import click

from .options import Options, shared_options_in_lines

RATIO = click.FloatRange(0, 1)
TOTALS = {
    "record_count": "Events",
    "sales_events": "Sales events",
    "new_orders": "New orders",
    "returns": "Returns",
    "inventory_events": "Inventory events",
    "rejected_events": "Malformed events",
    "failed_count": "Not sent",
    "events_per_second": "Events per second",
}


@click.command()
@click.option("--stores", type=click.IntRange(1), metavar="N", help="Stores.  [default: 5]")
@click.option(
    "--duration",
    "duration_seconds",
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="Spread the events over this time; 0 with --count: as fast as possible.  [default: 60]",
)
@click.option(
    "--rate",
    type=click.FloatRange(0, min_open=True),
    metavar="N",
    help="Events per second.  [default: 19.5]",
)
@click.option("--count", type=click.IntRange(1), metavar="N", help="Stop after N events.")
@click.option(
    "--seed", type=click.IntRange(0), metavar="N", help="The same seed gives the same events."
)
@click.option(
    "--inventory-ratio",
    type=RATIO,
    metavar="0..1",
    help="Share of the events that are stock counts.  [default: 0.1]",
)
@click.option(
    "--return-ratio",
    type=RATIO,
    metavar="0..1",
    help="Share of the sales that are returns.  [default: 0.1]",
)
@click.option(
    "--bad-ratio",
    type=RATIO,
    metavar="0..1",
    help="Share of the events that are malformed.  [default: 0]",
)
@shared_options_in_lines
def command(options: Options, **payload: Any) -> None:
    """Produce sample events: invoke the producer function and wait for its answer.

    \b
      miztiik-events produce --stores 5
      miztiik-events produce --stores 20 --rate 200 --duration 300
      miztiik-events produce --count 10000 --duration 0 --seed 42
    """
    from ..cloudformation import stacks
    from ..errors import MiztiikError
    from ..pipeline import producer
    from ..text import counted

    outputs = stacks.project_outputs(options.session.client("cloudformation"), options.project)
    function = stacks.require(outputs, stacks.PRODUCER, options.project)
    client = options.session.client("lambda", config=producer.client_config())
    request = {name: value for name, value in payload.items() if value is not None}
    with _elapsing(options):
        message = producer.invoke(client, function, request)
    click.echo(_shown(message, options.format("ndjson")))
    if message.get("failed_count"):
        raise MiztiikError(
            f"{counted(message['failed_count'], 'event')} not sent: {message.get('reason')}"
        )


def _shown(message: Mapping[str, Any], form: str) -> str:
    from ..text import as_json, as_table

    if form != "table":
        return as_json(message, indent=2 if form == "json" else None)
    rows = [{"store": store, "sales": Decimal(sales)} for store, sales in _by_store(message)]
    totals = [
        f"{heading:<18}{message[name]:>14,}" for name, heading in TOTALS.items() if name in message
    ]
    return "\n".join([as_table(rows, {"store": "Store", "sales": "Sales"}, totals=1), "", *totals])


def _by_store(message: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [*message.get("sales_by_store", {}).items(), ("Total", message.get("tot_sales", 0))]


@contextlib.contextmanager
def _elapsing(options: Options) -> Iterator[None]:
    """On a terminal, show the seconds that have passed, in one line that goes away again."""
    if options.quiet or not sys.stderr.isatty():
        yield
        return
    answered = threading.Event()
    clock = threading.Thread(target=_tick, args=(answered,), daemon=True)
    clock.start()
    try:
        yield
    finally:
        answered.set()
        clock.join()
        click.echo("\r\033[K", nl=False, err=True)


def _tick(answered: threading.Event) -> None:
    started = time.monotonic()
    while not answered.wait(1):
        seconds = time.monotonic() - started
        click.echo(f"\rProducing events: {seconds:.0f} s", nl=False, err=True)
