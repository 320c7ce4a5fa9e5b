"""The analytics application's state, since when, and how it is brought to rest."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import causes

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client

    from .patience import Patience

OUTPUT = "AnalyticsApplicationName"
TYPE = "AWS::KinesisAnalyticsV2::Application"
FORCEABLE = ("STARTING", "UPDATING", "AUTOSCALING")
# The operations after which the application is in another state, or runs another version.
_CHANGES = ("StartApplication", "StopApplication", "UpdateApplication", "RollbackApplication")


@dataclass(frozen=True)
class Operation:
    """What was done with the application; `ended` is None while it is under way."""

    id: str
    name: str
    status: str
    started: datetime
    ended: datetime | None


def status(flink: KinesisAnalyticsV2Client, name: str) -> str | None:
    """The application's status, None when there is no such application."""
    try:
        answer = flink.describe_application(ApplicationName=name)
    except flink.exceptions.ResourceNotFoundException:
        return None
    return answer["ApplicationDetail"]["ApplicationStatus"]


def newest_change(flink: KinesisAnalyticsV2Client, name: str) -> Operation | None:
    """The last operation that changed the application's state, None when there was none yet."""
    return newest(flink, name, *_CHANGES)


def newest(flink: KinesisAnalyticsV2Client, name: str, *kinds: str) -> Operation | None:
    """The last operation of these kinds, None when there was none yet."""
    request = {"ApplicationName": name}
    while True:
        answer = flink.list_application_operations(**request)  # type: ignore[arg-type]
        for found in answer["ApplicationOperationInfoList"]:
            if found.get("Operation") in kinds:
                return Operation(
                    id=found["OperationId"],
                    name=found["Operation"],
                    status=found["OperationStatus"],
                    started=found["StartTime"],
                    ended=found.get("EndTime"),
                )
        if "NextToken" not in answer:
            return None
        request["NextToken"] = answer["NextToken"]


def failure(flink: KinesisAnalyticsV2Client, name: str, operation: Operation) -> str:
    """What the service says about an operation that failed; it may be empty."""
    answer = flink.describe_application_operation(ApplicationName=name, OperationId=operation.id)
    details = answer["ApplicationOperationInfoDetails"].get("OperationFailureDetails", {})
    return causes.of_stack_trace(details.get("ErrorInfo", {}).get("ErrorString", ""))


def bring_to_rest(flink: KinesisAnalyticsV2Client, name: str, patience: Patience) -> bool:
    """Stop the application and wait until it has stopped; whether it had to be stopped.

    With a snapshot, so that what it has in hand is written; by force when that is not possible.
    """
    asked = 0
    for _ in patience.looks(f"application {name}"):
        state = status(flink, name)
        if state in (None, "READY", "DELETING"):
            break
        # Back to RUNNING after the first request: its snapshot failed.
        if state == "RUNNING" or state in FORCEABLE:
            _stop(flink, name, force=state != "RUNNING" or asked > 0)
            asked += 1
    return asked > 0


def _stop(flink: KinesisAnalyticsV2Client, name: str, force: bool) -> None:
    # It may have moved on to another state since we looked; the next look tells.
    moved_on = (flink.exceptions.ResourceInUseException, flink.exceptions.InvalidRequestException)
    with contextlib.suppress(*moved_on):
        flink.stop_application(ApplicationName=name, Force=force)
