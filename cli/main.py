"""The `miztiik-events` program: lazy commands, and the one place where errors become exit codes."""

from __future__ import annotations

import contextlib
import gc
import importlib
import re
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TextIO, cast

import click

from . import __version__
from .commands import shared_options, suggestions
from .commands.terminal import ending, streams
from .errors import ConfigurationError, MiztiikError

COMMANDS = (
    "demo",
    "init",
    "doctor",
    "deploy",
    "outputs",
    "start-analytics",
    "produce",
    "results",
    "dashboard",
    "verify",
    "query",
    "status",
    "open",
    "logs",
    "redrive",
    "stop-analytics",
    "destroy",
    "package",
    "validate",
    "graph",
    "local",
    "completion",
)
# What other programs have, too; --help and --version are the ones that help tells of.
HABITS = ("help", "version")
OBJECTS_BETWEEN_COLLECTIONS = 100_000


class LazyGroup(suggestions.SuggestingGroup):
    """A group that imports a command's module only when that command is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in (*COMMANDS, *HABITS):
            return None
        module = importlib.import_module(f".commands.{cmd_name.replace('-', '_')}", __package__)
        command: click.Command = module.command
        shared_options.assign_variables(command, cmd_name)
        return command


@click.group(
    cls=LazyGroup,
    context_settings={
        "help_option_names": ["--help", "-h"],
        "auto_envvar_prefix": shared_options.PREFIX,
        "max_content_width": 100,
    },
)
@shared_options.options_before
@click.version_option(__version__, "--version", "-V", prog_name="miztiik-events")
def cli() -> None:
    """Event-driven sales analytics on AWS, from raw CloudFormation templates.

    To try it, with no account and no Docker:

    \b
      miztiik-events demo

    On AWS:

    \b
      miztiik-events deploy
      miztiik-events start-analytics
      miztiik-events produce --stores 5
      miztiik-events results

    The options that every command has, such as --region, may stand before the command, too.

    Options can also be set by environment variables: for every command, such as
    MIZTIIK_EVENTS_PROJECT, or for one, such as MIZTIIK_EVENTS_DEPLOY_JOBS.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit code (DESIGN: 0 done, 1 failed, 2 usage,
    3 difference, 4 unhealthy, 5 configuration, 124 time-out, 130 cancelled)."""
    context: dict[str, Any] = {}
    streams.prepare()
    ending.prepare()
    # A week of results is a million objects, and to look through them for cycles again and again
    # takes a fifth of the command.
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    sys.stdout = stdout = cast(Any, _Stdout(sys.stdout))
    try:
        sys.exit(cli.main(arguments, standalone_mode=False, obj=context))
    except click.ClickException as error:
        error = suggestions.with_likely_options(error)
        error.show()
        stdout.tell(context, error.format_message(), error.exit_code)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt) as error:
        text, exit_code = ending.reason(error)
        with contextlib.suppress(OSError):
            click.echo(f"\n{text}.", err=True)
            stdout.tell(context, text, exit_code)
        ending.leave(exit_code)
    except SystemExit:
        # Click ends with 1 when the reader (head, less) has what it wanted, and has stdout wrapped
        # by a class of its own. It is no failure.
        if type(sys.stdout).__name__.endswith("PacifyFlushWrapper"):
            sys.exit(0)
        raise
    except Exception as error:
        wants_traceback = context.get("debug") or "--debug" in (arguments or sys.argv)
        ours = _report(error, debug=bool(wants_traceback))
        stdout.tell(context, ours)
        sys.exit(ours.exit_code)
    finally:
        sys.stdout = stdout.stream


class _Stdout:
    """stdout, which knows whether anything was written to it."""

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.is_used = stream, False

    def write(self, text: str) -> int:
        self.is_used = self.is_used or bool(text)
        return self.stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def tell(
        self, context: Mapping[str, Any], error: str | MiztiikError, exit_code: int = 1
    ) -> None:
        """With --output json, print the error as the object that a program waits for."""
        if (context.get("form") == "json" or _asks_for_json()) and not self.is_used:
            from .commands.views.ndjson import error_fields
            from .text import as_json

            fields = {"message": error, "exit_code": exit_code}
            if isinstance(error, MiztiikError):
                fields = error_fields(error)
            click.echo(as_json({"error": fields}, indent=2))


def _asks_for_json() -> bool:
    """Whether the command line does, for errors that come before its options are read."""
    asked = r"(^|\s)(--json|(--output|-o)[ =]?json)(\s|$)"
    return re.search(asked, " ".join(sys.argv[1:])) is not None


def _report(error: Exception, *, debug: bool) -> MiztiikError:
    from .text import printable

    if debug:
        traceback.print_exc()
    ours = error if isinstance(error, MiztiikError) else _translated(error)
    texts = [*(f"Also failed: {text}" for text in _other_failures(ours)), f"Error: {ours}"]
    # They may tell what somebody else has written, such as a name in AWS.
    lines = [printable(line.expandtabs()) for text in texts for line in text.splitlines()]
    with contextlib.suppress(OSError):
        click.echo("\n".join(lines), err=True)
    return ours


def _other_failures(error: MiztiikError) -> Iterator[str]:
    """What else failed and why, each reason once; the next step is that of the first failure."""
    seen = {str(error)}
    for other in error.others:
        ours = other if isinstance(other, MiztiikError) else _translated(other)
        if str(ours) not in seen:
            seen.add(str(ours))
            yield str(ours).partition("\n  Next: ")[0]


def _is_of_botocore(error: Exception) -> bool:
    # It raises a bare ValueError for an address that is none.
    is_endpoint = isinstance(error, ValueError) and str(error).startswith("Invalid endpoint: ")
    if is_endpoint or type(error).__module__.startswith(("botocore", "boto3", "s3transfer")):
        return True
    from .aws_errors import is_of_credentials

    return is_of_credentials(error)


def _translated(error: Exception) -> MiztiikError:
    # botocore is imported already when one of its errors is on its way.
    if _is_of_botocore(error):
        from .aws_errors import translate

        return translate(error)
    if isinstance(error, EOFError):
        return ConfigurationError(
            "There is no terminal to ask on, as for the code of an MFA device. Run it on one, or "
            "first `aws sts get-caller-identity`: what it asks for is good for an hour"
        )
    if isinstance(error, OSError):
        from . import files

        return files.translate(error)
    return MiztiikError(
        f"{type(error).__name__}: {error}. This is a defect; --debug shows where. Please report it"
    )
