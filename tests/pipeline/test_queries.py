"""Athena's queries, with botocore's Stubber: what is told of a failure, and what is stopped."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from miztiik_events.errors import QueryError, WaitTimeoutError
from miztiik_events.patience import Patience
from miztiik_events.pipeline import queries
from miztiik_events.pipeline.queries import WorkGroup
from stubs import Answer, Refusal, stubbed

SQL = "SELECT city,\n  amont\nFROM sales"
WHOLE = ["  | SELECT city,", "  |   amont", "  | FROM sales"]
ID = {"QueryExecutionId": "query-1"}


def start(sql: str = SQL) -> Answer:
    request = {
        "QueryString": sql,
        "WorkGroup": "group",
        "QueryExecutionContext": {"Database": "lake"},
    }
    return Answer("start_query_execution", ID, request)


def state(name: str, reason: str = "", kind: str = "DML", **statistics: int) -> Answer:
    execution: dict[str, Any] = {
        **ID,
        "StatementType": kind,
        "Status": {"State": name, "StateChangeReason": reason},
        "Statistics": statistics,
    }
    return Answer("get_query_execution", {"QueryExecution": execution}, ID)


def page(rows: list[list[str | None]], types: dict[str, str], token: str = "") -> dict[str, Any]:
    columns = [{"Name": name, "Type": type_} for name, type_ in types.items()]
    data = [
        {"Data": [{} if text is None else {"VarCharValue": text} for text in row]} for row in rows
    ]
    answer: dict[str, Any] = {
        "ResultSet": {"Rows": data, "ResultSetMetadata": {"ColumnInfo": columns}}
    }
    return {**answer, "NextToken": token} if token else answer


def run(*answers: Answer | Refusal, seconds: float = 60, sql: str = SQL) -> queries.Answer:
    with stubbed("athena", *answers) as athena:
        return queries.run(WorkGroup(athena, "group", "lake"), sql, Patience(seconds))


def test_rows_of_all_pages_come_with_their_types() -> None:
    types = {
        "name": "varchar",
        "count": "bigint",
        "sum": "decimal(38,2)",
        "share": "double",
        "is_late": "boolean",
    }
    first = page([list(types), ["a", "7", "1.10", "0.5", "true"]], types, "more")
    second = page([["b", None, None, "NaN", "false"]], types)
    answers = [
        start(),
        state("QUEUED"),
        state("RUNNING"),
        state("SUCCEEDED", DataScannedInBytes=5, TotalExecutionTimeInMillis=1500),
        Answer("get_query_results", first),
        Answer("get_query_results", second),
    ]
    with stubbed("athena", *answers) as athena:
        answer = queries.run(WorkGroup(athena, "group", "lake"), SQL, Patience(60))
        assert list(answer.rows()) == [
            ["a", 7, Decimal("1.10"), 0.5, True],
            ["b", None, None, "NaN", False],
        ]
    assert (answer.columns, answer.scanned, answer.seconds) == (tuple(types), 5, 1.5)


def test_what_is_no_select_has_no_row_of_names() -> None:
    answers = [
        start("SHOW TABLES"),
        state("SUCCEEDED", kind="UTILITY"),
        Answer("get_query_results", page([["sales"]], {"tab_name": "string"})),
    ]
    assert list(run(*answers, sql="SHOW TABLES").rows()) == [["sales"]]


def test_a_failure_is_told_with_the_line_and_the_column() -> None:
    reason = "COLUMN_NOT_FOUND: line 2:3: Column 'amont' cannot be resolved"
    with pytest.raises(QueryError) as raised:
        run(start(), state("FAILED", reason))
    assert str(raised.value).splitlines() == [
        f"Athena could not run the query: {reason}",
        "  2 |   amont",
        "        ^",
    ]


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("Query exhausted resources", WHOLE),
        ("line 9:1: beyond the query", WHOLE),
        ("line 0:0: nowhere", WHOLE),
        ("line 2:3: mismatched input", ["  2 |   amont", "        ^"]),
    ],
)
def test_a_refusal_is_told_with_its_place_where_it_has_one_or_else_the_query(
    reason: str, shown: list[str]
) -> None:
    refusal = Refusal("start_query_execution", "InvalidRequestException", reason)
    with pytest.raises(QueryError) as raised:
        run(refusal)
    assert str(raised.value).splitlines() == [f"Athena refused the query: {reason}", *shown]


def test_of_a_long_query_the_beginning_is_shown() -> None:
    sql = "\n".join(f"-- {number}" for number in range(queries.MOST_LINES + 7))
    with pytest.raises(QueryError) as raised:
        run(start(sql), state("FAILED", "no luck"), sql=sql)
    first, *shown, last = str(raised.value).splitlines()
    assert first == "Athena could not run the query: no luck"
    assert (len(shown), shown[0], last) == (queries.MOST_LINES, "  | -- 0", "… and 7 lines more")


def test_of_a_very_long_line_the_part_around_the_column_is_shown() -> None:
    sql = "SELECT " + "a, " * 200 + "bad FROM sales"
    column = sql.index("bad") + 1
    with pytest.raises(QueryError) as raised:
        run(start(sql), state("FAILED", f"line 1:{column}: no bad"), sql=sql)
    _, line, mark = str(raised.value).splitlines()
    assert len(line) <= queries.LONGEST_LINE + len("  1 | ")
    assert line[mark.index("^") :].startswith("bad FROM")


def test_what_is_not_done_in_time_is_stopped() -> None:
    stop = Answer("stop_query_execution", {}, ID)
    with pytest.raises(WaitTimeoutError, match="was stopped"):
        run(start(), state("RUNNING"), stop, seconds=0)


def test_ctrl_c_stops_the_query() -> None:
    with stubbed("athena", start(), Answer("stop_query_execution", {}, ID)) as athena:

        def interrupted(**_: Any) -> Any:
            raise KeyboardInterrupt

        athena.get_query_execution = interrupted
        with pytest.raises(KeyboardInterrupt):
            queries.run(WorkGroup(athena, "group", "lake"), SQL, Patience(60))


def test_a_query_that_somebody_cancelled_is_told() -> None:
    with pytest.raises(QueryError, match="was cancelled: by an administrator"):
        run(start(), state("CANCELLED", "by an administrator"))


def test_the_saved_queries_of_all_pages_come_by_name() -> None:
    names = ["two", "one"]
    listed = [
        Answer("list_named_queries", {"NamedQueryIds": ["2"], "NextToken": "more"}),
        Answer("list_named_queries", {"NamedQueryIds": ["1"]}),
    ]
    found = [{"Name": name, "Database": "lake", "QueryString": "SELECT 1"} for name in names]
    batch = Answer("batch_get_named_query", {"NamedQueries": found}, {"NamedQueryIds": ["2", "1"]})
    with stubbed("athena", *listed, batch) as athena:
        saved = queries.saved(WorkGroup(athena, "group", "lake"))
    assert [query.name for query in saved] == ["one", "two"]
