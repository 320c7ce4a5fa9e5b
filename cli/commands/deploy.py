"""`miztiik-events deploy`."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from .deploy_options import deploy_options
from .options import Options, shared_options, source_options, table_width

if TYPE_CHECKING:
    from pathlib import Path

    from ..cloudformation.progress import ProgressEvent
    from ..deploy.deployment import Limits
    from ..deploy.project import Project, Settings


@click.command()
@click.option(
    "--plan",
    "--dry-run",
    "only_plan",
    is_flag=True,
    help="Show what would change, and change nothing.",
)
@click.option("--exit-code", is_flag=True, help="With --plan: end with 3 when something changes.")
@click.option(
    "--drift",
    "looks_for_drift",
    is_flag=True,
    help="First look for resources that were changed outside of CloudFormation; end with 3 if "
    "there are any.",
)
@deploy_options
@source_options
@shared_options
def command(
    options: Options,
    only_plan: bool,
    exit_code: bool,
    looks_for_drift: bool,
    settings: Settings,
    limits: Limits,
    templates: Path | None,
    functions: Path | None,
) -> None:
    """Deploy the stacks in the order of their dependencies, and only what changed.

    \b
      miztiik-events deploy --plan
      miztiik-events deploy
      miztiik-events deploy -p ShardCount=2 -p WindowSeconds=10

    The outputs that matter most go to stdout; with --output json or ndjson, all of them.
    """
    from ..deploy import project
    from ..deploy.project import Sources
    from ..patience import Patience

    if exit_code and not only_plan:
        raise click.UsageError("--exit-code needs --plan")
    draft = project.draft(options.project, settings, Sources(templates, functions))
    with options.insisting(Patience(limits.timeout)):
        present = draft.beside(options.session)
        if looks_for_drift:
            _refuse_drift(options, present, limits)
        _say_caution(options, present)
    if only_plan:
        _plan(options, present, limits, exit_code=exit_code)
    else:
        _refuse_program(options, present, functions)
        _deploy(options, present, limits)


def _say_caution(options: Options, project: Project) -> None:
    from ..analytics import shards
    from ..cloudformation import stacks

    outputs = stacks.outputs_of(project.live.values())
    caution = shards.caution(options.session, outputs, project.parameter(stacks.SHARDS))
    if caution:
        options.say(caution, fg="yellow")


def _refuse_program(options: Options, project: Project, functions: Path | None) -> None:
    """Raise what Flink, where it is installed, has against a program that the stacks lack."""
    from ..deploy.program import programs
    from ..errors import ConfigurationError, ProgramError
    from .planning import refusal

    for program in programs(project.steps, project.bundles, functions):
        if program.code.function in project.new_code:
            with contextlib.suppress(ConfigurationError):
                if found := refusal(options, program):
                    raise ProgramError(found.reason, program.path, found.line, found.column)


def _deploy(options: Options, project: Project, limits: Limits) -> None:
    from ..deploy import deployment
    from .terminal.display import Display
    from .views.ndjson import Records
    from .views.outputs import shown

    form = options.format()
    records, display = Records(is_wanted=form == "ndjson"), Display(options)

    def listen(event: ProgressEvent) -> None:
        records(event)
        display(event)

    with records.of(project), display.shown():
        outputs = deployment.deploy(options.session, project, listen, limits)
        records.outputs(outputs)
    if form == "json":
        click.echo(shown(outputs, form))
    # That nothing changed is one line for a person.
    elif form == "table" and (display.has_changes or options.output):
        if outputs:
            click.echo(shown(_key(outputs), form, table_width()))
        _say_next(options, outputs, is_new=display.has_created)


def _plan(options: Options, project: Project, limits: Limits, *, exit_code: bool) -> None:
    from ..deploy import plan as planning
    from ..errors import DifferenceError
    from .views.plan import shown

    plan = planning.plan(options.session, project, timeout=limits.timeout)
    click.echo(shown(plan, options.format(), color=options.color))
    if exit_code and plan.has_changes:
        raise DifferenceError("The stacks differ from the templates")


def _refuse_drift(options: Options, project: Project, limits: Limits) -> None:
    from ..cloudformation import drift
    from ..errors import DifferenceError
    from ..patience import Patience
    from ..text import counted
    from .views import drift as drift_view

    options.say("Looking for drift in the stacks that exist")
    client = options.session.client("cloudformation")
    drifts = drift.detect(client, project.live.values(), Patience(limits.timeout))
    if drifts:
        click.echo(drift_view.shown(drifts, options.format()))
        raise DifferenceError(
            f"{counted(len(drifts), 'resource')} drifted; nothing was deployed. "
            "Next: undo the changes, or make them in the templates too"
        )


def _say_next(options: Options, outputs: Mapping[str, str], *, is_new: bool) -> None:
    from ..cloudformation import stacks
    from ..text import command, counted

    if len(outputs) > len(_key(outputs)):
        every = counted(len(outputs), "output")
        options.say(f"All {every}: {command('outputs', options.project)}")
    # CloudFormation creates an application stopped.
    waits = is_new and stacks.ANALYTICS in outputs
    options.say(f"Next: {command('start-analytics' if waits else 'status', options.project)}")


def _key(outputs: Mapping[str, str]) -> Mapping[str, str]:
    """Where events go in, what computes, and where results come out; of other templates, all."""
    from ..cloudformation import stacks

    key = (stacks.EVENT_BUS, stacks.ANALYTICS, stacks.DATA_STORE)
    return {name: outputs[name] for name in key if name in outputs} or outputs
