"""How failures are shown: the cause, where it is, and one next command."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ...operate.diagnosis import Failure


def shown(failures: Sequence[Failure], form: str, *, color: bool) -> str:
    """The failures as `table` (text for a person), `json`, or `ndjson` (an object each)."""
    from ...text import as_json

    if form == "json":
        return as_json([asdict(failure) for failure in failures], indent=2)
    if form == "ndjson":
        return "\n".join(as_json(asdict(failure)) for failure in failures)
    text = "\n\n".join("\n".join(_lines(failure)) for failure in failures)
    return text if color else click.unstyle(text)


def _lines(failure: Failure) -> Iterator[str]:
    from ...text import printable

    title = f"{failure.subject}  {failure.status}  {failure.at:%Y-%m-%d %H:%M:%S} UTC"
    yield click.style(printable(title), bold=True, fg="yellow" if failure.is_over else "red")
    if failure.logical_id:
        yield printable(f"  {failure.logical_id} ({failure.type})")
    yield from textwrap.wrap(
        printable(" ".join(failure.reason.split())),
        shutil.get_terminal_size().columns,
        initial_indent="  ",
        subsequent_indent="  ",
        # An ARN or a URL stays in one piece, to be copied.
        break_long_words=False,
        break_on_hyphens=False,
    )
    if failure.place:
        yield f"  {failure.place}"
    yield f"  Next: {failure.next_step}"
