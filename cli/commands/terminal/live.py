"""The block at the bottom of a terminal: drawn in place, again and again as time passes."""

from __future__ import annotations

import contextlib
import os
import sys
import textwrap
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from ...cloudformation.progress import Upload
from . import keyboard
from .interruption import QUESTION, QUESTION_WITHOUT_CANCEL, Interruption

if TYPE_CHECKING:
    from ...cloudformation.progress import ProgressEvent
    from .board import Board

SECONDS = 0.2
INDENT = " " * 11
UP = "\x1b[{}A"
CLEAR_LINE, CLEAR_BELOW = "\x1b[K", "\x1b[J"
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


def is_possible() -> bool:
    """Whether stderr is a terminal on which a block can be drawn, and ours to draw on.

    Some CI systems give a terminal, too, but nobody who looks at it; they set CI.
    """
    is_plain = os.environ.get("TERM", "dumb") == "dumb"
    is_plain = is_plain or os.environ.get("CI", "").lower() not in ("", "0", "false")
    return sys.stderr.isatty() and not is_plain and keyboard.is_ours(sys.stderr.fileno())


class Live:
    """The board on the terminal, with permanent lines above it, and the question about Ctrl-C."""

    def __init__(self, board: Board, interruption: Interruption, *, color: bool) -> None:
        self._board, self._interruption, self._color = board, interruption, color
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._lines: list[str] = []

    def hear(self, event: ProgressEvent, line: str = "", color: str | None = None) -> None:
        """Show what happened; the line, if there is one, stays above the block."""
        with self._lock:
            self._board.hear(event)
        # An upload tells of itself many times a second.
        if not isinstance(event, Upload):
            self.keep(line, color)

    def keep(self, line: str, color: str | None = None) -> None:
        """Draw it anew with the line above the block, if it is not empty."""
        width = max(_size()[0] - 1, 2 * len(INDENT))
        folded = textwrap.fill(line, width, subsequent_indent=INDENT)
        with self._lock:
            self._draw(click.style(folded, fg=color) if folded else "")

    @property
    def revocable(self) -> list[str]:
        """The stacks that are being created or updated."""
        with self._lock:
            return self._board.revocable

    @contextlib.contextmanager
    def drawn(self) -> Iterator[Live]:
        """Draw it again and again while the block runs; how it looks in the end stays."""
        self._thread.start()
        try:
            yield self
        finally:
            self._over.set()
            self._thread.join()
            self._interruption.is_asked = False
            self._draw()

    def _run(self) -> None:
        while not self._over.wait(SECONDS):
            if self._interruption.is_asked:
                self._ask()
            with self._lock:
                self._draw()

    def _ask(self) -> None:
        with keyboard.attentive():
            while self._interruption.is_asked and not self._over.is_set():
                with self._lock:
                    self._draw()
                self._interruption.answer(keyboard.key(SECONDS), can_cancel=bool(self.revocable))

    def _draw(self, above: str = "") -> None:
        columns, rows = _size()
        lines = self._board.lines(columns - 1, rows - 1 - self._interruption.is_asked)
        if self._interruption.is_asked:
            question = QUESTION if self._board.revocable else QUESTION_WITHOUT_CANCEL
            lines.append(click.style(question[: columns - 1], bold=True))
        if not self._color:
            above, lines = click.unstyle(above), [click.unstyle(line) for line in lines]
        if lines or above or self._lines:
            text = "".join(f"{line}{CLEAR_LINE}\n" for line in lines)
            permanent = f"{CLEAR_BELOW}{above}\n" if above else ""
            frame = f"{self._home(columns)}{permanent}{text}{CLEAR_BELOW}"
            # Hidden only meanwhile: so it is not gone when the program is stopped or killed.
            sys.stderr.write(f"{HIDE_CURSOR}{frame}{SHOW_CURSOR}")
            sys.stderr.flush()
        self._lines = lines

    def _home(self, columns: int) -> str:
        """To the block's first column and line; a terminal made narrower has folded its lines."""
        widths = (len(click.unstyle(line)) for line in self._lines)
        rows = sum(max(1, -(-width // columns)) for width in widths)
        return "\r" + (UP.format(rows) if rows else "")


def _size() -> tuple[int, int]:
    try:
        size = os.get_terminal_size(sys.stderr.fileno())
    except OSError:
        return 80, 24
    # A terminal that nobody has told its size says 0.
    return size.columns or 80, size.lines or 24
