"""Deleting the stacks of a project that have no template any more."""

from __future__ import annotations

import sys
from collections.abc import Collection
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..destroy.inventory import Inventory
    from .shared_options import Options


def name(options: Options, gone: Collection[str]) -> None:
    """Say which they are, and how they are deleted."""
    from ..text import command

    options.say(
        f"Without a template any more, and left alone: {', '.join(gone)}. "
        f"To delete: {command('deploy --prune', options.project)}",
        fg="yellow",
    )


def agree(options: Options, gone: Collection[str], *, with_data: bool, yes: bool) -> None:
    """Go on only when nothing stands against it and the person agrees; nothing is deleted yet."""
    from ..destroy import teardown
    from .views.destroy import removal

    inventory = _inventory(options, gone, with_data=with_data)
    teardown.refuse_protected(inventory.protected)
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("There is no terminal to ask on. Add --yes to prune without asking")
    click.echo(removal(options.session, inventory, "table"), err=True)
    click.confirm("\nDelete all this for good, after the deploy?", abort=True, err=True)


def prune(
    options: Options,
    gone: Collection[str],
    *,
    with_data: bool,
    timeout: float,
    role_arn: str | None,
) -> None:
    """Delete them. What the deploy left needing them, or holding data, is looked at once more."""
    from ..destroy import teardown
    from .terminal.display import Display

    inventory = _inventory(options, gone, with_data=with_data)
    with Display(options, len(inventory.stacks)).shown() as display:
        teardown.destroy(options.session, inventory, display, timeout=timeout, role_arn=role_arn)


def _inventory(options: Options, gone: Collection[str], *, with_data: bool) -> Inventory:
    from ..destroy import inventory as inventories
    from ..errors import UnhealthyError
    from ..patience import OUTAGE_SECONDS, Patience

    with options.insisting(Patience(OUTAGE_SECONDS), has_answered=True):
        inventory = inventories.take(options.session, options.project, only=gone, may_be_gone=True)
    if inventory.data and not with_data:
        names = "".join(
            f"\n    {held.stack}  {held.logical_id}  {held.type}" for held in inventory.data
        )
        raise UnhealthyError(
            f"--prune would delete what holds data:{names}\n"
            "  Next: put the templates back, or add --with-data to delete it all the same"
        )
    return inventory
