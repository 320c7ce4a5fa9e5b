"""`miztiik-events help`, for those who look for it there: the same as --help."""

from __future__ import annotations

import click


@click.command(hidden=True)
@click.argument("words", nargs=-1, metavar="[COMMAND]")
def command(words: tuple[str, ...]) -> None:
    """Show the help of the program, or of a command.

    \b
      miztiik-events help deploy
    """
    context = click.get_current_context().find_root()
    for word in words:
        group = context.command
        if not isinstance(group, click.Group):
            raise click.UsageError(f"{context.command_path} has no commands", context)
        name, below, _ = group.resolve_command(context, [word])
        assert below
        context = click.Context(below, info_name=name, parent=context)
    click.echo(context.get_help())
