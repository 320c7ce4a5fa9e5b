"""How the demo's outcome is shown: revenue, totals, steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...demonstration import Outcome
    from ...pipeline.results import Row


def shown(outcome: Outcome, form: str) -> str:
    from ...text import as_json

    if form == "table":
        parts = (_revenue(outcome.rows), _totals(outcome), _steps(outcome.seconds))
        return "\n\n".join(parts)
    record = {
        "agrees": outcome.audit.agrees,
        "produced": outcome.produced,
        "counts": outcome.audit.counts,
        "windows": [vars(window) for window in outcome.audit.windows],
        "seconds": {name: round(seconds, 1) for name, seconds in outcome.seconds.items()},
    }
    return as_json(record, indent=2 if form == "json" else None)


def _revenue(rows: Sequence[Row]) -> str:
    """A line for each window, a column for each store."""
    from ...text import as_table

    stores = sorted({row.store_id for row in rows}, key=lambda store: (len(store), store))
    by_window: dict[str, dict[str, Any]] = {}
    for row in rows:
        by_window.setdefault(row.timestamp, {"end": row.timestamp})[row.store_id] = row.revenue
    lines = list(by_window.values())
    lines.append({"end": "Total", **{store: _sum(lines, store) for store in stores}})
    for line in lines:
        line["all"] = sum((line.get(store, Decimal()) for store in stores), Decimal())
    headings = {store: store for store in stores}
    return as_table(lines, {"end": "Window's end (UTC)", **headings, "all": "All stores"}, totals=1)


def _sum(lines: Sequence[Mapping[str, Any]], store: str) -> Decimal:
    return sum((line.get(store, Decimal()) for line in lines), Decimal())


def _totals(outcome: Outcome) -> str:
    from ...text import as_table

    audit, produced = outcome.audit, outcome.produced
    counted = sum((window.revenue for window in audit.windows), Decimal())
    rows = [
        {
            "what": "Sales events",
            "produced": produced["sales_events"],
            "counted": audit.counts["counted"],
        },
        {"what": "Revenue", "produced": Decimal(produced["tot_sales"]), "counted": counted},
    ]
    return as_table(rows, {"what": "", "produced": "Produced", "counted": "Counted"})


def _steps(seconds: Mapping[str, float]) -> str:
    from ...text import as_table

    rows: list[dict[str, Any]] = [
        {"step": name, "seconds": Decimal(f"{took:.1f}")} for name, took in seconds.items()
    ]
    total = {"step": "Total", "seconds": Decimal(f"{sum(seconds.values()):.1f}")}
    return as_table([*rows, total], {"step": "Step", "seconds": "Seconds"}, totals=1)
