"""`miztiik-events init`."""

from __future__ import annotations

import re
from pathlib import Path
from shlex import quote

import click

from .shared_options import LONGEST_PROJECT, PROJECT_PATTERN, Options, shared_options

# So that a project and one of its environments, such as name-prod, both have room.
LONGEST_NAME = LONGEST_PROJECT - 5


@click.command()
@click.argument(
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    metavar="[DIR]",
)
@shared_options
def command(options: Options, folder: Path) -> None:
    """Write a project to begin with: a template, a function, its test, and the project's file.

    \b
      miztiik-events init shop
      cd shop
      python3 -m unittest discover tests
      miztiik-events deploy

    DIR is created if it does not exist; nothing in it is overwritten. The project gets the name of
    the folder, or that of --project.
    """
    from .. import files
    from ..deploy import starter

    with files.writing(folder, "give another folder"):
        written = starter.write(folder, _name(options, folder))
    for path in written:
        click.echo(str(path))
    where = "" if folder == Path() else f"cd {quote(str(folder))}; "
    options.say(f"Next: {where}miztiik-events validate, then miztiik-events deploy")


def _name(options: Options, folder: Path) -> str:
    """--project, or what of the folder's name a project may have."""
    if options.project != Options.project:
        return options.project
    name = re.sub(r"[^A-Za-z0-9]+", "-", folder.resolve().name).strip("-")
    name = re.sub(r"^[^A-Za-z]+", "", name)[:LONGEST_NAME].rstrip("-")
    return name if re.fullmatch(PROJECT_PATTERN, name) else "my-project"
