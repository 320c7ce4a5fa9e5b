"""The options that every command shares, and what a command needs to act on them."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..errors import NotDeployedError
from .terminal.streams import silence

if TYPE_CHECKING:
    import boto3

    from ..patience import Patience

Command = TypeVar("Command", bound=Callable[..., Any])
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
PREFIX = "MIZTIIK_EVENTS"
SECONDS = click.FloatRange(min=0, min_open=True)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
# However CloudFormation shortens a name that it makes up (to 63 characters, the least of all), the
# project's name and a hyphen stay in front: that is what policies go by.
LONGEST_PROJECT = 24
PROJECT_PATTERN = rf"[A-Za-z][A-Za-z0-9-]{{0,{LONGEST_PROJECT - 1}}}"


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

    @property
    def whereabouts(self) -> str:
        """Account and region, for a person who may have meant others."""
        from botocore.exceptions import BotoCoreError, ClientError

        region = f"region {self.session.region_name}"
        try:
            account = self.session.client("sts").get_caller_identity()["Account"]
        except (BotoCoreError, ClientError):
            return region
        return f"account {account}, {region}"

    def insisting(
        self, patience: Patience, way_back: str = "Run the same command again"
    ) -> contextlib.AbstractContextManager[None]:
        """In the block, clients ask again what AWS did not answer: insistence.insisting."""
        from ..insistence import insisting

        return insisting(self.session, patience, lambda text: self.say(text, fg="yellow"), way_back)

    def format(self, piped: str = "table") -> str:
        """`table`, `json`, `ndjson` or `csv`: as asked, else `piped` where stdout is a pipe."""
        if self.output:
            return self.output
        return "table" if sys.stdout.isatty() else piped

    def say(self, text: str, *, bold: bool = False, fg: str | None = None) -> None:
        """Progress and notes for a person, on stderr; nothing with --quiet."""
        if not self.quiet:
            text = folded(text, shutil.get_terminal_size().columns) if sys.stderr.isatty() else text
            styled = click.style(text, bold=bold, fg=fg) if self.color and (bold or fg) else text
            try:
                click.echo(styled, err=True, color=self.color and sys.stderr.isatty())
            except OSError:
                # Nobody reads it any more, or its disk is full: no reason to leave work half done.
                silence()


def folded(text: str, width: int) -> str:
    """The text with its lines folded between words; a terminal folds in the middle of one."""
    return "\n".join(
        line
        if len(line) <= width
        else textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)
        for line in text.split("\n")
    )


def table_width() -> int | None:
    """How many columns a table may have; None when stdout is no terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def moment_or_none(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> datetime | None:
    """As `moment`, for an option that may be left out."""
    return None if value is None else moment(value)


def moment(value: str) -> datetime:
    """The time meant by `90s`, `10m`, `2h`, `1d` (ago), or by ISO 8601; UTC without a zone.

    Raises BadParameter.
    """
    ago = re.fullmatch(r"(\d{1,6})([smhd])", value)
    if ago:
        return datetime.now(timezone.utc) - timedelta(seconds=int(ago[1]) * _SECONDS[ago[2]])
    try:
        # Python before 3.11 does not know the Z.
        given = datetime.fromisoformat(re.sub(r"Z$", "+00:00", value))
    except ValueError:
        raise click.BadParameter(
            f"{value!r}: give an age (90s, 10m, 2h, 1d) or a time (2026-11-24T15:00)"
        ) from None
    return given if given.tzinfo else given.replace(tzinfo=timezone.utc)


class SharedOption(click.Option):
    """An option of every command: MIZTIIK_EVENTS_<OPTION> gives it to all of them.

    A command's own variable, as MIZTIIK_EVENTS_DEPLOY_<OPTION>, goes before.
    """

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        own = os.environ.get(f"{ctx.auto_envvar_prefix}_{str(self.name).upper()}")
        return own or super().resolve_envvar_value(ctx)


def variable(*words: str) -> str:
    """The variable of an option, or of a command's option: MIZTIIK_EVENTS_DEPLOY_JOBS."""
    return "_".join([PREFIX, *words]).replace("-", "_").upper()


def assign_variables(command: click.Command, *words: str) -> None:
    """Give each option of the command, and of those below it, the variable of its name.

    Click's own choice is the name of the Python argument, which nobody sees.
    """
    for option in command.params:
        if isinstance(option, click.Option) and option.envvar is None:
            option.envvar = variable(*words, max(option.opts, key=len).lstrip("-"))
    for below, subcommand in getattr(command, "commands", {}).items():
        assign_variables(subcommand, *words, below)


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
    if not re.fullmatch(PROJECT_PATTERN, value):
        raise click.BadParameter(
            f"{value!r}: letters, digits and hyphens, a letter first, at most {LONGEST_PROJECT} "
            "(it begins the names of the stacks)"
        )
    return value


def _debug(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    # For main, which reports the error when this context is gone.
    if context.obj is not None:
        context.obj["debug"] = value


def _shared(name: str, *names: str, **settings: Any) -> Callable[[Command], Command]:
    envvar = variable(name.lstrip("-"))
    return click.option(name, *names, cls=SharedOption, envvar=envvar, show_envvar=True, **settings)


def _output(*forms: str, default: str) -> Callable[[Command], Command]:
    text = f"Form of what goes to stdout.  [default: {default}]"
    return _shared("--output", type=click.Choice(forms), help=text)


_IN_LINES = "table on a terminal, ndjson in a pipe"
_OUTPUT = _output("table", "json", "ndjson", default="table")
_OUTPUT_IN_LINES = _output("table", "json", "ndjson", default=_IN_LINES)
_OUTPUT_WITH_CSV = _output("table", "csv", "json", "ndjson", default=_IN_LINES)
_SHARED = (
    _shared(
        "--project",
        default="miztiik-events",
        show_default=True,
        metavar="NAME",
        callback=_project,
        help="Prefix of the stacks' names; several projects can live side by side.",
    ),
    _shared("--region", metavar="REGION", help="AWS region.  [default: that of the AWS CLI]"),
    _shared("--profile", metavar="NAME", help="AWS profile.  [default: that of the AWS CLI]"),
    _OUTPUT,
    _shared("--quiet", "-q", is_flag=True, help="Print only results and errors."),
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
    return _sharing(command, _OUTPUT)


def shared_options_in_lines(command: Command) -> Command:
    """The same, for a command that gives a pipe lines of JSON."""
    return _sharing(command, _OUTPUT_IN_LINES)


def shared_options_with_csv(command: Command) -> Command:
    """The same, for such a command that has CSV as well."""
    return _sharing(command, _OUTPUT_WITH_CSV)


def _sharing(command: Command, output: Callable[[Command], Command]) -> Command:
    shared = [output if option is _OUTPUT else option for option in _SHARED]

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
        try:
            return command(options, *args, **kwargs)
        except NotDeployedError as error:
            raise error.found_missing_in(options.whereabouts) from error

    decorated: Command = stacked(shared)(with_options)
    return decorated


_SOURCES = (
    click.option(
        "--templates",
        type=FOLDER,
        metavar="DIR",
        help="Folder of templates, one stack each.  [default: those of this package]",
    ),
    click.option(
        "--functions",
        type=FOLDER,
        metavar="DIR",
        help="Folder with a folder for each function.  [default: those of this package]",
    ),
)


def source_options(command: Command) -> Command:
    """Give a command the arguments `templates` and `functions`, each a folder or None."""
    decorated: Command = stacked(_SOURCES)(command)
    return decorated


def stacked(options: Sequence[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    """One decorator out of several, in the order in which the help shows their options."""

    def decorate(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate
