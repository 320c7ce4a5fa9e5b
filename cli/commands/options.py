"""What several commands take: options and arguments, and what their values are."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
# As template_folder has it, which takes time to import.
BELOW = "**"
SECONDS = click.FloatRange(min=0, min_open=True)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
Completion = Callable[[click.Context, click.Parameter, str], "list[str]"]


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


class TemplateFolder(click.Path):
    """A folder, or `FOLDER/**` for one with all that is below."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        folder = Path(value)
        if folder.name != BELOW:
            return super().convert(value, param, ctx)
        super().convert(folder.parent, param, ctx)
        return folder


def names_for(function: str, end: str = "") -> Completion:
    """Completes to what this function of `completion` gives, with the end after each."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        from . import completion

        names: list[str] = getattr(completion, function)()
        return [f"{name}{end}" for name in names if name.startswith(incomplete)]

    return complete


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
