"""Events that nobody processed, as `miztiik-events redrive` shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ...text import as_json, as_table, span

if TYPE_CHECKING:
    from ...operate.redrive import Outcome
    from ...operate.unprocessed import Unprocessed

LONGEST_CELL = 80
OVERVIEW = {"queue": "Queue", "messages": "Events", "age": "Oldest", "reason": "What is wrong"}
EVENTS = {
    "time": "Time (UTC)",
    "type": "Type",
    "request_id": "request_id",
    "store_id": "Store",
    "reason": "What is wrong",
}


@dataclass(frozen=True)
class Contents:
    """A queue with about so many events, and the first of them that came."""

    name: str
    count: int
    events: Sequence[Unprocessed]

    @property
    def oldest(self) -> datetime | None:
        """When the oldest was sent; None when not all were seen."""
        if not self.events or len(self.events) < self.count:
            return None
        return min(event.message.sent for event in self.events)

    @property
    def reason(self) -> str:
        return self.events[0].reason if self.events else ""


def overview(queues: Sequence[Contents], form: str) -> str:
    """What is in each queue, in the form."""
    now = datetime.now(timezone.utc)
    rows: list[dict[str, Any]] = [
        {
            "queue": queue.name,
            "messages": queue.count,
            "oldest": queue.oldest,
            "reason": queue.reason,
        }
        for queue in queues
    ]
    if form != "table":
        return _written(rows, form)
    for row in rows:
        row["age"] = span((now - row["oldest"]).total_seconds()) if row["oldest"] else ""
        row["reason"] = _cut(row["reason"])
    return as_table(rows, OVERVIEW)


def table(events: Sequence[Unprocessed]) -> str:
    """The events for a person; as_table makes what senders wrote harmless."""
    rows = [{name: _cut(value) for name, value in _fields(event).items()} for event in events]
    return as_table(rows, EVENTS)


def records(queue: str, outcomes: Sequence[Outcome], form: str) -> str:
    """The events for a program, with what became of each."""
    rows = [
        {
            "queue": queue,
            "message_id": outcome.event.message.id,
            **_fields(outcome.event),
            "outcome": outcome.result,
            "cause": outcome.cause,
        }
        for outcome in outcomes
    ]
    return _written(rows, form)


def _fields(event: Unprocessed) -> dict[str, str]:
    return {name: getattr(event, name) for name in EVENTS}


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"


def _written(rows: Sequence[dict[str, Any]], form: str) -> str:
    return as_json(rows, indent=2) if form == "json" else "\n".join(map(as_json, rows))
