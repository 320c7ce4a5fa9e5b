"""The operations of Managed Flink applications, and the list of applications.

MiniStack has no ListApplications, and forgets why an application did not start. On AWS every start
is an operation, and DescribeApplicationOperation tells its outcome: OperationFailureDetails has
the cause of a failure.
"""

from __future__ import annotations

import json
import time
from functools import partial
from typing import Any

from ..requirements import require

Record = dict[str, Any]
Data = dict[str, Any]
_NOTED = ("StartApplication", "StopApplication", "UpdateApplication")
_SUMMARY = (
    "ApplicationName",
    "ApplicationARN",
    "ApplicationStatus",
    "ApplicationVersionId",
    "RuntimeEnvironment",
    "ApplicationMode",
)
_FILTERS = ("Operation", "OperationStatus")
_MOST_LISTED = 50
_BUSY = ("STARTING", "STOPPING", "FORCE_STOPPING", "UPDATING", "ROLLING_BACK")


def fill() -> None:
    from ministack.services import kinesisanalyticsv2 as control

    require(control, "_HANDLERS", "_applications", "_status_callback", "_error", "_not_found")
    control._status_callback = partial(_callback_that_ends_the_operation, control._status_callback)
    control._HANDLERS.update(
        ListApplications=partial(_list_applications, control),
        ListApplicationOperations=partial(_list_operations, control),
        DescribeApplicationOperation=partial(_describe_operation, control),
        **{name: _noting(name, control) for name in _NOTED},
    )


def _callback_that_ends_the_operation(callback_of: Any, record: Record) -> Any:
    tell = callback_of(record)

    def on_status(status: str, message: str | None = None) -> None:
        _end_newest(record, message)
        tell(status, message)

    return on_status


def _list_applications(control: Any, data: Data) -> Any:
    records = control._applications.values()
    summaries = [{name: record[name] for name in _SUMMARY} for record in records]
    return _answer({"ApplicationSummaries": summaries})


def _list_operations(control: Any, data: Data) -> Any:
    record = control._applications.get(data.get("ApplicationName"))
    if record is None:
        return control._not_found(data.get("ApplicationName"))
    filters = {name: data[name] for name in _FILTERS if name in data}
    newest_first = [
        _without(note, "OperationFailureDetails")
        for note in reversed(_settled(record))
        if filters.items() <= note.items()
    ]
    limited = newest_first[: data.get("Limit", _MOST_LISTED)]
    return _answer({"ApplicationOperationInfoList": limited})


def _describe_operation(control: Any, data: Data) -> Any:
    record = control._applications.get(data.get("ApplicationName")) or {}
    for note in _settled(record):
        if note.get("OperationId") == data.get("OperationId"):
            details = _without(note, "OperationId")
            return _answer({"ApplicationOperationInfoDetails": details})
    return control._error("ResourceNotFoundException", "There is no such operation.")


def _answer(content: Data) -> Any:
    from ministack.core.responses import json_response

    return json_response(content)


def _noting(name: str, control: Any) -> Any:
    handle = control._HANDLERS[name]

    def handle_and_note(data: Data) -> Any:
        note = {"Operation": name, "StartTime": time.time(), "OperationStatus": "IN_PROGRESS"}
        record = control._applications.get(data.get("ApplicationName"))
        notes = [] if record is None else record.setdefault("_Operations", [])
        notes.append(note)
        status, headers, body = handle(data)
        if status == 200:
            note["OperationId"] = json.loads(body)["OperationId"]
        else:
            notes.remove(note)
        return status, headers, body

    return handle_and_note


def _end_newest(record: Record, failure: str | None) -> None:
    under_way = [note for note in record.get("_Operations", []) if "EndTime" not in note]
    for note in under_way[-1:]:
        note["EndTime"] = time.time()
        note["OperationStatus"] = "FAILED" if failure else "SUCCESSFUL"
        if failure:
            note["OperationFailureDetails"] = {"ErrorInfo": {"ErrorString": failure}}


def _settled(record: Record) -> list[Record]:
    """The operations; a stop has no callback, it is over when the application is not busy."""
    if record.get("ApplicationStatus") not in _BUSY:
        for _ in record.get("_Operations", []):
            _end_newest(record, None)
    return list(record.get("_Operations", []))


def _without(note: Record, *names: str) -> Record:
    return {name: value for name, value in note.items() if name not in names}
