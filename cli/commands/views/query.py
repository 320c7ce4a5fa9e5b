"""How the answer to a query is shown: a table, CSV, JSON; and what it cost."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any

from ...text import printable, size, written

if TYPE_CHECKING:
    from ...pipeline.queries import Answer, SavedQuery, Value

# What a screen can show; the other forms have all rows.
MOST_ROWS = 1000


def table(answer: Answer) -> str:
    """The first rows; a name of a column that comes twice does so here as well."""
    from ...text import as_table

    rows = list(islice(answer.rows(), MOST_ROWS + 1))
    headings = {str(number): printable(name) for number, name in enumerate(answer.columns)}
    shown = [
        {str(number): _cell(value) for number, value in enumerate(row)} for row in rows[:MOST_ROWS]
    ]
    text = as_table(shown, headings) if headings else ""
    if len(rows) > MOST_ROWS:
        text += f"\n… and more than these {MOST_ROWS:,} rows; --output csv has them all"
    return text


def lines(answer: Answer, form: str) -> Iterator[str]:
    """The rows as `csv`, or as an object a line; each as it comes."""
    if form == "csv":
        yield _csv(answer.columns)
        yield from (_csv(map(_plain, row)) for row in answer.rows())
        return
    names = unique(answer.columns)
    yield from (written([dict(zip(names, row))], form) for row in answer.rows())


def as_list(answer: Answer) -> str:
    """One list of JSON."""
    names = unique(answer.columns)
    return written([dict(zip(names, row)) for row in answer.rows()], "json")


def saved(queries: Sequence[SavedQuery], form: str) -> str:
    from ...text import as_table

    if form == "csv":
        rows = [("name", "description"), *((one.name, one.description) for one in queries)]
        return "\n".join(map(_csv, rows))
    if form != "table":
        return written([vars(one) for one in queries], form)
    columns = {"name": "Name", "description": "What it shows"}
    return as_table([vars(one) for one in queries], columns)


def footer(answer: Answer, cost: Decimal, *, is_local: bool) -> str:
    """How long it took, what it read, and what that costs."""
    if not answer.scanned:
        return f"{answer.seconds:.1f} s, nothing scanned"
    costs = "On AWS it costs" if is_local else "It costs"
    return (
        f"{answer.seconds:.1f} s, {size(answer.scanned)} scanned. {costs} about ${cost:.5f}: "
        "$5 a TB, 10 MB at least"
    )


def unique(columns: Sequence[str]) -> list[str]:
    """Names for an object's members: a name that comes again gets a number."""
    names: list[str] = []
    for column in columns:
        name, number = column, 1
        while name in names:
            number += 1
            name = f"{column}_{number}"
        names.append(name)
    return names


def _cell(value: Value) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal) and value.as_tuple().exponent != -2:
        # A table shows two digits after the point; these are more, or fewer.
        return f"{value:f}"
    return value


def _plain(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _csv(values: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([_one_line(value) for value in values])
    return text.getvalue()


def _one_line(value: str) -> str:
    # Control characters could steer a terminal; line breaks within quotes are CSV's own.
    return "\n".join(printable(line) for line in value.split("\n"))
