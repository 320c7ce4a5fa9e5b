"""What to do next: only commands that have something to work on in the project."""

from __future__ import annotations

from collections.abc import Mapping

from ..cloudformation import stacks
from ..text import command

AGAIN = "start-analytics --from TIME"
_NEEDED = {
    "dashboard": stacks.DATA_STORE,
    "open flink": stacks.ANALYTICS,
    "produce": stacks.PRODUCER,
    "start-analytics": stacks.ANALYTICS,
    AGAIN: stacks.RECOMPUTATION,
    "verify": stacks.SALES_STREAM,
}


def possible(words: str, outputs: Mapping[str, str], project: str) -> str:
    """What a person types for this project; empty without the output that the command works on."""
    return command(words, project) if _NEEDED[words] in outputs else ""


def of_rest(
    status: str | None, outputs: Mapping[str, str], project: str, words: str = "start-analytics"
) -> str:
    """What starts an application of this status; empty unless it rests.

    In any other state it runs, is about to, or is not to be helped by a start.
    """
    return possible(words, outputs, project) if status == "READY" else ""
