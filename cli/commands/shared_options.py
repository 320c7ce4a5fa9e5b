"""The options that every command shares, and what a command needs to act on them."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from ..errors import NotDeployedError
from ..text import work_on
from .options import Command, names_for, stacked
from .terminal.streams import silence

if TYPE_CHECKING:
    import boto3

    from ..patience import Patience

PREFIX = "MIZTIIK_EVENTS"
_BEFORE = "miztiik_events.before"
# However CloudFormation shortens a name that it makes up (to 63 characters, the least of all), the
# project's name and a hyphen stay in front: that is what policies go by.
LONGEST_PROJECT = 24
PROJECT_PATTERN = rf"[A-Za-z][A-Za-z0-9-]{{0,{LONGEST_PROJECT - 1}}}"


@dataclass(frozen=True)
class Options:
    """The shared options of one run; `session` connects on its first use.

    Its clients ask again what AWS did not answer, for OUTAGE_SECONDS where nothing else is said
    (`insisting`).
    """

    project: str = "miztiik-events"
    region: str | None = None
    profile: str | None = None
    output: str | None = None
    quiet: bool = False
    color: bool = True
    _sessions: list[boto3.session.Session] = field(default_factory=list, repr=False)
    _in_force: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, repr=False)

    @property
    def session(self) -> boto3.session.Session:
        """The one AWS session of this run; raises ConfigurationError as session.connect does."""
        if not self._sessions:
            from ..session import connect

            self._sessions.append(connect(self.profile, self.region))
            self._in_force.enter_context(self.insisting(None))
        return self._sessions[0]

    @property
    def whereabouts(self) -> str:
        """Account and region, for a person who may have meant others."""
        from botocore.exceptions import BotoCoreError, ClientError

        from ..errors import MiztiikError

        region = f"region {self.session.region_name}"
        try:
            account = self.session.client("sts").get_caller_identity()["Account"]
        except (BotoCoreError, ClientError, MiztiikError):
            return region
        return f"account {account}, {region}"

    def insisting(
        self,
        patience: Patience | None,
        way_back: str = "Run the same command again",
        *,
        has_answered: bool = False,
    ) -> contextlib.AbstractContextManager[None]:
        """In the block, clients ask again what AWS did not answer: insistence.insisting."""
        from ..insistence import insisting

        return insisting(
            self.session,
            patience,
            lambda text: self.say(text, fg="yellow"),
            way_back,
            has_answered=has_answered,
        )

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


class SharedOption(click.Option):
    """An option of every command: MIZTIIK_EVENTS_<OPTION> gives it to all of them.

    A command's own variable, as MIZTIIK_EVENTS_DEPLOY_<OPTION>, goes before, and so does what was
    given before the command.
    """

    def consume_value(
        self, ctx: click.Context, opts: Mapping[str, Any]
    ) -> tuple[Any, ParameterSource]:
        value, source = super().consume_value(ctx, opts)
        before = ctx.meta.get(_BEFORE, {})
        if source is not ParameterSource.COMMANDLINE and self.name in before:
            return before[self.name], ParameterSource.COMMANDLINE
        return value, source

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


def _project(context: click.Context, parameter: click.Parameter, value: str) -> str:
    from . import project_settings

    if not re.fullmatch(PROJECT_PATTERN, value):
        raise click.BadParameter(
            f"{value!r}: letters, digits and hyphens, a letter first, at most {LONGEST_PROJECT} "
            f"(it begins the names of the stacks){project_settings.origin(context, parameter)}"
        )
    project_settings.refuse_other_name(context, value)
    return value


def _environment(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    from . import project_settings

    if not context.resilient_parsing:
        project_settings.apply(context, value)
    return value


def _debug(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    # For main, which reports the error when this context is gone.
    if context.obj is not None:
        context.obj["debug"] = value


def _shared(name: str, *names: str, **settings: Any) -> Callable[[Command], Command]:
    envvar = variable(name.lstrip("-"))
    return click.option(name, *names, cls=SharedOption, envvar=envvar, show_envvar=True, **settings)


def _form(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    # For main, which reports errors in the same form.
    if value and context.obj is not None:
        context.obj["form"] = "json" if value is True else value
    return value


def _output(*forms: str, default: str) -> Callable[[Command], Command]:
    text = f"Form of what goes to stdout.  [default: {default}]"
    return _shared(
        *("--output", "-o"), type=click.Choice(forms), is_eager=True, callback=_form, help=text
    )


_IN_LINES = "table on a terminal, ndjson in a pipe"
_OUTPUT = _output("table", "json", "ndjson", default="table")
_OUTPUT_IN_LINES = _output("table", "json", "ndjson", default=_IN_LINES)
_OUTPUT_WITH_CSV = _output("table", "csv", "json", "ndjson", default=_IN_LINES)
_OUTPUT_WITH_PICTURES = _output("table", "svg", "dot", "json", "ndjson", default="table")
_SHARED = (
    _shared(
        "--project",
        default="miztiik-events",
        show_default=True,
        metavar="NAME",
        callback=_project,
        help="Prefix of the stacks' names; several projects can live side by side.",
    ),
    _shared(
        "--env",
        metavar="NAME",
        is_eager=True,
        expose_value=False,
        callback=_environment,
        help="Environment of the project's file, miztiik-events.yaml.",
    ),
    _shared(
        "--region",
        metavar="REGION",
        shell_complete=names_for("region_names"),
        help="AWS region.  [default: that of the AWS CLI]",
    ),
    _shared(
        "--profile",
        metavar="NAME",
        shell_complete=names_for("profile_names"),
        help="AWS profile.  [default: that of the AWS CLI]",
    ),
    _OUTPUT,
    _shared(
        *("--json", "as_json"), is_flag=True, is_eager=True, callback=_form, help="--output json."
    ),
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


def shared_options_with_pictures(command: Command) -> Command:
    """The same as `shared_options`, for a command that has SVG and Graphviz's form as well."""
    return _sharing(command, _OUTPUT_WITH_PICTURES)


def _sharing(command: Command, output: Callable[[Command], Command]) -> Command:
    shared = [output if option is _OUTPUT else option for option in _SHARED]

    @functools.wraps(command)
    def with_options(
        *args: Any,
        project: str,
        region: str | None,
        profile: str | None,
        output: str | None,
        as_json: bool,
        quiet: bool,
        no_color: bool,
        **kwargs: Any,
    ) -> Any:
        color = not (no_color or os.environ.get("NO_COLOR"))
        form = "json" if as_json else output
        options = Options(project, region, profile, form, quiet, color)
        work_on(project)
        try:
            return command(options, *args, **kwargs)
        except NotDeployedError as error:
            raise error.found_missing_in(options.whereabouts) from error

    decorated: Command = stacked(shared)(with_options)
    return decorated


def _given_before(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if context.get_parameter_source(str(parameter.name)) is ParameterSource.COMMANDLINE:
        context.meta.setdefault(_BEFORE, {})[parameter.name] = value


def _before(*names: str, is_flag: bool = False) -> Callable[[Command], Command]:
    return click.option(
        *names,
        is_flag=is_flag,
        hidden=True,
        expose_value=False,
        allow_from_autoenv=False,
        callback=_given_before,
    )


def options_before(command: Command) -> Command:
    """Let a group take the shared options, for the command that follows, which checks them."""
    valued = ("--project", "--env", "--region", "--profile")
    before = [
        *(_before(name) for name in valued),
        _before("--output", "-o"),
        _before("--json", "as_json", is_flag=True),
        _before("--quiet", "-q", is_flag=True),
        _before("--no-color", is_flag=True),
        _before("--debug", is_flag=True),
    ]
    decorated: Command = stacked(before)(command)
    return decorated
