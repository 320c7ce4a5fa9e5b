"""The update of a running application by CloudFormation.

MiniStack calls the update complete as soon as it is asked for. AWS waits until the application,
which restarts for it, runs again; when it does not, the update of the resource has failed, and the
application gets its configuration of before. (AWS also starts it again with that one, when
RollbackEnabled says so; here it stays READY.)
"""

from __future__ import annotations

import time
import uuid
from typing import Any

from .private_names import require

KIND = "AWS::KinesisAnalyticsV2::Application"
POLL_SECONDS = 0.2
# Longer than a start may take (flink_run), so that its own failure comes first.
LONGEST_SECONDS = 300.0


class UpdateError(Exception):
    """The application did not come to run again."""


def fill() -> None:
    from ministack.services import kinesisanalyticsv2 as control  # type: ignore[import-untyped]
    from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

    require(provisioners, "_RESOURCE_HANDLERS")
    require(control, "_applications")
    handler = provisioners._RESOURCE_HANDLERS[KIND]
    update = handler["update"]

    def update_and_wait(physical_id: str, old: Any, new: Any, *others: Any, **named: Any) -> Any:
        record = control._applications[physical_id]
        if record["ApplicationStatus"] == "RUNNING":
            record.setdefault("_Operations", []).append(_operation())
        answer = update(physical_id, old, new, *others, **named)
        try:
            # On a thread of its own (worker_threads), so that waiting holds up nobody else.
            _wait(record)
        except UpdateError:
            update(physical_id, new, old, *others, **named)
            raise
        return answer

    handler["update"] = update_and_wait


def _operation() -> dict[str, Any]:
    """As application_operations notes the operations that are asked for by the API."""
    return {
        "Operation": "UpdateApplication",
        "OperationId": str(uuid.uuid4()),
        "StartTime": time.time(),
        "OperationStatus": "IN_PROGRESS",
    }


def _wait(record: dict[str, Any]) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    was_updating = record["ApplicationStatus"] == "UPDATING"
    while record["ApplicationStatus"] == "UPDATING":
        if time.monotonic() > deadline:
            raise UpdateError(f"The application is still UPDATING after {LONGEST_SECONDS:g} s")
        time.sleep(POLL_SECONDS)
    if was_updating and record["ApplicationStatus"] != "RUNNING":
        raise UpdateError(f"The application did not run again: {_reason(record)}")


def _reason(record: dict[str, Any]) -> str:
    """What application_operations has noted of the last operation."""
    for note in reversed(record.get("_Operations", [])):
        if "OperationFailureDetails" in note:
            return str(note["OperationFailureDetails"]["ErrorInfo"]["ErrorString"])
    return f"it is {record['ApplicationStatus']}"
