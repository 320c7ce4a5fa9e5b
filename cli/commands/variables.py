"""The environment variables that options can come from."""

from __future__ import annotations

import os

import click

PREFIX = "MIZTIIK_EVENTS"


class SharedOption(click.Option):
    """An option of every command: MIZTIIK_EVENTS_<OPTION> gives it to all of them.

    A command's own variable, as MIZTIIK_EVENTS_DEPLOY_<OPTION>, goes before.
    """

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        own = os.environ.get(f"{ctx.auto_envvar_prefix}_{str(self.name).upper()}")
        return own or super().resolve_envvar_value(ctx)


def name(*words: str) -> str:
    """The variable of an option, or of a command's option: MIZTIIK_EVENTS_DEPLOY_JOBS."""
    return "_".join([PREFIX, *words]).replace("-", "_").upper()


def assign(command: click.Command, *words: str) -> None:
    """Give each option of the command, and of those below it, the variable of its name.

    Click's own choice is the name of the Python argument, which nobody sees.
    """
    for option in command.params:
        if isinstance(option, click.Option) and option.envvar is None:
            option.envvar = name(*words, max(option.opts, key=len).lstrip("-"))
    for below, subcommand in getattr(command, "commands", {}).items():
        assign(subcommand, *words, below)
