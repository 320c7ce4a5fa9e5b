"""How results are shown: rows as a table, or as they are in the data store."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...pipeline.results import Row


# Shown when there are windows of several lengths: those may end together.
START = {"window_start": "Window's start (UTC)"}
COLUMNS = {
    "timestamp": "Window's end (UTC)",
    "store_id": "Store",
    "revenue": "Revenue",
    "orders": "Orders",
    "returns": "Returns",
    "returned_revenue": "Returned",
}


def line(cells: Sequence[Any]) -> str:
    """One line of a table whose rows are not known yet."""
    from ...text import printable

    texts = [
        f"{cell:,.2f}" if isinstance(cell, Decimal) else printable(str(cell)) for cell in cells
    ]
    start, end, store, *figures = texts
    return f"{start:<25}{end:<25}{store:<12}" + "".join(f"{figure:>14}" for figure in figures)


def shown(rows: Sequence[Row], form: str) -> str:
    from ...pipeline import results
    from ...text import as_table

    if form == "ndjson":
        return "\n".join(row.text for row in rows)
    if form == "json":
        # Not through as_json: the numbers are to stay as they were written.
        return "[" + ",".join(f"\n  {row.text}" for row in rows) + "\n]"
    if not rows:
        return ""
    columns = {**START, **COLUMNS} if results.have_several_lengths(rows) else COLUMNS
    table = [{name: getattr(row, name) for name in columns} for row in rows]
    total = {next(iter(columns)): "Total", **_total(rows)}
    return as_table([*table, total], columns, totals=1)


def _total(rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "revenue": sum((row.revenue for row in rows), Decimal()),
        "orders": sum(row.orders for row in rows),
        "returns": sum(row.returns for row in rows),
        "returned_revenue": sum((row.returned_revenue for row in rows), Decimal()),
    }
