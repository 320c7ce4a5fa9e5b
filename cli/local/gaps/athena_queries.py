"""Athena's queries.

MiniStack gives a query to DuckDB as it stands, reads a table's folders as they come, calls the size
of the answer what was scanned, and stops no query. AWS speaks Trino's SQL, works out the partitions
from the table's properties (partition projection), knows views, refuses what it cannot parse at
once, says where in the query it failed, holds a workgroup's settings against the client's, ends
what scans too much, and stops what it is told to stop.
https://docs.aws.amazon.com/athena/latest/ug/partition-projection-setting-up.html
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ..requirements import require
from . import athena_tables

_NOTES = "_execute_query", "_start_query_execution", "_stop_query_execution", "_get_workgroup"
_TYPES = "_DUCKDB_TYPE_MAP", "_executions", "_workgroups", "_save_query_results", "_parse_ddl"


class QueryFailedError(Exception):
    """A query that fails for its own reasons, in Athena's words."""


@dataclass
class _Run:
    """A query under way; `connection` is that of DuckDB."""

    query: str
    database: str
    limit: int
    connection: Any
    folder: Path
    scanned: int = 0
    columns: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)

    def execute(self) -> None:
        from ministack.services import athena

        self.connection.execute("SET TimeZone = 'UTC'")
        self.connection.execute("SET enable_profiling = 'no_output'")
        sql = athena_tables.prepare(self.connection, self.query, self.database, self.folder)
        answer = self.connection.execute(sql)
        description = answer.description or []
        self.columns = [one[0] for one in description]
        names = [str(one[1]).upper().partition("(")[0].strip() for one in description]
        self.types = [athena._DUCKDB_TYPE_MAP.get(name, "varchar") for name in names]
        self.rows = [[_text(value) for value in row] for row in answer.fetchall()]
        self.scanned = self._bytes_read()
        if self.limit and self.scanned > self.limit:
            raise QueryFailedError(
                "Query exhausted resources at this scale factor: "
                f"Bytes scanned limit was exceeded. Limit: {self.limit} bytes"
            )

    def _bytes_read(self) -> int:
        told = json.loads(self.connection.get_profiling_information(format="json"))
        # DuckDB 1 has it at the top, DuckDB 2 among what it says of files.
        return int(told.get("io", told).get("total_bytes_read", 0))


def fill() -> None:
    from ministack.services import athena, glue, s3

    require(athena, *_NOTES, *_TYPES)
    require(s3, "_buckets", "_get_object_data")
    require(glue, "_tables")
    start, execute_ddl = athena._start_query_execution, athena._execute_query
    runs: dict[str, _Run] = {}

    def start_query(data: dict[str, Any]) -> Any:
        group = athena._workgroups.get(data.get("WorkGroup", "primary"))
        if not group:
            return _refused(f"WorkGroup {data['WorkGroup']} is not found.")
        if _settings(group).get("EnforceWorkGroupConfiguration"):
            data = {key: value for key, value in data.items() if key != "ResultConfiguration"}
        if athena._parse_ddl(data.get("QueryString", "")) is None:
            error = athena_tables.syntax_error(data.get("QueryString", ""))
            if error:
                return _refused(error, AthenaErrorCode="MALFORMED_QUERY")
        return start(data)

    async def execute(
        query_id: str, query: str, database: str, ddl: Any, catalog: Any = None
    ) -> None:
        if ddl is not None:
            await execute_ddl(query_id, query, database, ddl, catalog)
            return
        import duckdb

        execution = athena._executions[query_id]
        group = athena._workgroups.get(execution["WorkGroup"]) or {}
        limit = int(_settings(group).get("BytesScannedCutoffPerQuery") or 0)
        folder = Path(tempfile.mkdtemp(prefix="athena-"))
        run = runs[query_id] = _Run(query, database, limit, duckdb.connect(), folder)
        began = time.time()
        try:
            if execution["Status"]["State"] != "CANCELLED":
                execution["Status"]["State"] = "RUNNING"
                await asyncio.to_thread(run.execute)
                _succeed(execution, run, time.time() - began)
                await _save(athena, execution, query_id)
        except Exception as error:
            if execution["Status"]["State"] != "CANCELLED":
                execution["Status"]["State"] = "FAILED"
                execution["Status"]["StateChangeReason"] = _reason(run, error)
        finally:
            del runs[query_id]
            run.connection.close()
            shutil.rmtree(folder, ignore_errors=True)
        execution["Statistics"]["DataScannedInBytes"] = run.scanned
        execution["Status"]["CompletionDateTime"] = int(time.time())

    def stop_query(data: dict[str, Any]) -> Any:
        answer = stop(data)
        run = runs.get(data.get("QueryExecutionId", ""))
        if run:
            run.connection.interrupt()
        return answer

    stop = athena._stop_query_execution
    athena._start_query_execution = start_query
    athena._execute_query = execute
    athena._stop_query_execution = stop_query


def _settings(group: Mapping[str, Any]) -> dict[str, Any]:
    return dict(group.get("Configuration") or {})


def _refused(message: str, **more: str) -> Any:
    from ministack.core.responses import error_response_json

    return error_response_json("InvalidRequestException", message, 400, extra=more)


def _succeed(execution: dict[str, Any], run: _Run, seconds: float) -> None:
    if execution["Status"]["State"] == "CANCELLED":
        return
    execution["_results"] = {"columns": run.columns, "rows": run.rows}
    execution["_column_types"] = run.types
    execution["Status"]["State"] = "SUCCEEDED"
    milliseconds = int(seconds * 1000)
    execution["Statistics"]["EngineExecutionTimeInMillis"] = milliseconds
    execution["Statistics"]["TotalExecutionTimeInMillis"] = milliseconds


async def _save(athena: Any, execution: dict[str, Any], query_id: str) -> None:
    """Where the execution says that the answer is; MiniStack puts it into a folder of that name."""
    location = execution["ResultConfiguration"]["OutputLocation"]
    if execution["Status"]["State"] == "SUCCEEDED":
        execution["ResultConfiguration"]["OutputLocation"] = location.rpartition("/")[0]
        await athena._save_query_results(query_id)
        execution["ResultConfiguration"]["OutputLocation"] = location


def _reason(run: _Run, error: Exception) -> str:
    if isinstance(error, QueryFailedError):
        return str(error)
    return athena_tables.reason(error, run.query, run.database)[:2000]


def _text(value: Any) -> Any:
    """A value as Athena writes it, where Python's text is another one."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03}"
    return value.isoformat() if isinstance(value, date) else value
