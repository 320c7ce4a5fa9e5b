"""Ctrl-C during a deploy or a destroy: on a terminal it is asked first what is meant by it."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

QUESTION = "Ctrl-C: d detach, c cancel and roll back, w wait [w]"
QUESTION_WITHOUT_CANCEL = "Ctrl-C: d detach, w wait [w]"


class Cancellation(KeyboardInterrupt):
    """The person wants undone what is under way."""


class Detachment(KeyboardInterrupt):
    """The person wants to go; AWS goes on."""


class Interruption:
    """What Ctrl-C does while this is in force: the first is asked about, a second one ends.

    The handler only takes note: it may come in the middle of anything. The asking is done by the
    thread that draws, so that the work, and the view of it, go on until there is an answer.
    """

    def __init__(self) -> None:
        self.is_asked = False
        self._ending: type[KeyboardInterrupt] | None = None

    def answer(self, key: str, *, can_cancel: bool) -> None:
        """Take a key as the answer; any other than those offered is none."""
        if key in ("w", "\n", "\r"):
            self.is_asked = False
        elif key == "d":
            self._end(Detachment)
        elif key == "c" and can_cancel:
            self._end(Cancellation)

    @contextlib.contextmanager
    def in_force(self) -> Iterator[None]:
        before = signal.getsignal(signal.SIGINT)
        # A shell's background job has Ctrl-C ignored: it is meant for what is in the foreground.
        if before is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._hear)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if not (self._ending or self.is_asked):
            self.is_asked = True
            return
        ending, self._ending = self._ending or Detachment, Detachment
        self.is_asked = False
        raise ending

    def _end(self, error: type[KeyboardInterrupt]) -> None:
        self._ending, self.is_asked = error, False
        # Only a signal reaches the main thread where it waits.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
