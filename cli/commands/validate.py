"""`miztiik-events validate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import project_settings
from .options import source_options
from .remarks import say_passed_over, say_remarks
from .shared_options import Options, shared_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..cloudformation.lint import Finding
    from ..cloudformation.template import Template
    from ..deploy.program import Program


@click.command()
@click.option(
    "--guard",
    "rules",
    type=click.Path(exists=True, path_type=Path),
    metavar="RULES",
    help="Check with cfn-guard, too, by the rules of this file or folder.",
)
@source_options
@shared_options
def command(
    options: Options, rules: Path | None, templates: Path | None, functions: Path | None
) -> None:
    """Check templates and programs: syntax, wiring, cfn-lint's rules, Flink's plan. Calls no AWS.

    \b
      miztiik-events validate
      miztiik-events validate --guard rules/

    A program is planned where Flink is installed. Ends with 1 when there are findings; each goes to
    stdout as file:line: rule message.
    """
    from ..cloudformation import guard, lint, template_folder
    from ..deploy import bundle, uploads
    from ..deploy.program import programs
    from ..deploy.wiring import wire
    from ..errors import TemplateError
    from ..text import counted

    found = template_folder.read(templates)
    say_passed_over(options, found.passed_over)
    loaded = found.templates
    given = project_settings.values(click.get_current_context(), loaded)
    steps = wire(loaded, bundle.names(functions), given, options.project)
    bundles = bundle.bundles(functions, steps)
    there = [one for one in loaded if not any(uploads.missing(one))]
    say_remarks(options, [*bundles.values(), *uploads.bundles(there)])
    findings = [*lint.findings(loaded), *_lost(loaded)]
    if rules:
        findings += guard.findings(loaded, rules)
    findings += _refusals(options, programs(steps, bundles, functions))
    if shown := _shown(findings, options.format()):
        click.echo(shown)
    count = counted(len(loaded), "template")
    if findings:
        raise TemplateError(f"{counted(len(findings), 'finding')} in {count}")
    options.say(f"No findings in {count}.")


def _lost(templates: Sequence[Template]) -> list[Finding]:
    """The paths in templates at which there is nothing: a deploy has to upload what is there."""
    from ..cloudformation.lint import Finding
    from ..deploy import uploads

    return [
        Finding(one.path, path.line, "path", f"there is no {path.path} beside the template")
        for one in templates
        for path in uploads.missing(one)
    ]


def _refusals(options: Options, programs: Sequence[Program]) -> list[Finding]:
    from ..cloudformation.lint import Finding
    from ..errors import ConfigurationError
    from .planning import refusal

    findings = []
    for program in programs:
        try:
            if found := refusal(options, program):
                column = f" (column {found.column})" if found.column else ""
                message = f"{found.reason}{column}"
                findings.append(Finding(program.path, found.line or 1, "Flink", message))
        except ConfigurationError as error:
            options.say(f"{program.path} was not planned: {error}")
    return findings


def _shown(findings: Sequence[Finding], form: str) -> str:
    from ..text import written

    if form == "table":
        return "\n".join(str(finding) for finding in findings)
    return written([vars(finding) for finding in findings], form)
