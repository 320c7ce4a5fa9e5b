"""What ends a command from outside: SIGTERM and SIGHUP do what Ctrl-C does."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

from . import streams
from .interruption import Detachment

if TYPE_CHECKING:
    from types import FrameType

CANCELLED = 130
SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class EndedError(KeyboardInterrupt):
    """A signal asks the program to end; children are ended and folders removed on the way out."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


def prepare() -> None:
    """Have the signals raise EndedError; one that is ignored from the start (nohup) stays so."""
    for number in SIGNALS:
        # Only the main thread may say what signals do.
        with contextlib.suppress(ValueError):
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, _end)


def _end(number: int, frame: FrameType | None) -> None:
    # A second one ends it at once.
    signal.signal(number, signal.SIG_DFL)
    if number == signal.SIGHUP:
        # The terminal is gone.
        streams.silence()
    raise EndedError(number)


def reason(error: BaseException) -> tuple[str, int]:
    """What to say of a command that was ended, and its exit code; Click wraps what ended it."""
    ended = error if isinstance(error, KeyboardInterrupt) else error.__cause__
    if isinstance(ended, EndedError):
        return f"Ended by {ended}", ended.exit_code
    if isinstance(ended, Detachment):
        return "Detached", CANCELLED
    return "Cancelled", CANCELLED


@contextlib.contextmanager
def endless() -> Iterator[None]:
    """A block that goes on until Ctrl-C: that is its usual end, of which nothing is said."""
    try:
        yield
    except KeyboardInterrupt as error:
        if isinstance(error, EndedError):
            raise
        if sys.stderr.isatty():
            # The terminal has shown ^C, and what comes next begins on a line of its own.
            sys.stderr.write("\n")
        leave(CANCELLED)


def leave(exit_code: int) -> NoReturn:
    """End the process; a thread that still waits for AWS, which may take minutes, is left."""
    if threading.active_count() > 1:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(exit_code)
    sys.exit(exit_code)
