"""The analytics application's state, and how it is brought to rest before it is deleted."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client

    from .patience import Patience

OUTPUT = "AnalyticsApplicationName"
FORCEABLE = ("STARTING", "UPDATING", "AUTOSCALING")


def status(flink: KinesisAnalyticsV2Client, name: str) -> str | None:
    """The application's status, None when there is no such application."""
    try:
        answer = flink.describe_application(ApplicationName=name)
    except flink.exceptions.ResourceNotFoundException:
        return None
    return answer["ApplicationDetail"]["ApplicationStatus"]


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
