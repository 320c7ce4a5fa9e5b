"""`miztiik-events package`."""

from __future__ import annotations

from pathlib import Path

import click

from .options import Options, shared_options
from .sources import source_options


@click.command()
@click.option(
    "--output-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default="dist/package",
    show_default=True,
    metavar="DIR",
    help="Where to write; made when it is not there.",
)
@source_options
@shared_options
def command(
    options: Options, output_dir: Path, templates: Path | None, functions: Path | None
) -> None:
    """Write the functions' zips and a parameters file for each stack. Calls no AWS.

    \b
      miztiik-events package --output-dir dist/package

    The same source gives the same files everywhere. A zip's path in DIR is its key in S3; each
    parameters file is one that `aws cloudformation deploy --parameter-overrides file://` and
    CodePipeline take.
    """
    from .. import bundle, package, template
    from ..output import as_json
    from ..wiring import wire

    bundles = bundle.bundles(functions)
    steps = wire(template.load_all(templates), bundles)
    written = package.write(output_dir, options.project, steps, bundles)
    form = options.format(piped="table")
    if form == "json":
        click.echo(as_json([str(path) for path in written], indent=2))
    for path in written if form != "json" else ():
        click.echo(as_json({"path": str(path)}) if form == "ndjson" else str(path))
