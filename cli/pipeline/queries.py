"""Athena's queries: run, stopped, told what is wrong with them; and those that are saved.

The only module that calls Athena.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Union

from ..errors import QueryError, WaitTimeoutError

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_athena.type_defs import QueryExecutionTypeDef, RowTypeDef

    from ..patience import Patience

Value = Union[str, int, Decimal, float, bool, None]

INTEGERS = ("tinyint", "smallint", "integer", "int", "bigint")
FLOATS = ("double", "float", "real")
# Of a line of SQL that is shown with an error.
LONGEST_LINE = 200
MOST_LINES = 20
_PLACE = re.compile(r"\bline (\d+):(\d+)")
# What BatchGetNamedQuery takes at once.
_BATCH = 50


@dataclass(frozen=True)
class SavedQuery:
    name: str
    description: str
    sql: str


@dataclass(frozen=True)
class WorkGroup:
    """Where queries run: the project's workgroup and, for names without a database, its own."""

    athena: AthenaClient
    name: str
    database: str


@dataclass(frozen=True)
class Answer:
    """What a query found. `columns` are in order, and a name can come twice; `scanned` in bytes."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    scanned: int
    seconds: float
    _pages: Iterator[list[RowTypeDef]] = field(repr=False)

    def rows(self) -> Iterator[list[Value]]:
        """Each row once, read as it is asked for."""
        for page in self._pages:
            for row in page:
                texts = [datum.get("VarCharValue") for datum in row["Data"]]
                yield [_value(text, type_) for text, type_ in zip(texts, self.types)]


def run(group: WorkGroup, sql: str, patience: Patience) -> Answer:
    """Run the query and wait for it; whatever ends the wait stops the query as well.

    Raises QueryError with Athena's reason, WaitTimeoutError when the time is over.
    """
    query = _start(group, sql)
    with _stopped_when_left(group, query):
        for _ in patience.looks("the query"):
            answer = group.athena.get_query_execution(QueryExecutionId=query)
            execution = answer["QueryExecution"]
            if execution["Status"]["State"] not in ("QUEUED", "RUNNING"):
                break
    return _answer(group, sql, execution)


def saved(group: WorkGroup) -> list[SavedQuery]:
    """The workgroup's saved queries, by name."""
    pages = group.athena.get_paginator("list_named_queries").paginate(WorkGroup=group.name)
    ids = [name for page in pages for name in page["NamedQueryIds"]]
    queries = [
        SavedQuery(query["Name"], query.get("Description", ""), query["QueryString"])
        for first in range(0, len(ids), _BATCH)
        for query in group.athena.batch_get_named_query(NamedQueryIds=ids[first : first + _BATCH])[
            "NamedQueries"
        ]
    ]
    return sorted(queries, key=lambda query: query.name)


def _start(group: WorkGroup, sql: str) -> str:
    try:
        answer = group.athena.start_query_execution(
            QueryString=sql,
            WorkGroup=group.name,
            QueryExecutionContext={"Database": group.database},
        )
    except group.athena.exceptions.InvalidRequestException as error:
        reason = str(error.response["Error"].get("Message", error))
        raise QueryError(f"Athena refused the query: {_told(reason, sql)}") from error
    return answer["QueryExecutionId"]


@contextmanager
def _stopped_when_left(group: WorkGroup, query: str) -> Iterator[None]:
    """Stop the query when the block is left before its end, by Ctrl-C as well: it costs money."""
    try:
        yield
    except WaitTimeoutError as error:
        group.athena.stop_query_execution(QueryExecutionId=query)
        raise WaitTimeoutError(
            "The query was not done in time, and was stopped. Name fewer days, or give a longer "
            "--timeout"
        ) from error
    except BaseException:
        group.athena.stop_query_execution(QueryExecutionId=query)
        raise


def _answer(group: WorkGroup, sql: str, execution: QueryExecutionTypeDef) -> Answer:
    status, statistics = execution["Status"], execution.get("Statistics", {})
    reason = status.get("StateChangeReason") or "Athena gives no reason"
    if status["State"] == "CANCELLED":
        raise QueryError(f"The query was cancelled: {reason}")
    if status["State"] == "FAILED":
        raise QueryError(f"Athena could not run the query: {_told(reason, sql)}")
    pages = group.athena.get_paginator("get_query_results").paginate(
        QueryExecutionId=execution["QueryExecutionId"]
    )
    parts = iter(pages)
    first = next(parts)["ResultSet"]
    columns = first["ResultSetMetadata"]["ColumnInfo"]
    # Only what a SELECT finds has its columns' names as the first row.
    has_names = execution.get("StatementType") == "DML"

    def rows() -> Iterator[list[RowTypeDef]]:
        yield first["Rows"][has_names:]
        for part in parts:
            yield part["ResultSet"]["Rows"]

    return Answer(
        columns=tuple(column["Name"] for column in columns),
        types=tuple(column["Type"] for column in columns),
        scanned=statistics.get("DataScannedInBytes", 0),
        seconds=statistics.get("TotalExecutionTimeInMillis", 0) / 1000,
        _pages=rows(),
    )


def _told(reason: str, sql: str) -> str:
    """The reason, and the line of the SQL that it names, the column marked; or else the SQL."""
    place = _PLACE.search(reason)
    lines = sql.splitlines()
    if not place or not 1 <= int(place[1]) <= len(lines):
        shown = [line[:LONGEST_LINE] for line in lines[:MOST_LINES]]
        more = [f"… and {len(lines) - MOST_LINES} lines more"] if len(lines) > MOST_LINES else []
        return "\n".join([reason, *(f"  | {line}" for line in shown), *more])
    number, column = int(place[1]), int(place[2])
    line = lines[number - 1].expandtabs(1)
    if column > LONGEST_LINE:
        # The part around the column.
        line, column = f"…{line[column - LONGEST_LINE // 2 :]}", LONGEST_LINE // 2 + 1
    line = line[:LONGEST_LINE]
    margin = f"  {number} | "
    return f"{reason}\n{margin}{line}\n{' ' * (len(margin) + column - 1)}^"


def _value(text: str | None, type_: str) -> Value:
    """The value as Python has it; what is no number, such as NaN, stays text."""
    try:
        if text is None or type_ == "boolean":
            return None if text is None else text == "true"
        if type_ in INTEGERS:
            return int(text)
        if type_.startswith("decimal"):
            return Decimal(text)
        number: Any = float(text) if type_ in FLOATS else text
    except (ValueError, InvalidOperation):
        return text
    return text if number in (float("inf"), float("-inf")) or number != number else number
