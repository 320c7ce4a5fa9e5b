"""The keyboard of the terminal while a block is drawn: keys are not echoed into it."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from collections.abc import Iterator
from typing import Any


def is_ours(terminal: int) -> bool:
    """Whether this process may use the terminal: it runs in the foreground there."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except (OSError, AttributeError):
        # Not the terminal that this process was started from, or a system that has no such thing.
        return os.name == "posix"


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """What is typed is not shown, and is kept for the program that comes next."""
    with _settings() as settings:
        import termios

        settings[3] &= ~termios.ECHO
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, settings)
        yield


@contextlib.contextmanager
def attentive() -> Iterator[None]:
    """Each key can be read at once; what was typed before is forgotten, for it was no answer."""
    with _settings():
        import termios
        import tty

        tty.setcbreak(sys.stdin.fileno(), termios.TCSAFLUSH)
        yield


def key(seconds: float) -> str:
    """The key pressed within so many seconds, "" for none; "d" when the terminal is gone."""
    ready, _, _ = select.select([sys.stdin], [], [], seconds)
    return (os.read(sys.stdin.fileno(), 1) or b"d").decode("ascii", "replace") if ready else ""


@contextlib.contextmanager
def _settings() -> Iterator[list[Any]]:
    """The terminal's settings, to be changed; they are as before in the end."""
    import termios

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        yield termios.tcgetattr(terminal)
    finally:
        # In the background it would stop us; there the shell has taken the terminal back.
        if is_ours(terminal):
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)
