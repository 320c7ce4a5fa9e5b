"""`miztiik-events destroy`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from .options import Options, shared_options, timeout_option

if TYPE_CHECKING:
    from ..destroy.inventory import Inventory


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would be deleted, and delete nothing.")
@click.option("--keep-data", is_flag=True, help="Keep the data store: the bucket with the results.")
@timeout_option(3600)
@shared_options
def command(options: Options, yes: bool, dry_run: bool, keep_data: bool, timeout: float) -> None:
    """Delete the stacks, with all their data and logs.

    \b
      miztiik-events destroy --dry-run
      miztiik-events destroy
      miztiik-events destroy --yes        (in a script)

    Stops the application, empties the buckets with all versions, deletes the stacks in reverse
    order and then their log groups, and looks whether anything is left (it ends with 1 then).
    Deletes nothing when a stack has termination protection (4). When it was interrupted, run it
    again: it finishes.
    """
    from ..destroy import inventory as inventories
    from ..destroy import teardown
    from ..patience import Patience
    from .terminal.display import Display

    with options.insisting(Patience(timeout)):
        inventory = inventories.take(options.session, options.project, keeps_data=keep_data)
    if dry_run:
        click.echo(_shown(options, inventory, options.format()))
        return
    if inventory.is_empty:
        kept = f", except {', '.join(inventory.kept)} (kept)" if inventory.kept else ""
        place = f"in account {inventory.account}, region {inventory.region}"
        options.say(f"Nothing to destroy: project {options.project!r} has nothing {place}{kept}.")
    else:
        _agree(options, inventory, yes)
        with Display(options).shown() as display:
            teardown.destroy(options.session, inventory, display, timeout=timeout)
    with options.insisting(Patience(timeout)):
        _report_leftovers(options, inventory)


def _agree(options: Options, inventory: Inventory, yes: bool) -> None:
    """Show what goes, and go on only when nothing stands against it and the person agrees."""
    from ..destroy import teardown

    is_asking = not yes and sys.stdin.isatty()
    if is_asking or not options.quiet:
        click.echo(_shown(options, inventory, "table"), err=True)
    teardown.refuse_protected(inventory.protected)
    if yes:
        return
    if not is_asking:
        raise click.UsageError(
            "There is no terminal to ask on. Add --yes to destroy without being asked"
        )
    answer = click.prompt(
        "\nType the project's name to delete all this for good",
        default="",
        show_default=False,
        err=True,
    )
    if answer != options.project:
        raise click.Abort


def _shown(options: Options, inventory: Inventory, form: str) -> str:
    from ..destroy import buckets
    from ..destroy.inventory import BUCKET
    from .views.destroy import shown

    s3 = options.session.client("s3")
    return shown(
        inventory, {name: buckets.contents(s3, name) for name in inventory.going(BUCKET)}, form
    )


def _report_leftovers(options: Options, inventory: Inventory) -> None:
    from ..cloudformation.progress import line
    from ..destroy import leftovers
    from ..errors import MiztiikError

    rest = leftovers.find(options.session, inventory, lambda event: options.say(line(event)))
    for name in rest.retained:
        options.say(f"Retained: {name}")
    if rest.left:
        names = "".join(f"\n    {name}" for name in rest.left)
        raise MiztiikError(
            f"Something is left of project {options.project!r} in account {inventory.account}, "
            f"region {inventory.region}:{names}\n"
            "  Next: delete it by hand, or destroy again if it has only just appeared"
        )
