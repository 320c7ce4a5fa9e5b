"""How an audit of the lake is shown: its sales by place, and the differences."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...audit.lake import LakeAudit

MOST_SHOWN = 20
PLACES = {
    "stored": "In the lake",
    "on_their_way": "Not in the lake yet",
    "before": "From before the lake was deployed",
    "missing": "Missing",
}
# Shown when there is any.
ONLY_IF_ANY = ("before", "missing")


def shown(audit: LakeAudit, form: str) -> str:
    from ...text import as_json, as_table

    if form != "table":
        return as_json(asdict(audit), indent=2 if form == "json" else None)
    counts = {**vars(audit), "missing": audit.missing}
    rows = [
        {"place": heading, "sales": counts[place]}
        for place, heading in PLACES.items()
        if counts[place] or place not in ONLY_IF_ANY
    ]
    total = {"place": "In the stream", "sales": audit.sales}
    places = as_table([*rows, total], {"place": "Place", "sales": "Sales"}, totals=1)
    return "\n\n".join(part for part in (places, _differences(audit)) if part)


def _differences(audit: LakeAudit) -> str:
    from ...text import as_table

    columns = {
        "what": "Difference",
        "record": "Record",
        "expected": "In the stream",
        "stored": "In the lake",
    }
    rows = [asdict(difference) for difference in audit.differences[:MOST_SHOWN]]
    more = len(audit.differences) - len(rows)
    note = [f"… and {more:,} more; --output json has them all"] if more else []
    return "\n".join([as_table(rows, columns), *note]) if rows else ""
