"""`miztiik-events version`, for those who look for it there: the same as --version."""

from __future__ import annotations

import click

from .. import __version__


@click.command(hidden=True)
def command() -> None:
    """Print the version.

    \b
      miztiik-events version
    """
    click.echo(f"miztiik-events, version {__version__}")
