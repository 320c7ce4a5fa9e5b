"""`miztiik-events demo`."""

from __future__ import annotations

import click

from .options import Options, shared_options
from .views import demo


@click.command()
@click.option(
    "--stores", type=click.IntRange(1), default=5, show_default=True, metavar="N", help="Stores."
)
@click.option(
    "--duration",
    type=click.FloatRange(1, 600),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="How long to produce events.",
)
@shared_options
def command(options: Options, stores: int, duration: float) -> None:
    """Show the whole pipeline on this machine: no account, no Docker, nothing left behind.

    \b
      miztiik-events demo
      miztiik-events demo --stores 10 --duration 30

    Starts an AWS on this machine, deploys these same templates, starts the analytics application
    on a real Flink, produces sample events, shows the revenue as 10-second windows close, verifies
    it to the cent, and removes everything. --region and --profile do not matter here.
    """
    from ..demonstration import demonstrate
    from ..errors import DifferenceError
    from ..text import counted

    payload = {"stores": stores, "duration_seconds": duration}
    outcome = demonstrate(options.project, payload, options.say)
    click.echo(demo.shown(outcome, options.format()))
    if not outcome.audit.agrees:
        count = len(outcome.audit.differences)
        raise DifferenceError(
            f"{counted(count, 'difference')} between the stream and the data store"
        )
