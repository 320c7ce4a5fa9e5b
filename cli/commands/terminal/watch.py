"""Watching a project: refreshed in place on a terminal, else what changes, as it changes."""

from __future__ import annotations

import shutil
import sys
import threading
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import click

from ..views.status import as_text, folded, lines

if TYPE_CHECKING:
    from ...operate.health import Health
    from ...session import Clients
    from ..shared_options import Options

POLL_SECONDS = 3.0


def watch(options: Options, clients: Clients) -> None:
    """Show how it is, again and again, until Ctrl-C."""
    from ...operate.inspection import inspect

    screen = _Screen(options)
    pause = threading.Event()
    while True:
        screen.show(inspect(clients, options.project))
        pause.wait(POLL_SECONDS)


@dataclass
class _Screen:
    """What stands on the terminal already, or was told last."""

    options: Options
    _height: int = 0
    _state: Any = None

    def show(self, health: Health) -> None:
        is_news, self._state = health.state != self._state, health.state
        form = self.options.format()
        if form == "table" and sys.stdout.isatty():
            self._refresh(health)
        elif is_news:
            click.echo(as_text(health, form, color=False))

    def _refresh(self, health: Health) -> None:
        """Write over what stands there; a line that the terminal wraps would be counted wrongly."""
        columns, rows = shutil.get_terminal_size()
        now = datetime.now(timezone.utc)
        fitting = folded(lines(health, now), columns - 1)[: rows - 1]
        up = f"\x1b[{self._height}A" if self._height else ""
        text = "\n".join(line.styled(color=self.options.color) for line in fitting)
        click.echo(f"{up}\r\x1b[J{text}", color=True)
        self._height = len(fitting)
