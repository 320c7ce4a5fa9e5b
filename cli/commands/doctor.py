"""`miztiik-events doctor`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from . import project_settings
from .deploy_options import overrides_option
from .options import source_options
from .shared_options import Options, shared_options

if TYPE_CHECKING:
    from pathlib import Path

    from ..cloudformation.stacks import Stack
    from ..deploy.project import Draft
    from ..operate.doctor import Needs

PARALLELISM = ("Parallelism", "RecomputationParallelism")
# Beside the consumers: the producer, the heartbeat, the transformer of two delivery streams.
OTHER_CONCURRENCY = 6


@click.command()
@overrides_option
@source_options
@shared_options
def command(
    options: Options,
    overrides: Mapping[str, str],
    templates: Path | None,
    functions: Path | None,
) -> None:
    """Check that account, region and machine are fit for a deploy. Changes nothing.

    \b
      miztiik-events doctor
      miztiik-events doctor -p ShardCount=8

    It looks at credentials, clock, region, quotas and roles, and at Maven and Java when the next
    deploy needs them. What may not be looked at is told with the permission that it takes. Ends
    with 4 when something needs care.
    """
    from ..deploy import project
    from ..deploy.project import Settings, Sources
    from ..errors import UnhealthyError
    from ..operate import doctor
    from ..text import counted
    from .views.doctor import shown

    sources = Sources(templates, functions)
    places = project_settings.places(click.get_current_context(), overrides)
    draft = project.draft(options.project, Settings(overrides, places=places), sources)
    examined = doctor.examine(options.session, draft.name, lambda found: _needs(draft, found))
    findings = list(examined)
    click.echo(shown(findings, options.format(), color=options.color))
    if bad := [finding for finding in findings if finding.needs_care]:
        subjects = ", ".join(finding.subject for finding in bad)
        raise UnhealthyError(f"{counted(len(bad), 'finding')} to take care of: {subjects}")


def _needs(draft: Draft, existing: list[Stack]) -> Needs:
    from ..cloudformation import stacks
    from ..deploy import jar
    from ..operate.doctor import Needs
    from ..pipeline.costs import PARALLELISM_PER_KPU

    project = draft.among(existing)

    def number(name: str) -> int | None:
        value = project.parameter(name)
        return int(value) if value and value.isdecimal() else None

    shards, consumers = number(stacks.SHARDS), number("ConsumerConcurrency")
    own = stacks.outputs_of(project.live.values()).get(stacks.SHARDS, "0")
    subtasks = [count for name in PARALLELISM if (count := number(name) or shards)]
    poms = [project.bundles[name].pom for name in project.new_code]
    return Needs(
        shards=shards,
        new_shards=None if shards is None else max(0, shards - int(own)),
        kpus=-(-max(subtasks) // PARALLELISM_PER_KPU) if subtasks else None,
        concurrency=None if consumers is None else 2 * consumers + OTHER_CONCURRENCY,
        builds_jar=any(pom is not None and not jar.is_built(pom) for pom in poms),
    )
