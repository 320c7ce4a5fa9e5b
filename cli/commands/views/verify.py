"""How an audit is shown: windows, places, lag, queues, differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ...text import counted

if TYPE_CHECKING:
    from ...audit.audit import Audit
    from ...audit.comparison import Window
    from ...audit.places import Difference


MOST_SHOWN = 20
PLACES = {
    "heartbeats": "Heartbeats",
    "counted": "Counted in a window",
    "duplicates": "Copies of one of these",
    "late": "Recorded as late",
    "overtaken": "In time, but overtaken by another shard",
    "malformed": "Malformed",
    "open": "In windows that are still open",
    "skipped": "In windows before the first that counts",
    "unreadable": "Not a JSON object",
}
# What the law does not speak of is shown when there is any.
ONLY_IF_ANY = ("overtaken", "skipped", "unreadable")


def shown(audit: Audit, form: str) -> str:
    from ...text import as_json

    if form != "table":
        return as_json(asdict(audit), indent=2 if form == "json" else None)
    parts = [
        _windows(audit),
        _places(audit),
        _lag(audit),
        _queues(audit.queues),
        _differences(audit.differences),
    ]
    return "\n\n".join(part for part in parts if part)


def _windows(audit: Audit) -> str:
    from ...text import as_table

    rows = [{**vars(window), "state": _state(window)} for window in audit.windows]
    columns = {
        "end": "Window's end (UTC)",
        "stores": "Stores",
        "sales": "Sales",
        "revenue": "Revenue",
        "state": "State",
    }
    return as_table(rows, columns) if rows else ""


def _state(window: Window) -> str:
    if window.differences is None:
        return "open"
    state = counted(window.differences, "difference") if window.differences else "agrees"
    return f"{state}, as one sum since {window.start}" if window.is_mixed else state


def _places(audit: Audit) -> str:
    from ...text import as_table

    rows = [
        {"place": heading, "records": audit.counts[place]}
        for place, heading in PLACES.items()
        if audit.counts[place] or place not in ONLY_IF_ANY
    ]
    total = {"place": "In the stream", "records": audit.counts["records"]}
    return as_table([*rows, total], {"place": "Place", "records": "Records"}, totals=1)


def _lag(audit: Audit) -> str:
    """What the allowed lateness has to be measured by; and what cannot be told for sure."""
    lag, lateness = audit.lag / 1000, audit.windowing.lateness / 1000
    text = f"Sales arrived at most {lag:g} s after they happened; windows wait for {lateness:g} s."
    if not audit.rivals:
        return text
    return f"{text} Of {audit.rivals:,}, copies that differ are in two shards: either may count."


def _queues(queues: Mapping[str, int]) -> str:
    from ...text import as_table

    rows = [{"queue": name, "messages": count} for name, count in queues.items()]
    return as_table(rows, {"queue": "Queue", "messages": "Messages"}) if rows else ""


def _differences(differences: Sequence[Difference]) -> str:
    from ...text import as_table

    columns = {
        "what": "Difference",
        "window_end": "Window's end (UTC)",
        "store_id": "Store",
        "expected": "Expected",
        "stored": "In the data store",
        "record": "Record",
    }
    # As text: one column has amounts, counts and words.
    rows: list[dict[str, Any]] = [
        {
            name: "" if (value := getattr(difference, name)) is None else str(value)
            for name in columns
        }
        for difference in differences[:MOST_SHOWN]
    ]
    more = len(differences) - len(rows)
    note = [f"… and {more:,} more; --output json has them all"] if more else []
    return "\n".join([as_table(rows, columns), *note]) if rows else ""
