"""The analytics application started, stopped and brought to rest, and the waiting for it.

CloudFormation never starts an application, and boto3 has no waiters for one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..patience import Patience
from ..text import span
from . import application, failures, snapshots
from .application import Application

if TYPE_CHECKING:
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client
    from mypy_boto3_logs import CloudWatchLogsClient

RUNNING = ("RUNNING", "AUTOSCALING")
FORCEABLE = ("STARTING", "UPDATING", "AUTOSCALING")
# A system rollback that has ended leaves it neither running nor READY.
AT_REST = (None, "READY", "ROLLED_BACK", "DELETING")
UNUSABLE = ("DELETING", "ROLLING_BACK", "ROLLED_BACK")
# Seconds after which a stop with a snapshot has failed, as that of a job that fails does.
HANGS_AFTER = 300.0

Watch = Callable[[str], None]


def start(
    flink: KinesisAnalyticsV2Client,
    logs: CloudWatchLogsClient,
    name: str,
    patience: Patience,
    watch: Watch,
    *,
    origin: str = snapshots.LATEST,
) -> Application:
    """Start it from `origin` (snapshots.py), unless it runs already, and wait until it does.

    A stop that is under way is waited for first. `watch` is told each new status. Raises
    ApplicationError, with the root cause out of the application's log, when it does not come to
    run.
    """
    has_begun = False
    for running in _looks("Start", flink, name, patience, watch):
        status = running.status
        if status in RUNNING:
            break
        if status in UNUSABLE or (status == "READY" and has_begun and _start_ended(flink, name)):
            raise failures.of_start(flink, logs, running)
        if status == "READY" and not has_begun:
            has_begun = request_start(flink, name, origin)
        has_begun = has_begun or status == "STARTING"
    return running


def request_start(
    flink: KinesisAnalyticsV2Client, name: str, origin: str = snapshots.LATEST
) -> bool:
    """Have it started, without waiting; False when it is not in the state for it."""
    try:
        flink.start_application(
            ApplicationName=name, RunConfiguration=snapshots.run_configuration(origin)
        )
    except flink.exceptions.ResourceInUseException:
        return False
    return True


def restart(
    flink: KinesisAnalyticsV2Client,
    logs: CloudWatchLogsClient,
    name: str,
    patience: Patience,
    watch: Watch,
    *,
    origin: str = snapshots.LATEST,
) -> Application:
    """Stop it with a snapshot, and start it again; raises ApplicationError as both do."""
    states = [stop(flink, name, patience, watch).status]

    def watch_on(status: str) -> None:
        # Both see the state between the stop and the start.
        if status != states[-1]:
            watch(status)
        states.append(status)

    return start(flink, logs, name, patience, watch_on, origin=origin)


def stop(
    flink: KinesisAnalyticsV2Client,
    name: str,
    patience: Patience,
    watch: Watch,
    *,
    force: bool = False,
) -> Application:
    """Stop it with a snapshot, or without one by `force`, and wait until it is READY.

    Without force, a start that is under way is waited for first. Raises ApplicationError when it
    goes on running, which it does when the snapshot fails.
    """
    has_begun = False
    for running in _looks("Stop", flink, name, patience, watch):
        status = running.status
        if status == "READY":
            break
        if status in RUNNING and has_begun:
            _check_stop(flink, name)
        elif status in RUNNING or (force and not has_begun):
            has_begun = request_stop(flink, name, force=force)
    return running


def request_stop(flink: KinesisAnalyticsV2Client, name: str, *, force: bool = False) -> bool:
    """Have it stopped, without waiting; False when it is not in the state for it."""
    try:
        flink.stop_application(ApplicationName=name, Force=force)
    except flink.exceptions.ResourceInUseException:
        return False
    return True


def _looks(
    what: str, flink: KinesisAnalyticsV2Client, name: str, patience: Patience, watch: Watch
) -> Iterator[Application]:
    status = ""
    for _ in patience.looks(f"{what} of application {name}"):
        running = application.describe(flink, name)
        if running.status != status:
            status = running.status
            watch(status)
        yield running


def _check_stop(flink: KinesisAnalyticsV2Client, name: str) -> None:
    operation = application.newest_operation(flink, name, "StopApplication")
    if operation and not operation.is_under_way:
        raise failures.of_stop(flink, name, operation)


def _start_ended(flink: KinesisAnalyticsV2Client, name: str) -> bool:
    operation = application.newest_operation(flink, name, "StartApplication")
    return operation is None or not operation.is_under_way


def bring_to_rest(
    flink: KinesisAnalyticsV2Client,
    name: str,
    patience: Patience,
    watch: Watch,
    *,
    hangs_after: float = HANGS_AFTER,
) -> None:
    """Stop the application, unless it is at rest, and wait until it has stopped.

    With a snapshot, so that what it has in hand is written; by force when that is not possible, or
    has not come to an end for so many seconds. `watch` is told what was done.
    """
    has_begun = is_forced = False
    stopping: Patience | None = None
    for _ in patience.looks(f"application {name}"):
        state = application.status(flink, name)
        if state in AT_REST:
            break
        if state == "STOPPING":
            stopping = stopping or patience.at_most(hangs_after)
            if is_forced or not stopping.is_over:
                continue
        elif state != "RUNNING" and state not in FORCEABLE:
            continue
        # Back to RUNNING after the first request: its snapshot failed.
        force = state != "RUNNING" or has_begun
        # It may have moved on to another state since we looked; the next look tells.
        with contextlib.suppress(flink.exceptions.InvalidRequestException):
            is_forced = request_stop(flink, name, force=force) and force
            if is_forced and state == "STOPPING":
                watch(f"its stop has not ended after {span(hangs_after)}: stopping it by force")
        has_begun = True
    if has_begun:
        watch(f"application stopped{' by force, without a snapshot' if is_forced else ''}")
