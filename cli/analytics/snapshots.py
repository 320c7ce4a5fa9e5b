"""The application's snapshots, and the one that a start goes on from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ApplicationError

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client

# Where a start may go on from besides a snapshot of a given name.
LATEST = "latest"
NONE = "none"
# Without any snapshot yet, the latest one is none: right for the first start, too.
_TYPES = {LATEST: "RESTORE_FROM_LATEST_SNAPSHOT", NONE: "SKIP_RESTORE_FROM_SNAPSHOT"}


@dataclass(frozen=True)
class Snapshot:
    """`status` is READY when a start can go on from it."""

    name: str
    status: str
    taken: datetime


def run_configuration(origin: str) -> Any:
    """What StartApplication needs for a start from LATEST, from NONE or from a snapshot's name."""
    kind = _TYPES.get(origin, "RESTORE_FROM_CUSTOM_SNAPSHOT")
    named = {} if origin in _TYPES else {"SnapshotName": origin}
    return {"ApplicationRestoreConfiguration": {"ApplicationRestoreType": kind, **named}}


def require(flink: KinesisAnalyticsV2Client, application: str, origin: str) -> None:
    """Raise ApplicationError, which lists what there is, when no start can go on from there."""
    if origin in _TYPES:
        return
    snapshots = of_application(flink, application)
    if (origin, "READY") not in [(snapshot.name, snapshot.status) for snapshot in snapshots]:
        raise ApplicationError(
            f"application {application} has no snapshot {origin!r} to start from\n"
            f"{_listed(snapshots)}\n"
            f"  Next: start-analytics --from with a name out of these, {LATEST!r} or {NONE!r}"
        )


def moment(flink: KinesisAnalyticsV2Client, application: str, origin: str) -> datetime | None:
    """When the snapshot that a start would go on from was taken; None when there is none."""
    if origin == NONE:
        return None
    for snapshot in of_application(flink, application):
        if snapshot.status == "READY" and origin in (LATEST, snapshot.name):
            return snapshot.taken
    return None


def of_application(flink: KinesisAnalyticsV2Client, application: str) -> list[Snapshot]:
    """All of them, the newest first."""
    pages = flink.get_paginator("list_application_snapshots").paginate(ApplicationName=application)
    snapshots = [
        Snapshot(
            summary["SnapshotName"], summary["SnapshotStatus"], summary["SnapshotCreationTimestamp"]
        )
        for page in pages
        for summary in page.get("SnapshotSummaries", [])
    ]
    return sorted(snapshots, key=lambda snapshot: snapshot.taken, reverse=True)


def _listed(snapshots: list[Snapshot]) -> str:
    lines = [
        f"  {snapshot.taken:%Y-%m-%d %H:%M:%S}  {snapshot.status}  {snapshot.name}"
        for snapshot in snapshots
    ]
    return "\n".join(lines) or "  There is none yet; each stop takes one"
