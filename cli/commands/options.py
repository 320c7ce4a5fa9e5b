"""The options that every command shares, and what a command needs to act on them."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import click

from . import variables
from .variables import SharedOption

if TYPE_CHECKING:
    import boto3

Command = TypeVar("Command", bound=Callable[..., Any])
PROJECT_PATTERN = r"[A-Za-z][A-Za-z0-9-]{0,63}"


@dataclass(frozen=True)
class Options:
    """The shared options of one run; `session` connects on its first use."""

    project: str = "miztiik-events"
    region: str | None = None
    profile: str | None = None
    output: str | None = None
    quiet: bool = False
    color: bool = True
    _sessions: list[boto3.session.Session] = field(default_factory=list, repr=False)

    @property
    def session(self) -> boto3.session.Session:
        """The one AWS session of this run; raises ConfigurationError as session.connect does."""
        if not self._sessions:
            from ..session import connect

            self._sessions.append(connect(self.profile, self.region))
        return self._sessions[0]

    def format(self, piped: str = "ndjson") -> str:
        """`table`, `json` or `ndjson`: as asked, else by where stdout goes."""
        if self.output:
            return self.output
        return "table" if sys.stdout.isatty() else piped

    def say(self, text: str, *, bold: bool = False, fg: str | None = None) -> None:
        """Progress and notes for a person, on stderr; nothing with --quiet."""
        if not self.quiet:
            styled = click.style(text, bold=bold, fg=fg) if self.color and (bold or fg) else text
            click.echo(styled, err=True, color=self.color and sys.stderr.isatty())


SECONDS = click.FloatRange(min=0, min_open=True)


def timeout_option(default: int) -> Callable[[Command], Command]:
    """How many seconds a command waits for what it has AWS do."""
    return click.option(
        "--timeout",
        type=SECONDS,
        default=default,
        show_default=True,
        metavar="SECONDS",
        help="How long to wait; what is under way in AWS goes on.",
    )


def _project(context: click.Context, parameter: click.Parameter, value: str) -> str:
    import re

    if not re.fullmatch(PROJECT_PATTERN, value):
        raise click.BadParameter(
            f"{value!r}: letters, digits and hyphens, a letter first, at most 64 "
            "(it begins the names of the stacks)"
        )
    return value


def _debug(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    # For main, which reports the error when this context is gone.
    if context.obj is not None:
        context.obj["debug"] = value


def _shared(name: str, *names: str, **settings: Any) -> Callable[[Command], Command]:
    variable = variables.name(name.lstrip("-"))
    return click.option(
        name, *names, cls=SharedOption, envvar=variable, show_envvar=True, **settings
    )


_SHARED = (
    _shared(
        "--project",
        default="miztiik-events",
        show_default=True,
        metavar="NAME",
        callback=_project,
        help="Prefix of the stacks' names; several projects can live side by side.",
    ),
    _shared("--region", metavar="REGION", help="AWS region; else as the AWS CLI finds it."),
    _shared("--profile", metavar="NAME", help="AWS profile; else as the AWS CLI finds it."),
    _shared(
        "--output",
        type=click.Choice(["table", "json", "ndjson"]),
        help="Form of what goes to stdout.  [default: table on a terminal]",
    ),
    _shared("--quiet", "-q", is_flag=True, help="Only results and errors."),
    _shared("--no-color", is_flag=True, help="No colours (NO_COLOR does the same)."),
    _shared(
        "--debug",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_debug,
        help="Show the traceback of an error.",
    ),
)


def shared_options(command: Command) -> Command:
    """Give a command the shared options, and as its first argument an `Options`."""

    @functools.wraps(command)
    def with_options(
        *args: Any,
        project: str,
        region: str | None,
        profile: str | None,
        output: str | None,
        quiet: bool,
        no_color: bool,
        **kwargs: Any,
    ) -> Any:
        color = not (no_color or os.environ.get("NO_COLOR"))
        options = Options(project, region, profile, output, quiet, color)
        return command(options, *args, **kwargs)

    decorated: Any = with_options
    for option in reversed(_SHARED):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]
