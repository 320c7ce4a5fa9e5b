"""`miztiik-events package`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from . import project_settings
from .deploy_options import overrides_option
from .options import source_options
from .remarks import say_passed_over, say_remarks
from .shared_options import Options, shared_options


@click.command()
@click.option(
    "--output-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default="dist/package",
    show_default=True,
    metavar="DIR",
    help="Where to write; created if it does not exist.",
)
@overrides_option
@source_options
@shared_options
def command(
    options: Options,
    output_dir: Path,
    overrides: Mapping[str, str],
    templates: Path | None,
    functions: Path | None,
) -> None:
    """Write what a pipeline or another tool needs to deploy the same system. Does not call AWS.

    \b
      miztiik-events package --output-dir dist/package
      dist/package/deploy.sh              (with the AWS CLI alone)

    The same source gives the same files everywhere: each function's zip, whose path in DIR is its
    key in S3; each stack's template, and a file of parameters and tags that CodePipeline takes, and
    `aws cloudformation deploy --parameter-overrides file://` of the AWS CLI 2; and a script of the
    commands in order, which shows which parameters come from which stack's outputs.
    """
    from .. import files
    from ..cloudformation import template_folder
    from ..deploy import bundle, package, uploads, values
    from ..deploy.wiring import wire
    from ..text import as_json, size

    known, found = bundle.names(functions), template_folder.read(templates)
    say_passed_over(options, found.passed_over)
    places = project_settings.places(click.get_current_context(), overrides)
    given = values.given(found.templates, overrides, places)
    steps = wire(found.templates, known, given, options.project)
    bundles = bundle.bundles(functions, steps)
    say_remarks(options, [*bundles.values(), *uploads.bundles(found.templates)])
    for name in known:
        if name not in bundles:
            options.say(f"functions/{name} is not packaged: no template takes its code")
    with files.writing(output_dir, "give another --output-dir"):
        written = package.write(output_dir, options.project, steps, bundles)
    for code in bundles.values():
        options.say(f"{code.place}: {size((output_dir / code.key).stat().st_size)}")
    form = options.format()
    if form == "json":
        click.echo(as_json([str(path) for path in written], indent=2))
    for path in written if form != "json" else ():
        click.echo(as_json({"path": str(path)}) if form == "ndjson" else str(path))
