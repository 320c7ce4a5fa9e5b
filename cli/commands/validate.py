"""`miztiik-events validate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .options import Options, shared_options, source_options

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..cloudformation.lint import Finding


@click.command()
@source_options
@shared_options
def command(options: Options, templates: Path | None, functions: Path | None) -> None:
    """Check the templates: syntax, wiring, and cfn-lint's rules. Does not call AWS.

    \b
      miztiik-events validate

    Ends with 1 when there are findings; each goes to stdout as file:line: rule message.
    """
    from ..cloudformation import lint, template
    from ..deploy import bundle
    from ..deploy.wiring import wire
    from ..errors import TemplateError
    from ..text import counted

    loaded = template.load_all(templates)
    wire(loaded, bundle.bundles(functions))
    findings = lint.findings(loaded)
    if shown := _shown(findings, options.format()):
        click.echo(shown)
    count = counted(len(loaded), "template")
    if findings:
        raise TemplateError(f"{counted(len(findings), 'finding')} in {count}")
    options.say(f"No findings in {count}.")


def _shown(findings: Sequence[Finding], form: str) -> str:
    from ..text import written

    if form == "table":
        return "\n".join(str(finding) for finding in findings)
    return written([vars(finding) for finding in findings], form)
