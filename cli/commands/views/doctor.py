"""How the findings of `doctor` are shown: a line each, and the way out below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ...operate.doctor import Finding

COLORS = {"well": "green", "warning": "yellow", "wrong": "red", "unknown": "yellow"}
LEVEL_WIDTH, SUBJECT_WIDTH = 7, 11


def shown(findings: Sequence[Finding], form: str, *, color: bool) -> str:
    """The findings as `table` (text for a person), `json`, or `ndjson` (an object each)."""
    from ...text import written

    if form != "table":
        return written([asdict(finding) for finding in findings], form)
    text = "\n".join(line for finding in findings for line in _lines(finding))
    return text if color else click.unstyle(text)


def _lines(finding: Finding) -> Iterator[str]:
    from ...text import printable

    level = click.style(finding.level.ljust(LEVEL_WIDTH), fg=COLORS[finding.level])
    next_step = f". Next: {finding.next_step}" if finding.next_step else ""
    text = printable(f"{finding.text}{next_step}")
    yield f"{level}  {finding.subject.ljust(SUBJECT_WIDTH)}  {text}"
