"""What happens, on stderr as it happens: a line each, with the seconds since the start."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from ..progress import Happening, StackDone, is_failure, line

if TYPE_CHECKING:
    from types import TracebackType

    from .options import Options


class Progress:
    """A listener that prints; as a block, it ends with a line that says what it came to."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._started = time.monotonic()
        self._outcomes: Counter[str] = Counter()

    def __call__(self, happening: Happening) -> None:
        if isinstance(happening, StackDone):
            self._outcomes[happening.outcome] += 1
            if happening.outcome == "unchanged":
                return
        color = "red" if is_failure(happening) else None
        self._options.say(f"{self._elapsed:7.1f} s  {line(happening)}", fg=color)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._conclude()
        elif isinstance(error, KeyboardInterrupt):
            self._options.say("AWS goes on with what it has begun; the same command waits for it.")

    def _conclude(self) -> None:
        if self._outcomes.keys() <= {"unchanged"}:
            count = self._outcomes["unchanged"]
            self._options.say(f"Nothing changed: {count} stacks are as the templates say.")
            return
        summary = ", ".join(f"{count} {outcome}" for outcome, count in self._outcomes.items())
        self._options.say(f"Done in {self._elapsed:.1f} s: {summary}.")

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self._started
