"""The one line that tells why, out of the pages that Flink and Python write when they fail."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

LONGEST = 1000
# Python's bridge to Java writes the first exception of a trace after a bare colon. Calcite, Flink's
# SQL parser, says the same once more without the place in the SQL, or that it is about SQL at all.
_CAUSE = re.compile(r"(Caused by)?: (?!org\.apache\.calcite\.)")
# What Flink's client adds when a Python program has failed; it says nothing new.
PROGRAM_ENDED = "java.lang.RuntimeException: Python process exits"
# The SQL parser goes on with every word that it would have taken instead.
_EXPECTATIONS = " Was expecting one of:"
_ADVICE = "Use the help option"


def of_stack_trace(text: str) -> str:
    """The innermost cause of a Java stack trace, else its first line; it may be empty."""
    lines = [line for line in text.splitlines() if line.strip()]
    return _innermost(lines) or "".join(lines[:1]).strip()[:LONGEST]


def of_program(lines: Sequence[str]) -> str:
    """Why a program failed, out of all that it and Flink's client wrote.

    The innermost Java cause if there is one, else the last line of the Python traceback.
    """
    own = list(takewhile(lambda line: PROGRAM_ENDED not in line, lines))
    said = [
        line
        for line in own
        if line.strip() and not line[0].isspace() and not line.startswith(_ADVICE)
    ]
    return _innermost(own) or "".join(said[-1:])[:LONGEST] or "The program ended without a word"


def _innermost(lines: Sequence[str]) -> str:
    starts = [number for number, line in enumerate(lines) if _CAUSE.match(line)]
    if not starts:
        return ""
    # The message may have several lines; it ends where the stack begins.
    message = takewhile(lambda line: not line.startswith("\tat "), lines[starts[-1] :])
    text = _CAUSE.sub("", " ".join(line.strip() for line in message), count=1)
    return text.partition(_EXPECTATIONS)[0][:LONGEST]
