"""`miztiik-events deploy`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from .deploy_options import deploy_options
from .options import source_options, yes_option
from .remarks import say_passed_over, say_remarks
from .shared_options import Options, shared_options, table_width

if TYPE_CHECKING:
    from pathlib import Path

    from ..cloudformation.progress import ProgressEvent
    from ..deploy.deployment import Limits
    from ..deploy.project import Draft, Project, Settings


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
@click.option(
    "--prune",
    "prunes",
    is_flag=True,
    help="Then delete the project's stacks that have no template any more; asks first.",
)
@click.option(
    "--with-data",
    is_flag=True,
    help="With --prune: delete also those that hold data.",
)
@click.option(
    "--take-over",
    "takes_over",
    is_flag=True,
    help="Deploy also when the project's stacks came from other templates, or are another's.",
)
@click.option(
    "--confirm/--no-confirm",
    "confirms",
    default=None,
    help="Show the plan and ask.  [default: on a terminal, when something is replaced or removed]",
)
@yes_option
@deploy_options
@source_options
@shared_options
def command(
    options: Options,
    only_plan: bool,
    exit_code: bool,
    looks_for_drift: bool,
    prunes: bool,
    with_data: bool,
    takes_over: bool,
    confirms: bool | None,
    yes: bool,
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
      miztiik-events deploy warehouse      (and the stacks that it needs)

    The outputs that matter most go to stdout; with --output json or ndjson, all of them.
    """
    from ..deploy import project
    from ..deploy.project import Sources
    from . import pruning

    if exit_code and not only_plan:
        raise click.UsageError("--exit-code needs --plan")
    _refuse_pruning(settings, prunes=prunes, with_data=with_data)
    draft = project.draft(options.project, settings, Sources(templates, functions))
    present = _present(
        options, draft, limits, takes_over=takes_over, looks_for_drift=looks_for_drift
    )
    if only_plan:
        _plan(options, present, limits, exit_code=exit_code, prunes=prunes)
        return
    _refuse_program(options, present, functions)
    if prunes and present.gone:
        pruning.agree(options, present.gone, with_data=with_data, yes=yes)
    elif present.gone and not present.rest:
        pruning.name(options, present.gone)
    if not yes and confirms is not False:
        _confirm(options, present, limits, is_asked_for=bool(confirms))
    _deploy(options, present, limits)
    if prunes and present.gone:
        pruning.prune(
            options,
            present.gone,
            with_data=with_data,
            timeout=limits.timeout,
            role_arn=settings.role_arn,
        )


def _refuse_pruning(settings: Settings, *, prunes: bool, with_data: bool) -> None:
    """Raise UsageError for what cannot go with --prune, or not without."""
    if with_data and not prunes:
        raise click.UsageError("--with-data needs --prune")
    if prunes and settings.chosen:
        raise click.UsageError("--prune is for a whole project; leave out the names of stacks")
    if prunes and not settings.waits:
        raise click.UsageError("--prune comes after the deploy; leave out --no-wait")


def _present(
    options: Options, draft: Draft, limits: Limits, *, takes_over: bool, looks_for_drift: bool
) -> Project:
    """The project beside what is deployed of it, with what there is to say before anything else.

    Raises where it may not be deployed: it is another's, or has drifted and that was asked.
    """
    from ..deploy import uploads
    from ..patience import Patience

    _say_place(options)
    say_passed_over(options, draft.passed_over)
    with options.insisting(Patience(limits.timeout)):
        present = draft.beside(options.session)
        if not takes_over:
            present.refuse_foreign()
        if looks_for_drift:
            _refuse_drift(options, present, limits)
        _say_caution(options, present)
    local = uploads.bundles(step.template for step in present.steps)
    say_remarks(options, [*(present.bundles[name] for name in present.new_code), *local])
    return present


def _say_caution(options: Options, project: Project) -> None:
    from ..analytics import shards
    from ..cloudformation import stacks

    outputs = stacks.outputs_of(project.live.values())
    caution = shards.caution(options.session, outputs, project.parameter(stacks.SHARDS))
    if caution:
        options.say(caution, fg="yellow")


def _say_place(options: Options) -> None:
    """Tell a person where it goes, and where the settings come from that nobody typed."""
    from ..session import is_local
    from . import project_settings
    from .terminal import live

    file = project_settings.of(click.get_current_context())
    if not (file or live.is_possible()):
        return
    settings = f", by {file.path}" if file else ""
    settings += f", environment {file.environment}" if file and file.environment else ""
    here = is_local(options.session.client("cloudformation"))
    local = " (the AWS on this machine)" if here else ""
    options.say(f"Project {options.project} in {options.session.region_name}{settings}{local}")


def _confirm(options: Options, project: Project, limits: Limits, *, is_asked_for: bool) -> None:
    """Show the plan and ask, when that is asked for, or when something would be lost."""
    from ..cloudformation.progress import line
    from ..deploy import plan as planning
    from .views.plan import shown

    if not sys.stdin.isatty():
        if is_asked_for:
            raise click.UsageError(
                "There is no terminal to ask on. Leave out --confirm, or add --yes"
            )
        return
    unplanned = [stack for stack in project.live.values() if not stack.can_be_planned]
    if not is_asked_for and unplanned:
        states = ", ".join(f"{stack.name} is {stack.status}" for stack in unplanned)
        options.say(f"Not known whether something would be replaced: {states}")
        return
    if not is_asked_for and not project.live:
        return
    plan = planning.plan(
        options.session, project, lambda event: options.say(line(event)), limits.timeout
    )
    if plan.takes_something or (is_asked_for and plan.has_changes):
        click.echo(shown(plan, "table", color=options.color), err=True)
        click.confirm("\nDeploy this?", abort=True, err=True)


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
    records = Records(is_wanted=form == "ndjson")
    display = Display(options, len(project.steps))

    def listen(event: ProgressEvent) -> None:
        records(event)
        display(event)

    with records.of(project), display.shown():
        outputs = deployment.deploy(options.session, project, listen, limits)
        records.outputs(outputs)
    if form == "json":
        click.echo(shown(outputs, form))
    elif not project.settings.waits:
        _say_unfinished(options, is_rest=display.has_put_off)
    # That nothing changed is one line for a person.
    elif form == "table" and (display.has_changes or options.output):
        if outputs:
            click.echo(shown(_key(outputs), form, table_width()))
        _say_next(options, outputs, is_new=display.has_created)


def _plan(
    options: Options, project: Project, limits: Limits, *, exit_code: bool, prunes: bool
) -> None:
    from ..deploy import plan as planning
    from ..errors import DifferenceError
    from .views.plan import shown

    plan = planning.plan(options.session, project, timeout=limits.timeout, prunes=prunes)
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


def _say_unfinished(options: Options, *, is_rest: bool) -> None:
    from ..text import command

    options.say(f"AWS goes on. To watch it: {command('status --watch', options.project)}")
    if is_rest:
        options.say(f"Next, when it is done: {command('deploy', options.project)}")


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
