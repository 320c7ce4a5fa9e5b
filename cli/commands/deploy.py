"""`miztiik-events deploy`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from .options import Options, shared_options
from .sources import source_options

if TYPE_CHECKING:
    from pathlib import Path


def _pairs(
    context: click.Context, parameter: click.Parameter, values: Sequence[str]
) -> dict[str, str]:
    wrong = [value for value in values if not value.partition("=")[0] or "=" not in value]
    if wrong:
        raise click.BadParameter(f"{wrong[0]!r} is not NAME=VALUE")
    return dict(value.split("=", 1) for value in values)


@click.command()
@click.option(
    "--parameter-overrides",
    "-p",
    "overrides",
    multiple=True,
    callback=_pairs,
    metavar="NAME=VALUE",
    help="A value for the parameter of this name in every template that has it; may be repeated. "
    "Later deploys keep it.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 32),
    default=8,
    show_default=True,
    metavar="N",
    help="How many stacks to work on at once.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=3600,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait; what is under way in AWS goes on.",
)
@source_options
@shared_options
def command(
    options: Options,
    overrides: dict[str, str],
    jobs: int,
    timeout: float,
    templates: Path | None,
    functions: Path | None,
) -> None:
    """Deploy the stacks: in the order of their needs, only what changed.

    \b
      miztiik-events deploy
      miztiik-events deploy -p ShardCount=4 -p WindowSeconds=10

    The stacks' outputs go to stdout.
    """
    from .. import deployment
    from .progress import Progress

    with Progress(options) as progress:
        outputs = deployment.deploy(
            options.session,
            options.project,
            overrides,
            progress,
            jobs=jobs,
            timeout=timeout,
            templates=templates,
            functions=functions,
        )
    click.echo(_shown(outputs, options.format()))


def _shown(outputs: Mapping[str, str], form: str) -> str:
    from ..output import as_json, as_table

    if form == "json":
        return as_json(outputs, indent=2)
    if form == "ndjson":
        return as_json({"type": "outputs", "outputs": outputs})
    rows = [{"output": name, "value": value} for name, value in sorted(outputs.items())]
    return as_table(rows, {"output": "Output", "value": "Value"})
