"""How the stacks' outputs are shown: as a table, or below their names where that is too wide."""

from __future__ import annotations

from collections.abc import Mapping

HEADINGS = {"output": "Output", "value": "Value"}


def shown(outputs: Mapping[str, str], form: str, width: int | None = None) -> str:
    """As `table` on a terminal of that width (None: no end), `json`, one object, or `ndjson`."""
    from ...text import as_json, as_table, breadth, printable

    if form == "json":
        return as_json(outputs, indent=2)
    rows = [{"output": name, "value": value} for name, value in sorted(outputs.items())]
    if form == "ndjson":
        return "\n".join(map(as_json, rows))
    table = as_table(rows, HEADINGS)
    if not width or max(map(breadth, table.split("\n"))) <= width:
        return table
    # A value is to be copied: the terminal may wrap it, nobody may shorten it.
    return "\n".join(f"{row['output']}\n  {printable(row['value'])}" for row in rows)
