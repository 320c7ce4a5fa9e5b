"""`miztiik-events status`."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import click

from . import project_settings
from .options import FOLDER
from .shared_options import Options, shared_options, table_width
from .terminal import ending

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_cloudformation import CloudFormationClient

    from ..operate.health import Health
    from ..session import Clients

DRIFT_SECONDS = 600.0


@click.command()
@click.option("--watch", "-w", "watches", is_flag=True, help="Refresh until Ctrl-C.")
@click.option("--why", is_flag=True, help="Explain each failure: its cause, and what to do next.")
@click.option(
    "--drift",
    "looks_for_drift",
    is_flag=True,
    help="Look for resources changed outside CloudFormation; end with 3 if there are any.",
)
@click.option(
    "--templates",
    type=FOLDER,
    metavar="DIR",
    help="With --why: where the templates are.  [default: those of this package]",
)
@shared_options
def command(
    options: Options, watches: bool, why: bool, looks_for_drift: bool, templates: Path | None
) -> None:
    """Show the state of the system: stacks, analytics, stream, delivery, queues, alarms, cost.

    \b
      miztiik-events status
      miztiik-events status --watch
      miztiik-events status --why

    Ends with 4 when something needs attention: a stack or the application has failed, the stream
    has more or fewer shards than the application has subtasks, there are dead letters or failed
    calls, or an alarm is in ALARM. A project that is not deployed is not a failure.
    """
    from ..patience import Patience
    from ..session import Clients
    from .terminal.watch import watch

    if watches + why + looks_for_drift > 1:
        raise click.UsageError("--watch, --why and --drift exclude each other")
    if (
        templates
        and not why
        and not project_settings.gives(click.get_current_context(), "templates")
    ):
        raise click.UsageError("--templates needs --why")
    if why:
        _explain(options, templates)
    elif looks_for_drift:
        _tell_drift(options)
    elif watches:
        with options.insisting(Patience(math.inf)):
            clients = Clients.of(options.session)
        with ending.endless():
            watch(options, clients)
    else:
        _show(options, Clients.of(options.session))


def _show(options: Options, clients: Clients) -> None:
    from ..errors import UnhealthyError
    from ..operate.inspection import inspect
    from ..text import command as typed
    from .views.status import as_text

    health = inspect(clients, options.project)
    form = options.format()
    if not health.stacks:
        next_step = typed("deploy", options.project)
        where = options.whereabouts
        options.say(f"Project {options.project!r} is not deployed in {where}. Next: {next_step}")
    if health.stacks or form != "table":
        click.echo(as_text(health, form, color=options.color, width=table_width()))
    if health.problems:
        words = way_out(health, clients.cloudformation)
        next_step = typed(words, options.project) if words else ""
        if health.mismatch and len(health.problems) == 1:
            next_step = health.mismatch.next_step
        way = f". Next: {next_step}" if next_step else ""
        raise UnhealthyError(f"{'; '.join(health.problems)}{way}")


def way_out(health: Health, cloudformation: CloudFormationClient) -> str:
    """The command that tells more; empty where none does."""
    if _is_explained(health):
        return "status --why"
    if health.queues and any(health.queues.dead_letters.values()):
        return "redrive"
    if _may_log(health, cloudformation):
        return "logs"
    # The AWS on this machine has no console.
    return "open console" if health.outputs and not health.is_local else ""


def _may_log(health: Health, cloudformation: CloudFormationClient) -> bool:
    """Whether there is a log group to read, or none may be looked for."""
    from ..operate import inspection, logs

    look = partial(logs.log_groups, cloudformation, health.project)
    return inspection.allowed(look, "logs", {}) != {}


def _is_explained(health: Health) -> bool:
    """Whether --why has something to say about it."""
    applications = (health.application, health.recomputation)
    has_failed = any(application and application.problem for application in applications)
    return has_failed or any(stack.has_failed for stack in health.stacks)


def _explain(options: Options, templates: Path | None) -> None:
    from ..errors import UnhealthyError
    from ..operate import diagnosis
    from .views.failures import shown

    failures = diagnosis.of_project(options.session, options.project, templates)
    form = options.format()
    if failures or form == "json":
        click.echo(shown(failures, form, color=options.color))
    if not failures:
        options.say("No stack and no application has failed.")
    left = [failure.subject for failure in failures if not failure.is_over]
    if left:
        raise UnhealthyError(f"Needs attention: {', '.join(left)}")


def _tell_drift(options: Options) -> None:
    from ..cloudformation import drift, stacks
    from ..errors import DifferenceError
    from ..patience import Patience
    from ..text import counted
    from .views import drift as drift_view

    client = options.session.client("cloudformation")
    deployed = stacks.of_project(client, options.project).values()
    # CloudFormation does not look at a stack before its operation has ended.
    settled = [stack for stack in deployed if not stack.is_busy and not stack.is_shell]
    drifted = drift.detect(client, settled, Patience(DRIFT_SECONDS))
    form = options.format()
    if drifted or form == "json":
        click.echo(drift_view.shown(drifted, form))
    if drifted:
        raise DifferenceError(f"{counted(len(drifted), 'resource')} changed outside CloudFormation")
    options.say(f"No drift in {counted(len(settled), 'stack')}.")
