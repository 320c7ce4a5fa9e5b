"""`miztiik-events validate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .options import Options, shared_options, source_options

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@source_options
@shared_options
def command(options: Options, templates: Path | None, functions: Path | None) -> None:
    """Check the templates: syntax, wiring, and cfn-lint's rules. Calls no AWS.

    \b
      miztiik-events validate

    Ends with 1 when there are findings; each goes to stdout as file:line: rule message.
    """
    from ..cloudformation import lint, template
    from ..deploy import bundle
    from ..deploy.wiring import wire
    from ..errors import TemplateError
    from ..text import as_json

    loaded = template.load_all(templates)
    wire(loaded, bundle.bundles(functions))
    findings = lint.findings(loaded)
    form = options.format(piped="table")
    if form == "json":
        click.echo(as_json([vars(finding) for finding in findings], indent=2))
    for finding in findings if form != "json" else ():
        click.echo(as_json(vars(finding)) if form == "ndjson" else str(finding))
    if findings:
        raise TemplateError(f"{len(findings)} findings in {len(loaded)} templates")
    options.say(f"{len(loaded)} templates are sound.")
