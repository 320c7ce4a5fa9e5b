"""Lines made of cells: below each other in columns, in colours, cut to the terminal's width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

# A text, and its colour.
Cell = tuple[str, str]


def padded(table: Sequence[Sequence[Cell]]) -> Iterator[list[Cell]]:
    """The rows with their cells one below the other, without columns that are empty."""
    widths = [max(len(text) for text, _ in column) for column in zip(*table)]
    for row in table:
        last = max(i for i, (text, _) in enumerate(row) if text)
        yield [
            (text.ljust(width if i < last else 0), color)
            for i, ((text, color), width) in enumerate(zip(row, widths))
            if width and i <= last
        ]


def fitted(cells: Sequence[Cell], width: int) -> str:
    """The cells beside each other in their colours, cut to the width."""
    shown = []
    for text, color in cells:
        cut = text if len(text) <= width else f"{text[: max(width - 1, 0)]}…"[:width]
        shown.append(click.style(cut, fg=color) if color else cut)
        width -= len(cut)
    return "".join(shown)


def spelled(seconds: float) -> str:
    """A time for a person: `12 s`, `2 m 05 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} m {rest:02} s" if minutes else f"{rest} s"
