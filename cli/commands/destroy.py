"""`miztiik-events destroy`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from .options import Options, shared_options

if TYPE_CHECKING:
    from ..teardown import Inventory


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=3600,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait; what is under way in AWS goes on.",
)
@shared_options
def command(options: Options, yes: bool, timeout: float) -> None:
    """Remove the stacks, with all their data and logs.

    \b
      miztiik-events destroy
      miztiik-events destroy --yes        (in a script)

    Stops the application, empties the buckets with all versions, deletes the stacks in reverse
    order, then their log groups. Interrupted and run again, it finishes.
    """
    from .. import teardown
    from .progress import Progress

    inventory = teardown.take_inventory(options.session, options.project)
    if inventory.is_empty:
        options.say(f"Nothing to destroy: there is nothing of project {options.project!r}.")
        return
    if not yes:
        _confirm(options, inventory)
    with Progress(options) as progress:
        teardown.destroy(options.session, inventory, progress, timeout=timeout)


def _confirm(options: Options, inventory: Inventory) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError("There is no terminal to ask on. Give --yes to destroy unasked")
    region = options.session.region_name
    click.echo(f"This removes project {options.project!r} from {region}, for good:", err=True)
    buckets = [bucket for found in inventory.buckets.values() for bucket in found]
    for title, names in (
        ("stack", inventory.stacks),
        ("bucket with its objects", buckets),
        ("log group", inventory.log_groups),
    ):
        for name in names:
            click.echo(f"  {title}  {name}", err=True)
    answer = click.prompt(
        "Type the project's name to go on", default="", show_default=False, err=True
    )
    if answer != options.project:
        raise click.Abort
