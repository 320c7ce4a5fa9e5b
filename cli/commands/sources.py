"""The options of the commands that read templates and functions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)

_SOURCES = (
    click.option(
        "--templates",
        type=FOLDER,
        metavar="DIR",
        help="Folder of templates, one stack each.  [default: those of this package]",
    ),
    click.option(
        "--functions",
        type=FOLDER,
        metavar="DIR",
        help="Folder with a folder for each function.  [default: those of this package]",
    ),
)


def source_options(command: Command) -> Command:
    """Give a command the arguments `templates` and `functions`, each a folder or None."""
    decorated: Any = command
    for option in reversed(_SOURCES):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]
