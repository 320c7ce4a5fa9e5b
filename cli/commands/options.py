"""The options that every command shares, and what a command needs to act on them."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from ..errors import NotDeployedError
from ..text import did_you_mean, work_on
from .terminal.streams import silence

if TYPE_CHECKING:
    import boto3

    from ..cloudformation.template_folder import PassedOver
    from ..patience import Patience

Command = TypeVar("Command", bound=Callable[..., Any])
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
# As template_folder has it, which takes time to import.
BELOW = "**"
PREFIX = "MIZTIIK_EVENTS"
SECONDS = click.FloatRange(min=0, min_open=True)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
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


_BEFORE = "miztiik_events.before"


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


class TemplateFolder(click.Path):
    """A folder, or `FOLDER/**` for one with all that is below."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        folder = Path(value)
        if folder.name != BELOW:
            return super().convert(value, param, ctx)
        super().convert(folder.parent, param, ctx)
        return folder


def say_passed_over(options: Options, files: Sequence[PassedOver]) -> None:
    for file in files:
        options.say(str(file), fg="yellow")


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


Completion = Callable[[click.Context, click.Parameter, str], "list[str]"]


def names_for(function: str, end: str = "") -> Completion:
    """Completes to what this function of `completion` gives, with the end after each."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        from . import completion

        names: list[str] = getattr(completion, function)()
        return [f"{name}{end}" for name in names if name.startswith(incomplete)]

    return complete


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


def _role(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value and not re.fullmatch(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+", value):
        raise click.BadParameter(f"{value!r}: give a role as arn:aws:iam::123456789012:role/NAME")
    return value


role_option = click.option(
    "--role-arn",
    metavar="ARN",
    callback=_role,
    help="Role that CloudFormation acts as; a stack keeps it for later operations.",
)


def yes_option(command: Command) -> Command:
    """Give a command the argument `yes`."""
    decorated: Command = click.option("--yes", "-y", is_flag=True, help="Do not ask.")(command)
    return decorated


def stacks_argument(name: str) -> Callable[[Command], Command]:
    """The names of stacks, as many as one likes."""
    return click.argument(
        name,
        nargs=-1,
        metavar="[STACK]...",
        shell_complete=names_for("stack_names"),
        callback=_no_values,
    )


def _no_values(
    context: click.Context, parameter: click.Parameter, words: tuple[str, ...]
) -> tuple[str, ...]:
    """The words; a value among them was meant for -p, of which other tools take many at once."""
    for word in words:
        if "=" in word:
            raise click.UsageError(f"{word} is no stack. A value has a -p of its own: -p {word}")
    return words


_SOURCES = (
    click.option(
        "--templates",
        type=TemplateFolder(exists=True, file_okay=False, path_type=Path),
        metavar="DIR",
        help="Folder of templates, one stack each; 'DIR/**' takes its folders, too.  "
        "[default: those of this package]",
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
