"""How drift is shown: a row a property that differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...cloudformation.drift import Drift


def shown(drifts: Sequence[Drift], form: str) -> str:
    """The drifted resources as `table` (a row a property), `json`, or `ndjson` (a record each)."""
    from ...text import as_table, written

    if form != "table":
        return written([asdict(drift) for drift in drifts], form)
    rows = [
        {
            "stack": drift.stack,
            "resource": f"{drift.logical_id} ({drift.type})",
            "status": drift.status,
            "path": difference.path if difference else "",
            "expected": difference.expected if difference else "",
            "actual": difference.actual if difference else "",
        }
        for drift in drifts
        for difference in drift.properties or (None,)
    ]
    headings = {name: name.capitalize() for name in rows[0]} if rows else {}
    return as_table(rows, headings)
