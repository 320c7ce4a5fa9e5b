"""How long operations took, kept from run to run to tell how long the next will take."""

from __future__ import annotations

import contextlib
import json
import statistics
from collections.abc import Mapping

from ... import files
from ...errors import ConfigurationError
from ...text import json_object

FILE = "durations.json"
# Of so many operations, each the last so many times.
MOST_ENTRIES = 200
MOST_TIMES = 5

# What is operated on, and what with it: a verb, or a state that is waited out.
Operation = tuple[str, str]


class Durations:
    """The seconds that operations of one project took at one `place`.

    The place keeps one AWS apart from another: one on this machine is far faster than the real one.
    What cannot be read or written is left: an estimate is worth no error.
    """

    def __init__(self, place: str, project: str) -> None:
        self._prefix = f"{place} {project}"
        self._known = _read()

    def usual(self, operation: Operation) -> float | None:
        """The median of the last times, None for what was never done before."""
        times = self._known.get(self._key(operation))
        return statistics.median(times) if times else None

    def keep(self, took: Mapping[Operation, float]) -> None:
        """Add what a run took, to what other runs have written meanwhile."""
        known = _read()
        for operation, seconds in took.items():
            # Taken out and put in again: the last is the newest.
            times = known.pop(self._key(operation), [])
            known[self._key(operation)] = [*times, round(seconds, 1)][-MOST_TIMES:]
        with contextlib.suppress(OSError, ConfigurationError):
            _write(dict(list(known.items())[-MOST_ENTRIES:]))

    def _key(self, operation: Operation) -> str:
        return " ".join([self._prefix, *operation])


def _read() -> dict[str, list[float]]:
    """What the file holds; nothing when it is broken."""
    try:
        entries = json_object((files.cache() / FILE).read_text("utf-8")) or {}
        return {key: [round(seconds, 1) for seconds in times] for key, times in entries.items()}
    except (OSError, ValueError, TypeError, ConfigurationError):
        return {}


def _write(known: Mapping[str, list[float]]) -> None:
    with files.whole(files.cache() / FILE) as draft:
        draft.write_text(json.dumps(known), "utf-8")
