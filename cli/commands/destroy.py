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
@click.option("--dry-run", is_flag=True, help="Show what would go, and remove nothing.")
@click.option(
    "--keep-data", is_flag=True, help="Leave the data store: the bucket with the results."
)
@timeout_option(3600)
@shared_options
def command(options: Options, yes: bool, dry_run: bool, keep_data: bool, timeout: float) -> None:
    """Remove the stacks, with all their data and logs.

    \b
      miztiik-events destroy --dry-run
      miztiik-events destroy
      miztiik-events destroy --yes        (in a script)

    Stops the application, empties the buckets with all versions, deletes the stacks in reverse
    order, then their log groups, and looks whether anything is left (1 if so). Removes nothing
    when a stack has termination protection (4). Interrupted and run again, it finishes.
    """
    from ..destroy import inventory, teardown
    from .terminal.display import Display

    found = inventory.take(options.session, options.project, keeps_data=keep_data)
    if dry_run:
        click.echo(_shown(options, found, options.format(piped="table")))
        return
    if found.is_empty:
        kept = f" but {', '.join(found.kept)}, which is kept" if found.kept else ""
        options.say(f"Nothing to destroy: there is nothing of project {options.project!r}{kept}.")
    else:
        _agree(options, found, yes)
        with Display(options).shown() as display:
            teardown.destroy(options.session, found, display, timeout=timeout)
    _report_leftovers(options, found)


def _agree(options: Options, found: Inventory, yes: bool) -> None:
    """Show what goes, and go on only when nothing stands against it and the person agrees."""
    from ..destroy import teardown

    is_asking = not yes and sys.stdin.isatty()
    if is_asking or not options.quiet:
        click.echo(_shown(options, found, "table"), err=True)
    teardown.refuse_protected(found.protected)
    if yes:
        return
    if not is_asking:
        raise click.UsageError("There is no terminal to ask on. Give --yes to destroy unasked")
    answer = click.prompt(
        "\nType the project's name to go on, for good", default="", show_default=False, err=True
    )
    if answer != options.project:
        raise click.Abort


def _shown(options: Options, found: Inventory, form: str) -> str:
    from ..destroy import buckets
    from ..destroy.inventory import BUCKET
    from .views.destroy import shown

    s3 = options.session.client("s3")
    return shown(found, {name: buckets.contents(s3, name) for name in found.going(BUCKET)}, form)


def _report_leftovers(options: Options, found: Inventory) -> None:
    from ..cloudformation.progress import line
    from ..destroy import leftovers
    from ..errors import MiztiikError

    there = leftovers.find(options.session, found, lambda event: options.say(line(event)))
    for name in there.retained:
        options.say(f"Retained: {name}")
    if there.left:
        names = "".join(f"\n    {name}" for name in there.left)
        raise MiztiikError(
            f"Of project {options.project!r} there is left in account {found.account}, "
            f"region {found.region}:{names}\n"
            "  Next: remove it by hand, or destroy again when it came just now"
        )
