"""`miztiik-events outputs`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

import click

from .options import names_for
from .shared_options import Options, shared_options, table_width

MOST_NEAR = 3


@click.command()
@click.argument("name", required=False, metavar="[NAME]", shell_complete=names_for("output_names"))
@shared_options
def command(options: Options, name: str | None) -> None:
    """Show the outputs of all stacks: the names of what was deployed. With NAME, its value alone.

    \b
      miztiik-events outputs
      aws s3 ls "s3://$(miztiik-events outputs FirehoseDataStore)"
    """
    from ..cloudformation import stacks
    from ..errors import NotDeployedError
    from ..text import as_json
    from .views.outputs import shown

    outputs = stacks.project_outputs(options.session.client("cloudformation"), options.project)
    if not outputs:
        raise NotDeployedError("output of a stack", options.project)
    if name is None:
        click.echo(shown(outputs, options.format(), table_width()))
        return
    if name not in outputs:
        raise click.UsageError(f"No output {name!r}. {_near(name, outputs)}")
    form, value = options.format(), outputs[name]
    if form == "table":
        click.echo(value)
    else:
        click.echo(as_json(value) if form == "json" else shown({name: value}, form))


def _near(name: str, outputs: Mapping[str, str]) -> str:
    lower = {known.lower(): known for known in sorted(outputs)}
    near = difflib.get_close_matches(name.lower(), lower, MOST_NEAR)
    near += [known for known in lower if name.lower() in known and known not in near]
    if near:
        return f"Did you mean {', '.join(lower[known] for known in near[:MOST_NEAR])}?"
    return f"There are: {', '.join(sorted(outputs))}"
