"""The events of the logs as `miztiik-events logs` shows them."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from ...text import as_json, printable
from ..shared_options import Options

if TYPE_CHECKING:
    from ...operate.logs import LogEvent

# Red is for errors.
COLORS = ("cyan", "green", "yellow", "blue", "magenta", "bright_cyan", "bright_green")


@dataclass(frozen=True)
class LogView:
    """Shows those of the components' events that are wanted, in the form that is asked for."""

    options: Options
    components: Sequence[str]
    grep: re.Pattern[str]
    everything: bool

    def show(self, events: Sequence[LogEvent]) -> int:
        """Print those that are wanted; how many there were."""
        wanted = [event for event in events if self._is_wanted(event)]
        form = self.options.format()
        if form == "json":
            click.echo(as_json([_record(event) for event in wanted], indent=2))
            return len(wanted)
        for event in wanted:
            click.echo(
                self._line(event) if form == "table" else as_json(_record(event)), color=self._color
            )
        return len(wanted)

    def _is_wanted(self, event: LogEvent) -> bool:
        if event.is_routine and not self.everything:
            return False
        return bool(self.grep.search(event.message))

    @property
    def _color(self) -> bool:
        return self.options.color and sys.stdout.isatty()

    def _line(self, event: LogEvent) -> str:
        width = max(map(len, self.components))
        color = COLORS[self.components.index(event.component) % len(COLORS)]
        name = click.style(event.component.ljust(width), fg=color)
        # A message may have several lines; each is printed below the other.
        lines = [printable(line.expandtabs(4)) for line in event.text.splitlines()]
        text = "\n    ".join(lines)
        if event.is_error:
            text = click.style(text, fg="red")
        return f"{event.time:%Y-%m-%d %H:%M:%S}  {name}  {text}"


def _record(event: LogEvent) -> dict[str, object]:
    return {
        "time": event.time,
        "component": event.component,
        "group": event.group,
        "message": event.message,
    }
