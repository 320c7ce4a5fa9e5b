"""`miztiik-events local start|stop|status|env`."""

from __future__ import annotations

import contextlib
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .shared_options import Options, shared_options
from .suggestions import SuggestingGroup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..local.folder import Folder
    from ..local.launch import LocalAws

DASHBOARD = "dashboard"


@click.group(cls=SuggestingGroup)
def command() -> None:
    """An AWS on this machine: no account, no Docker.

    Its state is in .miztiik-events/ of the current folder; each folder can have one of its own.

    \b
      eval "$(miztiik-events local start)"
      miztiik-events deploy
      miztiik-events local stop
    """


@command.command()
@shared_options
def start(options: Options) -> None:
    """Start it, and print the variables that make AWS clients use it.

    \b
      eval "$(miztiik-events local start)"

    Returns when it is ready. One that is already running is left as it is.
    """
    from ..local import launch

    running, is_new = launch.start(folder())
    state = "Running" if is_new else "Already running"
    options.say(f"{state}: {running.endpoint}. To stop it: miztiik-events local stop")
    # A new one has none, and may be gone already: another terminal can stop it.
    rows = [] if is_new else _rows(running)
    dashboards = [row["name"] for row in rows if row["kind"] == DASHBOARD]
    for address in dashboards or ["miztiik-events open flink, once the analytics runs"]:
        options.say(f"Flink's dashboard: {address}")
    _print_exports(running, options)


@command.command()
@shared_options
def stop(options: Options) -> None:
    """Stop it, with everything that it started, and remove its state.

    \b
      miztiik-events local stop
    """
    from ..local import launch

    was_running = launch.stop(folder())
    options.say("Stopped; nothing is left of it." if was_running else "Nothing is running here.")


@command.command()
@shared_options
def env(options: Options) -> None:
    """Print the variables that make AWS clients use it.

    \b
      eval "$(miztiik-events local env)"
    """
    from ..errors import MiztiikError
    from ..local import launch

    running = launch.running(folder())
    if not running:
        raise MiztiikError(
            "No AWS is running on this machine for this folder. "
            "Run first: miztiik-events local start"
        )
    _print_exports(running, options)


@command.command()
@shared_options
def status(options: Options) -> None:
    """Show whether it is running, its applications and their Flink processes.

    \b
      miztiik-events local status
    """
    from ..local import launch

    running = launch.running(folder())
    if not running:
        options.say("No AWS is running on this machine for this folder.")
    _show(list(_rows(running)) if running else [], options.format())


def folder() -> Folder:
    from ..local import launch
    from ..local.folder import Folder

    return Folder(Path.cwd() / launch.FOLDER_NAME)


def _print_exports(running: LocalAws, options: Options) -> None:
    from ..local import variables

    click.echo(f"unset {' '.join(variables.to_unset())}")
    for name, value in variables.for_clients(running.address.port, options.region).items():
        click.echo(f"export {name}={shlex.quote(value)}")


def _rows(running: LocalAws) -> Iterator[dict[str, Any]]:
    from ..analytics.application import dashboard
    from ..errors import ApplicationError
    from ..local.flink import processes
    from ..session import connect

    yield {
        "kind": "server",
        "name": running.endpoint,
        "state": "running",
        "pid": running.address.pid,
    }
    with running.in_effect(), _told_when_ended(running):
        flink = connect().client("kinesisanalyticsv2")
        for application in flink.list_applications()["ApplicationSummaries"]:
            state = application["ApplicationStatus"]
            name = application["ApplicationName"]
            yield {"kind": "application", "name": name, "state": state}
            # It may end between the two questions.
            with contextlib.suppress(ApplicationError):
                yield {"kind": DASHBOARD, "name": dashboard(flink, name), "state": "running"}
    for process in processes.alive(running.folder.flink):
        yield {"kind": process.kind, "name": "Flink", "state": "running", "pid": process.pid}


@contextlib.contextmanager
def _told_when_ended(running: LocalAws) -> Iterator[None]:
    """Another terminal can stop it while it is asked, and start the next one at once."""
    from botocore.exceptions import BotoCoreError

    from ..errors import MiztiikError
    from ..local import launch

    try:
        yield
    except BotoCoreError:
        present = launch.running(running.folder)
        if present and present.address == running.address:
            raise
        raise MiztiikError(
            "The AWS on this machine was ended meanwhile. To start it again: "
            "miztiik-events local start"
        ) from None


def _show(rows: list[dict[str, Any]], form: str) -> None:
    from ..text import as_json, as_table

    if form == "json":
        click.echo(as_json(rows, indent=2))
    elif form == "ndjson":
        for row in rows:
            click.echo(as_json(row))
    elif rows:
        headings = {"kind": "Kind", "name": "Name", "state": "State", "pid": "Process"}
        click.echo(as_table([{**row, "pid": str(row.get("pid", ""))} for row in rows], headings))
