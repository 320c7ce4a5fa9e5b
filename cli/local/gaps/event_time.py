"""The time that a PutEvents entry gives.

MiniStack stamps every event with the moment of the call. AWS puts the entry's `Time` into the
event's `time`, to the second, and the moment of the call only when there is none. Without it a
retried event would move to a later window.
"""

from __future__ import annotations

import contextvars
import json
from typing import Any

from ..requirements import require

_entry_time: contextvars.ContextVar[float | None] = contextvars.ContextVar(
    "entry_time", default=None
)
_MOST_ENTRIES = 10


def fill() -> None:
    from ministack.services import eventbridge

    require(eventbridge, "_put_events", "_now_ts", "_coerce_timestamp")
    put_events = eventbridge._put_events
    now = eventbridge._now_ts

    def time_of_entry_or_now() -> float:
        given = _entry_time.get()
        return float(now()) if given is None else given

    def put_one(entry: dict[str, Any], *flags: Any, **options: Any) -> Any:
        given = entry.get("Time")
        time = None if given is None else float(eventbridge._coerce_timestamp(given))
        token = _entry_time.set(time)
        try:
            return put_events({"Entries": [entry]}, *flags, **options)
        finally:
            _entry_time.reset(token)

    def put_each_at_its_time(data: dict[str, Any], *flags: Any, **options: Any) -> Any:
        entries = data.get("Entries", [])
        if len(entries) > _MOST_ENTRIES or not any("Time" in entry for entry in entries):
            return put_events(data, *flags, **options)
        answers = [put_one(entry, *flags, **options) for entry in entries]
        return _together(answers)

    eventbridge._now_ts = time_of_entry_or_now
    eventbridge._put_events = put_each_at_its_time


def _together(answers: list[Any]) -> Any:
    """One PutEvents answer out of those for each entry."""
    status, headers, _ = answers[0]
    bodies = [json.loads(body) for _, _, body in answers]
    body = {
        "FailedEntryCount": sum(part["FailedEntryCount"] for part in bodies),
        "Entries": [entry for part in bodies for entry in part["Entries"]],
    }
    return status, headers, json.dumps(body).encode()
