"""A line on the terminal that tells, each second, how long a wait has lasted."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..shared_options import Options

_AWAY = "\r\033[K"


class Elapsed:
    """The line; `told` makes its text of the seconds that have passed, empty for no line."""

    def __init__(self, told: Callable[[float], str]) -> None:
        self._told = told
        self._started = time.monotonic()
        self._writing = threading.Lock()
        self._is_over = threading.Event()

    @contextlib.contextmanager
    def hidden(self) -> Iterator[None]:
        """While something else is written where the line stands."""
        with self._writing:
            click.echo(_AWAY, nl=False, err=True)
            yield

    @contextlib.contextmanager
    def drawn(self) -> Iterator[Elapsed]:
        clock = threading.Thread(target=self._tick, daemon=True)
        clock.start()
        try:
            yield self
        finally:
            self._is_over.set()
            clock.join()
            with self.hidden():
                pass

    def _tick(self) -> None:
        while not self._is_over.wait(1):
            text = self._told(time.monotonic() - self._started)
            with self._writing:
                click.echo(f"\r{text}\033[K", nl=False, err=True)


@contextlib.contextmanager
def elapsing(options: Options, told: Callable[[float], str]) -> Iterator[Elapsed | None]:
    """Show the line while the block runs; none where stderr is no terminal, or with --quiet."""
    if options.quiet or not sys.stderr.isatty():
        yield None
        return
    with Elapsed(told).drawn() as line:
        yield line
