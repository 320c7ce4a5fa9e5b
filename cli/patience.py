"""How long to wait for AWS, how often to look, and how a wait ends before its time."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .errors import WaitTimeoutError

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

SHORTEST = 0.1
# Between looks at what is happening right now. All stacks together must stay below the rate at
# which CloudFormation begins to refuse calls.
LIVELY = 1.0
LONGEST = 5.0
GROWTH = 1.3
# How long AWS may be out of order, each time, for what has no time limit of its own.
OUTAGE_SECONDS = 600.0


class Clock:
    """Time as it passes; the simulation of tests/simulation/ puts another in its place."""

    def now(self) -> float:
        return time.monotonic()

    def wait(self, ending: threading.Event, seconds: float) -> None:
        ending.wait(seconds)


CLOCK = Clock()


class CancelledError(BaseException):
    """The person gave up waiting; the operation in AWS goes on.

    No Exception, for the same reason as KeyboardInterrupt: it is no failure of what it ends.
    """


@dataclass(frozen=True)
class Patience:
    """One time limit, in seconds, for everything that a command waits for."""

    seconds: float
    cancelled: threading.Event = field(default_factory=threading.Event)
    _start: float = field(default_factory=lambda: CLOCK.now())

    def at_most(self, seconds: float) -> Patience:
        """One that ends after so many seconds from now, or with this one if that is sooner."""
        return Patience(min(seconds, self._left), self.cancelled)

    @property
    def is_over(self) -> bool:
        return self._left <= 0

    @property
    def _left(self) -> float:
        return self._start + self.seconds - CLOCK.now()

    def looks(self, what: str) -> Looks:
        """Count one look at once, then one after each of ever longer pauses (0.1 s to 5 s).

        Raises WaitTimeoutError when the time is over, CancelledError as soon as `cancelled` is set.
        """
        return Looks(self, what)

    def pause(self, what: str, seconds: float) -> None:
        """Wait so long, or until the time is over; raises as `looks` does."""
        if self.is_over:
            raise WaitTimeoutError(
                f"{what} is not done after {self.seconds:g} s; AWS goes on with it. "
                "Run the same command again to go on waiting, or give a longer --timeout"
            )
        CLOCK.wait(self.cancelled, max(0, min(seconds, self._left)))


class Looks(Iterator[int]):
    """The numbers of the looks, from 0; each comes when it is time for it."""

    def __init__(self, patience: Patience, what: str) -> None:
        self._patience, self._what = patience, what
        self._look, self._pause = -1, SHORTEST

    def hurry(self) -> None:
        """Something is happening: look again soon."""
        self._pause = min(self._pause, LIVELY)

    def __next__(self) -> int:
        if self._look >= 0:
            self._patience.pause(self._what, self._pause)
            self._pause = min(self._pause * GROWTH, LONGEST)
        if self._patience.cancelled.is_set():
            raise CancelledError(self._what)
        self._look += 1
        return self._look


@contextlib.contextmanager
def side_by_side(at_once: int) -> Iterator[ThreadPoolExecutor]:
    """A pool for what the block asks of AWS; Ctrl-C does not wait for what is not answered yet."""
    from concurrent.futures import ThreadPoolExecutor

    pool, waits = ThreadPoolExecutor(at_once), True
    try:
        yield pool
    except KeyboardInterrupt:
        waits = False
        raise
    finally:
        pool.shutdown(waits, cancel_futures=True)
