"""Text for people and for programs: tables, JSON, NDJSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any


def as_json(value: Any, indent: int | None = None) -> str:
    """JSON text; decimals stay exact numbers, datetimes become ISO 8601."""
    return json.dumps(value, indent=indent, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"no JSON form for {type(value).__name__}")


def as_table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], totals: int = 0) -> str:
    """Rows under headed columns; numbers are flush right, the last `totals` rows under a rule.

    `columns` maps each key of a row to its heading.
    """
    cells = [[_cell(row.get(key)) for key in columns] for row in rows]
    headings = list(columns.values())
    widths = [max(len(line[i]) for line in [headings, *cells]) for i in range(len(headings))]
    numeric = [
        all(isinstance(row.get(key), (int, float, Decimal, type(None))) for row in rows)
        for key in columns
    ]

    def line(texts: Sequence[str]) -> str:
        padded = (
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(texts, widths, numeric)
        )
        return "  ".join(padded).rstrip()

    rule = "  ".join("─" * width for width in widths)
    body = [line(texts) for texts in cells]
    if totals:
        body.insert(len(body) - totals, rule)
    return "\n".join([line(headings), rule, *body])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return printable(str(value))


def printable(text: str) -> str:
    """The text without control characters, so that data cannot steer a terminal."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
