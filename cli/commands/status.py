"""`miztiik-events status`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .options import Options, shared_options

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..stacks import Stack


@click.command()
@shared_options
def command(options: Options) -> None:
    """Show the stacks and the analytics application.

    \b
      miztiik-events status

    Ends with 4 when a stack is in a failed state; that nothing is deployed is no failure.
    """
    from .. import stacks
    from ..errors import UnhealthyError

    everything = stacks.every_live(options.session.client("cloudformation"))
    deployed = stacks.belonging(everything, options.project)
    if not deployed:
        options.say(f"Project {options.project!r} is not deployed. Next: miztiik-events deploy")
    rows = [*_stack_rows(deployed.values()), *_application_rows(options, deployed.values())]
    _show(rows, options.format())
    failed = [f"{stack.name} is {stack.status}" for stack in deployed.values() if stack.has_failed]
    if failed:
        raise UnhealthyError(f"{'; '.join(failed)}. Its events tell why; then: deploy or destroy")


def _stack_rows(deployed: Iterable[Stack]) -> list[dict[str, Any]]:
    return [
        {"kind": "stack", "name": s.name, "status": s.status, "updated": s.updated}
        for s in deployed
    ]


def _application_rows(options: Options, deployed: Iterable[Stack]) -> list[dict[str, Any]]:
    from .. import application

    names = [s.outputs[application.OUTPUT] for s in deployed if application.OUTPUT in s.outputs]
    flink = options.session.client("kinesisanalyticsv2") if names else None
    return [
        {"kind": "application", "name": name, "status": application.status(flink, name)}
        for name in names
        if flink
    ]


def _show(rows: list[dict[str, Any]], form: str) -> None:
    from ..output import as_json, as_table

    if form == "json":
        click.echo(as_json(rows, indent=2))
    elif form == "ndjson":
        for row in rows:
            click.echo(as_json(row))
    elif rows:
        shown = [{**row, "updated": _time(row)} for row in rows]
        headings = {"name": "Name", "status": "Status", "updated": "Last update (UTC)"}
        click.echo(as_table(shown, headings))


def _time(row: dict[str, Any]) -> str:
    return f"{row['updated']:%Y-%m-%d %H:%M:%S}" if "updated" in row else ""
