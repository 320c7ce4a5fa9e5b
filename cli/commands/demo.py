"""`miztiik-events demo`."""

from __future__ import annotations

from pathlib import Path

import click

from .local import folder
from .shared_options import Options, shared_options
from .views import demo


@click.command()
@click.option(
    "--stores", type=click.IntRange(1), default=5, show_default=True, metavar="N", help="Stores."
)
@click.option(
    "--duration",
    type=click.FloatRange(1, 600),
    default=30,
    show_default=True,
    metavar="SECONDS",
    help="How long to produce events.",
)
@click.option("--explain", is_flag=True, help="Say at each step what it does, and why.")
@click.option(
    "--export",
    "pages",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Keep the page of the sales, and a picture of it, in this folder.",
)
@click.option("--keep", is_flag=True, help="Leave everything running, to play with it.")
@shared_options
def command(
    options: Options,
    stores: int,
    duration: float,
    explain: bool,
    pages: Path | None,
    keep: bool,
) -> None:
    """Show the whole pipeline on this machine: no account, no Docker, nothing left behind.

    \b
      miztiik-events demo
      miztiik-events demo --explain
      miztiik-events demo --stores 10 --duration 60
      miztiik-events demo --keep

    Starts an AWS on this machine, deploys these same templates, starts the analytics application
    on a real Flink, produces sample events, shows the revenue as 5-second windows close, verifies
    it to the cent, and removes everything; with --keep it leaves that to you, in the AWS that
    `local start` starts. --region and --profile do not matter here.
    """
    from ..dashboard import assets
    from ..demonstration import demonstrate
    from ..errors import DifferenceError
    from ..text import counted

    payload = {"stores": stores, "duration_seconds": duration}
    kept_in = folder() if keep else None
    if pages:
        assets.require()
    outcome = demonstrate(
        options.project, payload, options.say, explains=explain, kept_in=kept_in, pages=pages
    )
    click.echo(demo.shown(outcome, options.format()))
    options.say(demo.next_steps(is_kept=keep))
    if not outcome.audit.agrees:
        count = len(outcome.audit.differences)
        raise DifferenceError(
            f"{counted(count, 'difference')} between the stream and the data store"
        )
