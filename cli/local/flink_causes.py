"""The one line that tells why, out of the pages that Flink and Python write when they fail."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

LONGEST = 1000
_CAUSE = "Caused by: "
# What Flink's client adds when a Python program has failed; it says nothing new.
_PROGRAM_ENDED = (
    "org.apache.flink.client.program.ProgramAbortException: java.lang.RuntimeException: "
    "Python process exits"
)
_ADVICE = "Use the help option"


def of_stack_trace(text: str) -> str:
    """The innermost cause of a Java stack trace, else its first line."""
    lines = [line for line in text.splitlines() if line.strip()]
    return _innermost(lines) or "".join(lines[:1])[:LONGEST]


def of_program(lines: Sequence[str]) -> str:
    """Why a program failed, out of all that it and Flink's client wrote.

    The innermost Java cause if there is one, else the last line of the Python traceback.
    """
    own = list(takewhile(lambda line: not line.startswith(_PROGRAM_ENDED), lines))
    said = [
        line
        for line in own
        if line.strip() and not line[0].isspace() and not line.startswith(_ADVICE)
    ]
    return _innermost(own) or "".join(said[-1:])[:LONGEST] or "The program ended without a word"


def _innermost(lines: Sequence[str]) -> str:
    starts = [number for number, line in enumerate(lines) if line.startswith(_CAUSE)]
    if not starts:
        return ""
    # The message may have several lines; it ends where the stack begins.
    message = takewhile(lambda line: not line.startswith("\tat "), lines[starts[-1] :])
    return " ".join(line.strip() for line in message)[len(_CAUSE) :][:LONGEST]
