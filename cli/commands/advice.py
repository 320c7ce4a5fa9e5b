"""What to do next: only commands that have something to work on in the project."""

from __future__ import annotations

from collections.abc import Mapping


def possible(words: str, outputs: Mapping[str, str], project: str) -> str:
    """What a person types for this project; empty without the output that the command works on."""
    from ..cloudformation import stacks
    from ..text import command

    needed = {
        "dashboard": stacks.DATA_STORE,
        "open flink": stacks.ANALYTICS,
        "produce": stacks.PRODUCER,
        "start-analytics": stacks.ANALYTICS,
    }
    return command(words, project) if needed[words] in outputs else ""
