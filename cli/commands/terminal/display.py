"""What happens, on stderr as it happens: a block on a terminal, a line each where there is none."""

from __future__ import annotations

import contextlib
import shlex
import sys
import time
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ...cloudformation.progress import (
    Note,
    ProgressEvent,
    StackBegun,
    StackDone,
    StackEvent,
    Upload,
    Verb,
    is_failure,
    line,
)
from ...errors import WaitTimeoutError
from ...text import command, counted
from . import keyboard
from .board import Board
from .durations import Durations, Operation
from .interruption import Cancellation, Interruption
from .live import Live, is_possible

if TYPE_CHECKING:
    from ..shared_options import Options

# Far more than an undoing takes; what takes longer hangs.
UNDOING_SECONDS = 3600.0


class Display:
    """A listener that shows what happens to the stacks, of which there are `total`, if known."""

    def __init__(self, options: Options, total: int = 0) -> None:
        self._options, self._total = options, total
        self._started = time.monotonic()
        self._outcomes: Counter[str] = Counter()
        self._begun: dict[str, tuple[Verb, float]] = {}
        self._took: dict[Operation, float] = {}
        self._live: Live | None = None
        # Whose failure has been told, and what was skipped, by the reason.
        self._told: set[str] = set()
        self._skipped: dict[str, list[str]] = {}

    def __call__(self, event: ProgressEvent) -> None:
        self._take_time(event)
        color = "red" if is_failure(event) else None
        text = f"{self._elapsed:7.1f} s  {line(event)}"
        if self._live:
            self._live.hear(event, text if self._is_kept(event) else "", color)
        elif not (isinstance(event, (StackBegun, Upload)) or _is_nothing(event)):
            self._options.say(text, fg=color)

    @contextlib.contextmanager
    def shown(self) -> Iterator[Display]:
        """Show it while the block runs, and in the end a line that says what it came to."""
        error: BaseException | None = None
        try:
            with self._terminal():
                try:
                    yield self
                except Cancellation:
                    self._undo()
                    raise
        except BaseException as raised:
            error = raised
            raise
        finally:
            if self._took:
                self._durations.keep(self._took)
            self._conclude(error)

    @contextlib.contextmanager
    def _terminal(self) -> Iterator[None]:
        """The block on the terminal and what its keys and Ctrl-C do, where there can be one."""
        with contextlib.ExitStack() as terminal:
            if _wants_block(self._options):
                interruption = Interruption()
                if sys.stdin.isatty():
                    terminal.enter_context(keyboard.silent())
                    terminal.enter_context(interruption.in_force())
                board = Board(self._options.project, self._usual, total=self._total)
                live = Live(board, interruption, color=self._options.color)
                self._live = terminal.enter_context(live.drawn())
            try:
                yield
            finally:
                self._tell_skipped()

    def _is_kept(self, event: ProgressEvent) -> bool:
        """Whether the event has a line of its own above the block, where each thing is told once.

        What was skipped is told in the end, all in one.
        """
        if isinstance(event, StackEvent) and is_failure(event):
            self._told.add(event.stack)
        if isinstance(event, StackDone) and event.outcome == "skipped":
            self._skipped.setdefault(event.reason, []).append(self._short(event.stack))
            return False
        if isinstance(event, StackDone) and event.outcome == "failed":
            return event.stack not in self._told
        return is_failure(event) or isinstance(event, Note)

    def _short(self, stack: str) -> str:
        return stack.removeprefix(f"{self._options.project}-")

    def _take_time(self, event: ProgressEvent) -> None:
        if isinstance(event, StackBegun):
            # How long another's operation took we do not know: we saw only its end.
            begun = time.monotonic() if event.is_ours else 0.0
            self._begun[event.stack] = event.verb, begun
        elif isinstance(event, StackDone):
            self._outcomes[event.outcome] += 1
            verb, begun = self._begun.pop(event.stack, ("update", 0.0))
            if begun and event.outcome in ("created", "updated", "deleted"):
                self._took[event.stack, verb] = time.monotonic() - begun

    def _usual(self, operation: Operation) -> float | None:
        return self._durations.usual(operation)

    @cached_property
    def _durations(self) -> Durations:
        endpoint = self._options.session.client("cloudformation").meta.endpoint_url
        return Durations(urlsplit(endpoint).hostname or "", self._options.project)

    def _tell_skipped(self) -> None:
        for reason, stacks in self._skipped.items():
            text = f"{self._elapsed:7.1f} s  skipped, since {reason}: {', '.join(stacks)}"
            if self._live:
                self._live.keep(text, "yellow")

    def _undo(self) -> None:
        from ...cloudformation.cancellation import cancel
        from ...patience import Patience

        patience = Patience(UNDOING_SECONDS)
        with self._options.insisting(patience, has_answered=True):
            client = self._options.session.client("cloudformation")
        names = self._live.revocable if self._live else []
        cancel(client, names, self, patience)

    def _conclude(self, error: BaseException | None) -> None:
        watch = f"To watch it: {self._watch_command}"
        if error is None:
            self._options.say(self._result)
        elif isinstance(error, Cancellation):
            self._options.say(f"Cancelled after {self._elapsed:.1f} s: {self._summary}.")
        elif isinstance(error, KeyboardInterrupt):
            self._options.say(
                f"AWS goes on with what it has begun; run the same command to wait for it. {watch}"
            )
        elif isinstance(error, WaitTimeoutError):
            self._options.say(watch)
        elif self._outcomes:
            self._options.say(f"Failed after {self._elapsed:.1f} s: {self._summary}.")

    @property
    def has_created(self) -> bool:
        return "created" in self._outcomes

    @property
    def has_put_off(self) -> bool:
        return "put off" in self._outcomes

    @property
    def has_changes(self) -> bool:
        return not self._outcomes.keys() <= {"unchanged"}

    @property
    def _result(self) -> str:
        if not self.has_changes:
            count = counted(self._outcomes["unchanged"], "stack")
            return f"Nothing changed: {count} up to date."
        return f"Done in {self._elapsed:.1f} s: {self._summary}."

    @property
    def _summary(self) -> str:
        return ", ".join(f"{count} {outcome}" for outcome, count in self._outcomes.items())

    @property
    def _watch_command(self) -> str:
        options = self._options
        words: list[str] = []
        for name, value in (("--region", options.region), ("--profile", options.profile)):
            words += [name, value] if value else []
        return " ".join([command("status --watch", options.project), *map(shlex.quote, words)])

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self._started


def _wants_block(options: Options) -> bool:
    # Records on the same terminal would run into the block.
    prints_records = options.output == "ndjson" and sys.stdout.isatty()
    return is_possible() and not options.quiet and not prints_records


def _is_nothing(event: ProgressEvent) -> bool:
    return isinstance(event, StackDone) and event.outcome == "unchanged"
