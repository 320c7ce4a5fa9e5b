"""State that a program has no place for: how Flink says so, what it means, and the way out.

Flink finds an operator's state again by the operator's place in the plan, and reads it by the types
that the plan gives it.
"""

from __future__ import annotations

import re

_SAID = re.compile(r"allowNonRestoredState|Failed to rollback to|StateMigration|state serializer")
MEANING = (
    "The program has changed so that the state of the one before does not fit it any more: the "
    "sales of the windows that are open have no place in it. An aggregate, a key or a step that is "
    "new or gone does that; another filter or another expression for a column does not. To skip "
    "that state, as Flink proposes, would lose them."
)
REREAD = (
    "It reads the stream again from its oldest record. Windows that were written before come "
    "again, the oldest from a part of its events; rows that differ from those before contradict "
    "them, and verify says so"
)
# After an update that was taken back: the application runs as before it.
WAY_OUT = (
    "take the change back; or: miztiik-events stop-analytics, then deploy, then start-analytics "
    f"--from none. {REREAD}"
)


def is_told(text: str) -> bool:
    """Whether it is the reason in what Flink says."""
    return bool(_SAID.search(text))
