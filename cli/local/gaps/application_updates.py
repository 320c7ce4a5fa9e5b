"""The update of a running application by CloudFormation.

MiniStack calls the update complete as soon as it is asked for. AWS waits until the application,
which restarts for it, runs again. When it does not, the update of the resource has failed, the
application gets its configuration of before, and, if RollbackEnabled says so, it is started again
with that from the snapshot that the update began with, by an operation RollbackApplication:
https://docs.aws.amazon.com/managed-flink/latest/java/how-system-rollbacks.html
"""

from __future__ import annotations

import time
import uuid
from typing import Any

from ..requirements import require

KIND = "AWS::KinesisAnalyticsV2::Application"
POLL_SECONDS = 0.2
# Longer than a start may take (flink_run), so that its own failure comes first.
LONGEST_SECONDS = 300.0

Record = dict[str, Any]


class UpdateError(Exception):
    """The application did not come to run again."""


def fill() -> None:
    from ministack.services import kinesisanalyticsv2 as control
    from ministack.services.cloudformation import provisioners

    require(provisioners, "_RESOURCE_HANDLERS")
    require(control, "_applications", "_launch", "_restore_path")
    handler = provisioners._RESOURCE_HANDLERS[KIND]
    update = handler["update"]

    def update_and_wait(physical_id: str, old: Any, new: Any, *others: Any, **named: Any) -> Any:
        record = control._applications[physical_id]
        operation = _operation("UpdateApplication")
        if record["ApplicationStatus"] == "RUNNING":
            record.setdefault("_Operations", []).append(operation)
        answer = update(physical_id, old, new, *others, **named)
        # On a thread of its own (worker_threads), so that waiting holds up nobody else.
        if record["ApplicationStatus"] == "UPDATING" and not _runs_again(record, "UPDATING"):
            update(physical_id, new, old, *others, **named)
            raise UpdateError(_take_back(control, record, operation))
        return answer

    handler["update"] = update_and_wait


def _operation(name: str) -> Record:
    """As application_operations notes the operations that are asked for by the API."""
    return {
        "Operation": name,
        "OperationId": str(uuid.uuid4()),
        "StartTime": time.time(),
        "OperationStatus": "IN_PROGRESS",
    }


def _runs_again(record: Record, meanwhile: str) -> bool:
    deadline = time.monotonic() + LONGEST_SECONDS
    while record["ApplicationStatus"] == meanwhile and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return bool(record["ApplicationStatus"] == "RUNNING")


def _take_back(control: Any, record: Record, update: Record) -> str:
    """Have the application run as before the update that failed; what came of both."""
    details = update.get("OperationFailureDetails")
    if details is None:
        # Somebody stopped it, or it still tries.
        return f"The application did not run again: it is {record['ApplicationStatus']}"
    reason = f"The application did not run again: {details['ErrorInfo']['ErrorString']}"
    if not _is_taken_back(record):
        return reason
    rollback = _operation("RollbackApplication")
    details["RollbackOperationId"] = rollback["OperationId"]
    record["_Operations"].append(rollback)
    record["ApplicationStatus"] = "ROLLING_BACK"
    control._launch(record, control._restore_path(record, {}))
    if _runs_again(record, "ROLLING_BACK"):
        return f"{reason} (It runs as before the update, from its snapshot.)"
    return f"{reason} (It does not run as before the update, either.)"


def _is_taken_back(record: Record) -> bool:
    settings = record["_Configuration"].get("ApplicationSystemRollbackConfiguration") or {}
    return str(settings.get("RollbackEnabled")).lower() == "true"
