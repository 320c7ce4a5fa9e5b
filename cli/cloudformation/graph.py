"""Jobs in the order of a graph: each as soon as its own parents are done, in parallel."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Callable, Union

from ..errors import ConfigurationError, MiztiikError, WaitTimeoutError
from .progress import Listener, Outcome, ProgressEvent, StackDone, summary

HEARING_SECONDS = 0.5
# We stopped looking, or could no longer; CloudFormation goes on.
LEFT = (WaitTimeoutError, ConfigurationError)


@dataclass(frozen=True)
class Job:
    """Work that tells a listener what happens, and the names of the jobs that come before it."""

    work: Callable[[Listener], None]
    parents: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Ending:
    """How a job ended: done, with an error of its own, or never begun because one failed.

    `blocked_by` is the job that failed, however many there are between the two.
    """

    job: str
    error: Exception | None = None
    blocked_by: str | None = None

    @property
    def is_success(self) -> bool:
        return self.error is None and self.blocked_by is None


Messages = queue.SimpleQueue[Union[ProgressEvent, Ending]]


def run(
    jobs: Mapping[str, Job], listener: Listener, at_once: int, cancelled: threading.Event
) -> dict[str, Ending]:
    """Do every job, at most `at_once` at a time; how each ended, in the order they did.

    What depends on a failure is skipped, the rest goes on. The listener is called in the caller's
    thread. Ctrl-C, or an error in the listener, sets `cancelled`, at which the jobs have to stop,
    and is raised on; after Ctrl-C the listener has still heard all that the jobs began.
    """
    messages: Messages = queue.SimpleQueue()
    endings: dict[str, Ending] = {}
    # Sorted, so that the same jobs begin in the same order in each run.
    sorter = TopologicalSorter({name: sorted(job.parents) for name, job in jobs.items()})
    sorter.prepare()
    with ThreadPoolExecutor(at_once) as pool:
        try:
            while sorter.is_active():
                for name in sorter.get_ready():
                    failed = [p for p in sorted(jobs[name].parents) if not endings[p].is_success]
                    if failed:
                        cause = endings[failed[0]].blocked_by or failed[0]
                        messages.put(Ending(name, blocked_by=cause))
                    else:
                        pool.submit(_attempt, name, jobs[name], messages)
                message = _next(messages)
                if isinstance(message, Ending):
                    endings[message.job] = message
                    sorter.done(message.job)
                else:
                    listener(message)
        except BaseException as error:
            cancelled.set()
            pool.shutdown(cancel_futures=True)
            if isinstance(error, KeyboardInterrupt):
                _tell_rest(messages, listener)
            raise
    return endings


def timed(stack: str, work: Callable[[Listener], Outcome]) -> Callable[[Listener], None]:
    """The work on a stack as a job's, which ends with a StackDone, whatever ended it."""

    def job_work(listener: Listener) -> None:
        started = time.monotonic()
        try:
            outcome = work(listener)
        except Exception as error:
            is_left = isinstance(error, LEFT)
            ending: Outcome = "unfinished" if is_left else "failed"
            reason = summary(error).partition("\n")[0] if is_left else summary(error)
            listener(StackDone(stack, ending, time.monotonic() - started, reason))
            raise
        listener(StackDone(stack, outcome, time.monotonic() - started))

    return job_work


def raise_first(endings: Mapping[str, Ending]) -> None:
    """Raise the first error that a job ended with, if there is one; it knows of the others."""
    errors = [ending.error for ending in endings.values() if ending.error]
    if not errors:
        return
    if isinstance(errors[0], MiztiikError):
        errors[0].others = tuple(error for error in errors[1:] if not isinstance(error, LEFT))
    raise errors[0]


def _next(messages: Messages) -> ProgressEvent | Ending:
    """The next message; a signal that comes just before a wait is heard only when that ends."""
    while True:
        with contextlib.suppress(queue.Empty):
            return messages.get(timeout=HEARING_SECONDS)


def _tell_rest(messages: Messages, listener: Listener) -> None:
    while not messages.empty():
        message = messages.get()
        if not isinstance(message, Ending):
            listener(message)


def _attempt(name: str, job: Job, messages: Messages) -> None:
    try:
        job.work(messages.put)
    except Exception as error:
        messages.put(Ending(name, error))
    else:
        messages.put(Ending(name))
