"""`miztiik-events destroy`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from .options import role_option, stacks_argument, timeout_option, yes_option
from .shared_options import Options, shared_options

if TYPE_CHECKING:
    from ..destroy.inventory import Inventory


@click.command()
@stacks_argument("stacks")
@yes_option
@click.option(
    "--dry-run", "--plan", is_flag=True, help="Show what would be deleted, and delete nothing."
)
@click.option("--keep-data", is_flag=True, help="Keep the data store: the bucket with the results.")
@role_option
@timeout_option(3600)
@shared_options
def command(
    options: Options,
    stacks: tuple[str, ...],
    yes: bool,
    dry_run: bool,
    keep_data: bool,
    role_arn: str | None,
    timeout: float,
) -> None:
    """Delete the stacks, or those that are named, with all their data and logs.

    \b
      miztiik-events destroy --dry-run
      miztiik-events destroy
      miztiik-events destroy --yes        (in a script)
      miztiik-events destroy warehouse dispatch

    Stops the application, empties the buckets with all versions, deletes the stacks in reverse
    order and then their log groups, and looks whether anything is left (it ends with 1 then).
    Deletes nothing when a stack has termination protection, or one that stays takes something from
    one that goes (4). When it was interrupted, run it
    again: it finishes.
    """
    from ..destroy import inventory as inventories
    from ..destroy import teardown
    from ..patience import Patience
    from .terminal.display import Display
    from .views.destroy import removal

    if stacks and keep_data:
        raise click.UsageError("--keep-data is for a whole project; name the stacks to delete")
    with options.insisting(Patience(timeout)):
        inventory = inventories.take(
            options.session, options.project, keeps_data=keep_data, only=stacks
        )
    if dry_run:
        click.echo(removal(options.session, inventory, options.format()))
        teardown.refuse_needed(inventory)
        return
    if inventory.is_empty:
        kept = f", except {', '.join(inventory.kept)} (kept)" if inventory.kept else ""
        what = f"no stack {', '.join(stacks)}" if stacks else "nothing"
        place = f"in account {inventory.account}, region {inventory.region}"
        options.say(f"Nothing to destroy: project {options.project!r} has {what} {place}{kept}.")
    else:
        _agree(options, inventory, yes)
        with Display(options, len(inventory.stacks)).shown() as display:
            teardown.destroy(
                options.session, inventory, display, timeout=timeout, role_arn=role_arn
            )
    with options.insisting(Patience(timeout)):
        _report_leftovers(options, inventory)


def _agree(options: Options, inventory: Inventory, yes: bool) -> None:
    """Show what goes, and go on only when nothing stands against it and the person agrees."""
    from ..destroy import teardown
    from .views.destroy import removal

    is_asking = not yes and sys.stdin.isatty()
    if is_asking or not options.quiet:
        click.echo(removal(options.session, inventory, "table"), err=True)
    teardown.refuse_needed(inventory)
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
