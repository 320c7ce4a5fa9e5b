"""`miztiik-events graph`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import project_settings
from .options import source_options
from .shared_options import Options, shared_options_with_pictures

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@source_options
@shared_options_with_pictures
def command(options: Options, templates: Path | None, functions: Path | None) -> None:
    """Show the stacks in the order of deployment, and what each takes from which. Calls no AWS.

    \b
      miztiik-events graph
      miztiik-events graph --output svg > stacks.svg
    """
    from ..cloudformation import template_folder
    from ..deploy import bundle
    from ..deploy.wiring import wire
    from .views.graph import shown

    loaded = template_folder.load_all(templates)
    given = project_settings.values(click.get_current_context(), loaded)
    steps = wire(loaded, bundle.bundles(functions), given, options.project)
    click.echo(shown(steps, options.format(), options.project))
