"""What a person probably meant, of commands and of options."""

from __future__ import annotations

from collections.abc import Iterable

import click

from ..text import did_you_mean


class SuggestingGroup(click.Group):
    """A group that says which command was probably meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word = args[0]
        is_option = word.startswith("-")
        if not (ctx.resilient_parsing or is_option or self.get_command(ctx, word)):
            hint = _likely(word, self.list_commands(ctx))
            raise click.UsageError(f"No such command {word!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


def _likely(word: str, commands: Iterable[str]) -> str:
    longer = [name for name in commands if name.startswith(word.casefold())]
    return f" Did you mean {', '.join(longer)}?" if longer else did_you_mean([word], commands)


def with_likely_options(error: click.ClickException) -> click.ClickException:
    """The same, and of the options that Click takes for meant only those that were begun."""
    if isinstance(error, click.NoSuchOption) and error.possibilities:
        begun = [name for name in error.possibilities if name.startswith(error.option_name)]
        likely = begun or error.possibilities
        return click.NoSuchOption(error.option_name, possibilities=likely, ctx=error.ctx)
    return error
