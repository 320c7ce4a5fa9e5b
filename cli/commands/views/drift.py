"""How drift is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...cloudformation.drift import Drift


def shown(found: Sequence[Drift], form: str) -> str:
    from ...text import as_json, as_table

    if form == "json":
        return as_json([asdict(drift) for drift in found], indent=2)
    if form == "ndjson":
        return "\n".join(as_json({"type": "drift", **asdict(drift)}) for drift in found)
    rows = [
        {
            "stack": drift.stack,
            "resource": f"{drift.logical_id} ({drift.type})",
            "status": drift.status,
            "path": one.path if one else "",
            "expected": one.expected if one else "",
            "actual": one.actual if one else "",
        }
        for drift in found
        for one in drift.properties or (None,)
    ]
    headings = {name: name.capitalize() for name in rows[0]} if rows else {}
    return as_table(rows, headings)
