"""Athena's tables: which partitions there are; what is wrong with a query, in Athena's words."""

from __future__ import annotations

import duckdb
import pytest

from miztiik_events.local.gaps import athena_tables

DAYS = {
    "projection.day.type": "date",
    "projection.day.format": "yyyy/MM/dd",
    "projection.day.range": "2026/01/01,NOW",
    "projection.hour.type": "integer",
    "projection.hour.range": "0,23",
    "projection.hour.digits": "2",
    "projection.kind.type": "enum",
    "projection.kind.values": "a,b",
    "projection.store.type": "injected",
}


@pytest.mark.parametrize(
    ("name", "value", "there"),
    [
        ("day", "2026/01/01", True),
        ("day", "2025/12/31", False),
        ("day", "2999/01/01", False),
        ("day", "2026/1/01", False),
        ("day", "2026-01-01", False),
        ("day", "2026/02/30", False),
        ("hour", "00", True),
        ("hour", "23", True),
        ("hour", "24", False),
        ("hour", "7", False),
        ("hour", "x7", False),
        ("kind", "b", True),
        ("kind", "c", False),
        ("store", "anything", True),
        ("other", "2026", False),
    ],
)
def test_a_partition_is_there_when_the_properties_make_it(
    name: str, value: str, there: bool
) -> None:
    assert athena_tables.is_projected(DAYS, name, value) is there


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT 1", ""),
        ("SELECT a FROM\n  WHERE x", "line 2:3: mismatched input 'WHERE'"),
        ("SELEC 1", "line 1:"),
        ("SELECT 'a", "line 1:"),
        ("", "Query string cannot be empty."),
        ("-- nothing", "Query string cannot be empty."),
        ("SELECT 1; SELECT 2", "Only one sql statement is allowed."),
        ("SELECT 1;", ""),
    ],
)
def test_a_query_that_cannot_be_parsed_is_told_with_its_place(query: str, said: str) -> None:
    error = athena_tables.syntax_error(query)
    assert error.startswith(said)
    assert bool(error) is bool(said)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT\n  a, b FROM t", "COLUMN_NOT_FOUND: line 2:6: Column 'b' cannot be resolved"),
        (
            "SELECT a FROM\nnowhere",
            "TABLE_NOT_FOUND: line 2:1: Table 'awsdatacatalog.lake.nowhere'",
        ),
        ("SELECT frob(a) FROM t", "FUNCTION_NOT_FOUND: line 1:8: Function 'frob' not registered"),
        ("SELECT CAST('x' AS INTEGER)", "GENERIC_USER_ERROR: Conversion Error"),
    ],
)
def test_a_query_that_fails_is_told_as_athena_tells_it(query: str, said: str) -> None:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE t (a INTEGER)")
    with pytest.raises(duckdb.Error) as raised:
        connection.execute(query)
    assert athena_tables.reason(raised.value, query, "lake").startswith(said)
