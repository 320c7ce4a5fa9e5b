"""How long to wait for AWS, how often to look, and how a wait ends before its time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from .errors import WaitTimeoutError

SHORTEST = 0.1
LONGEST = 5.0
GROWTH = 1.3


class CancelledError(Exception):
    """The person gave up waiting; the operation in AWS goes on."""


@dataclass(frozen=True)
class Patience:
    """One time limit, in seconds, for everything that a command waits for."""

    seconds: float
    cancelled: threading.Event = field(default_factory=threading.Event)
    _start: float = field(default_factory=time.monotonic)

    def at_most(self, seconds: float) -> Patience:
        """One that ends after so many seconds from now, or with this one if that is sooner."""
        left = self._start + self.seconds - time.monotonic()
        return Patience(min(seconds, left), self.cancelled)

    def looks(self, what: str) -> Iterator[int]:
        """Count one look at once, then one after each of ever longer pauses (0.1 s to 5 s).

        Raises WaitTimeoutError when the time is over, CancelledError as soon as `cancelled` is set.
        """
        pause, look = SHORTEST, 0
        while True:
            if self.cancelled.is_set():
                raise CancelledError(what)
            yield look
            left = self._start + self.seconds - time.monotonic()
            if left <= 0:
                raise WaitTimeoutError(
                    f"{what} is not done after {self.seconds:g} s; AWS goes on with it. "
                    "Run the same command again to go on waiting, or give a longer --timeout"
                )
            self.cancelled.wait(min(pause, left))
            pause, look = min(pause * GROWTH, LONGEST), look + 1
