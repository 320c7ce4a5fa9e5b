"""What Flink says when a program has no place for the state of the one before."""

from __future__ import annotations

import pytest

from miztiik_events.analytics import failures

# What Flink 1.20 said when windows.sql got another step, and another key.
OPERATOR = (
    "java.lang.IllegalStateException: Failed to rollback to checkpoint/savepoint file:/s. Cannot "
    "map checkpoint/savepoint state for operator 10312d0c6934f021623f19922110a6ff to the new "
    "program, because the operator is not available in the new program. If you want to allow to "
    "skip this, you can set the --allowNonRestoredState option on the CLI."
)
KEY = (
    "org.apache.flink.util.StateMigrationException: The new key serializer "
    "(org.apache.flink.table.runtime.typeutils.RowDataSerializer@94bd0021) must be compatible with "
    "the previous key serializer (org.apache.flink.table.runtime.typeutils.RowDataSerializer@6c)."
)


@pytest.mark.parametrize("said", [OPERATOR, KEY])
def test_state_that_does_not_fit_is_known_by_what_flink_says(said: str) -> None:
    assert failures.tells_of_misfit(f"UPDATE_FAILED: The application did not run again: {said}")


def test_other_failures_are_not_taken_for_it() -> None:
    assert not failures.tells_of_misfit(
        "org.apache.flink.table.api.ValidationException: SQL validation failed"
    )
