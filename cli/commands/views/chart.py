"""Small charts of block characters, for a terminal that can draw them."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from decimal import Decimal

BARS, STEPS = " ▏▎▍▌▋▊▉█", " ▁▂▃▄▅▆▇█"
WIDEST_COLUMN = 4


def is_possible() -> bool:
    """Whether stdout is a terminal that has block characters."""
    if not sys.stdout.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        return False
    try:
        (BARS + STEPS).encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def bar(value: Decimal, most: Decimal, width: int) -> str:
    """A bar from left to right, `width` long for `most`; none for what is not above zero."""
    full, rest = divmod(_eighths(value, most, width), 8)
    return "█" * full + BARS[rest].strip()


def columns(values: Sequence[Decimal], width: int, height: int) -> list[str]:
    """The lines of a column chart, the highest value filling its height; the last that fit in."""
    each = min(max(width // max(len(values), 1), 1), WIDEST_COLUMN)
    gap = " " if each > 1 else ""
    values = values[-(width // each) :]
    most = max(values, default=Decimal())
    levels = [_eighths(value, most, height) for value in values]
    return [
        "".join(
            STEPS[min(max(level - 8 * line, 0), 8)] * (each - len(gap)) + gap for level in levels
        )
        for line in reversed(range(height))
    ]


def _eighths(value: Decimal, most: Decimal, length: int) -> int:
    """Of the length, in eighths of a character; the least that there is for the smallest value."""
    if value <= 0 or most <= 0:
        return 0
    return max(round(8 * length * value / most), 1)
