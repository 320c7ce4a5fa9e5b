"""The application's snapshots, and the one that a start goes on from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ApplicationError
from . import application as applications

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client

# Where a start may go on from besides a snapshot of a given name.
LATEST = "latest"
NONE = "none"
# How many of those that Managed Flink took by itself are kept.
KEPT = 10
# The operations that take one.
_TAKING = ("StopApplication", "UpdateApplication")
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


def prune(flink: KinesisAnalyticsV2Client, application: str, needed: str = LATEST) -> int:
    """Delete those that stops and updates took, except for the newest ten; how many were deleted.

    Managed Flink takes one at each, deletes none while there is the application, and takes no more
    than 1,000. To be called when the application has stopped, or has been started from `needed`,
    which stays: what runs may have to go back to it. So does every snapshot that a person has had
    taken (CreateApplicationSnapshot), whatever its name: that needs an application that runs, so it
    was taken while no stop or update was under way, and that is how these are told apart.
    https://docs.aws.amazon.com/managed-flink/latest/java/how-snapshots.html
    """
    found = of_application(flink, application)
    if len(found) <= KEPT:
        return 0
    ours = taken_by_itself(flink, application, found)
    ready = [snapshot for snapshot in ours if snapshot.status == "READY"]
    old = [
        snapshot
        for snapshot in ours
        if len(ready) > KEPT and snapshot.taken < ready[KEPT - 1].taken and snapshot.name != needed
    ]
    for snapshot in old:
        flink.delete_application_snapshot(
            ApplicationName=application,
            SnapshotName=snapshot.name,
            SnapshotCreationTimestamp=snapshot.taken,
        )
    return len(old)


def taken_by_itself(
    flink: KinesisAnalyticsV2Client, application: str, found: list[Snapshot]
) -> list[Snapshot]:
    """Those of the snapshots that Managed Flink took because of a stop or an update."""
    # Some clocks here tell no more than the second.
    spans = [
        (operation.started.replace(microsecond=0), operation.ended)
        for operation in applications.operations(flink, application)
        if operation.name in _TAKING
    ]
    return [
        snapshot
        for snapshot in found
        if any(began <= snapshot.taken <= (ended or snapshot.taken) for began, ended in spans)
    ]


def _listed(snapshots: list[Snapshot]) -> str:
    lines = [
        f"  {snapshot.taken:%Y-%m-%d %H:%M:%S}  {snapshot.status}  {snapshot.name}"
        for snapshot in snapshots
    ]
    return "\n".join(lines) or "  There is none yet; each stop takes one"
