"""The one line that tells why, out of what Flink and Python wrote; all from real failures."""

from __future__ import annotations

import pytest

from miztiik_events.analytics import log

TRACE = "a.B: outer\n\tat c\nCaused by: d.E: the cause\nof two lines\n\tat f\n\t... 3 more"
SQL = """\
Traceback (most recent call last):
  File "main.py", line 111, in <module>
    prepare(fill_in(read_program(), read_groups(PROPERTIES))).execute()
py4j.protocol.Py4JJavaError: An error occurred while calling o9.executeSql.
: org.apache.flink.table.api.ValidationException: SQL validation failed. From line 5, column 1 \
to line 5, column 7: Column 'amout' not found in any table
\tat org.apache.flink.table.planner.calcite.FlinkPlannerImpl
Caused by: org.apache.calcite.runtime.CalciteContextException: From line 5, column 1
\tat java.base/jdk.internal.reflect.NativeConstructorAccessorImpl
Caused by: org.apache.calcite.sql.validate.SqlValidatorException: Column 'amout' not found
\tat java.base
org.apache.flink.client.program.ProgramAbortException: java.lang.RuntimeException: Python process \
exits with code: 1
Caused by: java.lang.RuntimeException: Python process exits with code: 1
"""
MISSING = """\
Traceback (most recent call last):
  File "main.py", line 60, in fill_in
MissingPropertyError: windows.sql needs the property 'source'
Use the help option (-h or --help) to get help on the command.
"""


@pytest.mark.parametrize(
    ("trace", "expected"),
    [
        (TRACE, "d.E: the cause of two lines"),
        (
            "a.B: outer\n\tat c\nCaused by: d.E: not a line of its own\n\t... 3 more",
            "d.E: not a line of its own",
        ),
        (" a.B: alone\n\tat c", "a.B: alone"),
        ("", ""),
    ],
)
def test_the_innermost_cause_of_a_stack_trace(trace: str, expected: str) -> None:
    assert log.of_stack_trace(trace) == expected


def test_wrong_sql_is_told_with_its_place() -> None:
    assert log.of_program(SQL.splitlines()) == (
        "org.apache.flink.table.api.ValidationException: SQL validation failed. From line 5, "
        "column 1 to line 5, column 7: Column 'amout' not found in any table"
    )


def test_what_the_parser_would_have_taken_instead_is_left_out() -> None:
    place = 'o.ParseException: Encountered "(" at line 11, column 9.'
    trace = f'a: b\n\tat c\nCaused by: {place}\nWas expecting one of:\n    "ROW" ...\n\tat d'
    assert log.of_stack_trace(trace) == place


def test_a_program_that_raised_is_told_by_the_end_of_its_traceback() -> None:
    expected = "MissingPropertyError: windows.sql needs the property 'source'"
    assert log.of_program(MISSING.splitlines()) == expected


def test_a_program_that_said_nothing_has_not_much_of_a_cause() -> None:
    assert log.of_program([]) == "The program ended without giving a reason"
