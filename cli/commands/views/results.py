"""How results are shown: as a table with a chart, as CSV, or as they are in the data store."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ...text import breadth, cell, padded_to, printable, shortened
from . import chart

if TYPE_CHECKING:
    from ...pipeline.results import Row

FIELDS = (
    "store_id",
    "timestamp",
    "window_start",
    "revenue",
    "orders",
    "returns",
    "returned_revenue",
)
TIMES = {"window_start": "Window's start (UTC)", "timestamp": "Window's end (UTC)"}
SHORT_TIMES = {"window_start": "Start (UTC)", "timestamp": "End (UTC)"}
FIGURES = {
    "revenue": "Revenue",
    "returned_revenue": "Returned",
    "net": "Net",
    "orders": "Orders",
    "returns": "Returns",
}
# What is left out, one after the other, where a terminal is too narrow; Net stays.
LEAST = ("returns", "orders", "returned_revenue", "revenue")
GAP = 2
# In a time such as 2026-11-24 15:00:00.000: where its day and its clock begin, where it may end.
DAY, CLOCK = 5, 11
ENDS = {10: " 00:00:00.000", 16: ":00.000", 19: ".000"}
FOLLOWED = {
    "revenue": 13,
    "returned_revenue": 12,
    "net": 13,
    "orders": 7,
    "returns": 7,
}
FOLLOWED_NAME, FOLLOWED_END = 12, 19
SHORTEST_BAR, LONGEST_BAR, CHART_HEIGHT = 6, 40, 4
USUAL_WIDTH = 80


def records(rows: Iterable[Row], form: str, *, are_stored: bool) -> str:
    """`ndjson` or `json`: the very lines of the data store, or sums with the same fields."""
    # Not through as_json: the numbers are to stay as they were written.
    lines = [row.text if are_stored else _record(row) for row in rows]
    if form == "ndjson":
        return "\n".join(lines)
    return "[" + ",".join(f"\n  {line}" for line in lines) + "\n]"


def _record(row: Row) -> str:
    from ...text import as_json

    return as_json({**{name: getattr(row, name) for name in FIELDS}, "net_revenue": row.net})


def as_csv(rows: Iterable[Row]) -> str:
    """A line of names, and a line for each row."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*FIELDS, "net_revenue"])
    for row in rows:
        store_id, *others = (getattr(row, name) for name in FIELDS)
        writer.writerow([printable(store_id), *map(_plain, others), _plain(row.net)])
    return text.getvalue().rstrip("\n")


def _plain(value: Any) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


@dataclass(frozen=True)
class Layout:
    """The columns that fit, and which part of a time and how much of a store's name they show."""

    times: Mapping[str, str]
    part: slice
    name: int
    figures: Mapping[str, str]

    @property
    def headings(self) -> dict[str, str]:
        return {**self.times, "store_id": "Store", **self.figures}

    def breadths(self, name: int, figures: Mapping[str, int]) -> list[int]:
        """How many columns of the terminal each takes, by those of a name and of the figures."""
        wide = {
            **{time: len("2026-11-24 15:00:00.000"[self.part]) for time in self.times},
            "store_id": min(name, self.name),
            **figures,
        }
        return [max(wide[column], len(text)) for column, text in self.headings.items()]

    def cells(self, row: Row) -> dict[str, Any]:
        return {
            **{name: getattr(row, name)[self.part] for name in self.times},
            "store_id": shortened(printable(row.store_id), self.name),
            **{name: getattr(row, name) for name in self.figures},
        }


def layouts(times: Mapping[str, str], end: int) -> Iterator[Layout]:
    """From the widest to the narrowest; times end at that character."""
    short = {
        name: SHORT_TIMES[name] if text in TIMES.values() else text for name, text in times.items()
    }
    yield Layout(times, slice(0, end), 32, FIGURES)
    for left_out in range(len(LEAST) + 1):
        figures = {name: text for name, text in FIGURES.items() if name not in LEAST[:left_out]}
        yield Layout(short, slice(DAY, end), 24, figures)
        yield Layout(short, slice(DAY, end), 12, figures)
    last = dict([*short.items()][-1:])
    yield Layout(last, slice(DAY, end), 12, figures)
    yield Layout(last, slice(CLOCK if end > CLOCK else DAY, end), 10, figures)


@dataclass(frozen=True)
class Followed:
    """A table whose rows come one by one, in columns of a width that most of them fit into."""

    layout: Layout

    @classmethod
    def fitting(cls, width: int | None) -> Followed:
        # A later window may have another length: only its start tells which it is.
        end = {"timestamp": TIMES["timestamp"]}
        possible = [next(layouts(TIMES, FOLLOWED_END)), *layouts(end, FOLLOWED_END)]
        tables = [cls(replace(one, name=min(one.name, FOLLOWED_NAME))) for one in possible]
        fitting = (table for table in tables if not width or _across(table._breadths) <= width)
        return next(fitting, tables[-1])

    @property
    def heading(self) -> str:
        return self._line(list(self.layout.headings.values()))

    def line(self, row: Row) -> str:
        return self._line([cell(value) for value in self.layout.cells(row).values()])

    @property
    def _breadths(self) -> list[int]:
        return self.layout.breadths(FOLLOWED_NAME, FOLLOWED)

    def _line(self, cells: Sequence[str]) -> str:
        flush_right = [name in FIGURES for name in self.layout.headings]
        padded = map(padded_to, self._breadths, cells, flush_right)
        return (" " * GAP).join(padded).rstrip()


@dataclass(frozen=True)
class Table:
    """Rows under headings, their total and a chart, on a terminal of this width (None: no end).

    `by` is `window`, `hour` or `day`; with None the rows are stores, over the whole time. `course`
    has the rows of the windows, for the chart of that time.
    """

    rows: Sequence[Row]
    by: str | None
    width: int | None = None
    course: Sequence[Row] = ()

    def __str__(self) -> str:
        from ...text import as_table

        layout = self._layout
        lines = [layout.cells(row) for row in self.rows]
        text = as_table([*lines, self._total(layout)], layout.headings, totals=1)
        if not self.course:
            return text
        drawn, width = text.split("\n"), self.width or USUAL_WIDTH
        if len(_times(self.rows)) == 1:
            drawn = [*_with_bars(drawn, self.rows, width)]
        if len(_times(self.course)) > 1:
            drawn += ["", *_columns(self.course, self.by or "window", width)]
        return "\n".join(drawn)

    @property
    def _layout(self) -> Layout:
        everything = [*layouts(self._times, _end(self.rows))]
        if not self.width:
            return everything[0]
        fitting = (layout for layout in everything if self._breadth(layout) <= self.width)
        return next(fitting, everything[-1])

    @property
    def _times(self) -> dict[str, str]:
        from ...pipeline import results

        if self.by == "window":
            names = [*TIMES] if results.have_several_lengths(self.rows) else ["timestamp"]
            return {name: TIMES[name] for name in names}
        return {"window_start": f"{self.by.capitalize()} (UTC)"} if self.by else {}

    def _breadth(self, layout: Layout) -> int:
        return _across(layout.breadths(self._name, self._figures))

    @cached_property
    def _name(self) -> int:
        return max(breadth(printable(row.store_id)) for row in self.rows)

    @cached_property
    def _figures(self) -> dict[str, int]:
        rows = [*self.rows, self._whole]
        return {name: max(len(cell(getattr(row, name))) for row in rows) for name in FIGURES}

    @cached_property
    def _whole(self) -> Row:
        from ...pipeline import revenue

        return revenue.total(self.rows, "", "", "")

    def _total(self, layout: Layout) -> dict[str, Any]:
        figures = {name: getattr(self._whole, name) for name in layout.figures}
        return {next(iter(layout.headings)): "Total", **figures}


def _across(breadths: Sequence[int]) -> int:
    return sum(breadths) + GAP * (len(breadths) - 1)


def _with_bars(lines: Sequence[str], rows: Sequence[Row], width: int) -> Iterator[str]:
    """The lines of a table, and after those of its rows a bar for each row's net revenue."""
    across = max(map(breadth, lines))
    spare = min(width - across - GAP - 1, LONGEST_BAR)
    most = max(row.net for row in rows)
    for number, line in enumerate(lines, -2):
        has_bar = 0 <= number < len(rows) and spare >= SHORTEST_BAR
        bar = chart.bar(rows[number].net, most, spare) if has_bar else ""
        yield f"{line}{' ' * (across - breadth(line) + GAP)}{bar}" if bar else line


def _columns(rows: Sequence[Row], by: str, width: int) -> list[str]:
    """Net revenue over time, all stores together."""
    spans = _spans(rows, width - 1)
    lines = chart.columns([net for _, net in spans], width - 1, CHART_HEIGHT)
    first, last = (time[DAY : _end(rows)] for time in (spans[0][0], spans[-1][0]))
    most = max(net for _, net in spans)
    return [
        f"Net revenue by {by}, at most {most:,.2f}"[:width],
        *(line.rstrip() for line in lines),
        f"{first} to {last}",
    ]


def _times(rows: Iterable[Row]) -> set[tuple[str, str]]:
    return {(row.window_start, row.timestamp) for row in rows}


def _spans(rows: Sequence[Row], most: int) -> list[tuple[str, Decimal]]:
    """The start of each of the last spans, and its net revenue: zero where nothing was sold."""
    from ...pipeline import results, windowing

    nets: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        nets[row.window_start] += row.net
    if results.have_several_lengths(rows):
        return sorted(nets.items())[-most:]
    length = windowing.read(rows[0].timestamp) - windowing.read(rows[0].window_start)
    last = windowing.read(max(nets))
    first = max(windowing.read(min(nets)), last - (most - 1) * length)
    starts = map(windowing.written, range(first, last + 1, max(length, 1)))
    return [(start, nets.get(start, Decimal())) for start in starts]


def _end(rows: Sequence[Row]) -> int:
    """Where the times can end: with what is not nought in all of them."""
    times = {time for row in rows for time in (row.timestamp, row.window_start)}
    return next((at for at, tail in ENDS.items() if all(t.endswith(tail) for t in times)), 23)
