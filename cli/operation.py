"""Starting and stopping the analytics application, and waiting until that is done.

CloudFormation never starts an application, and boto3 has no waiters for one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from . import analytics, application_failures, snapshots
from .analytics import Application
from .patience import Patience

if TYPE_CHECKING:
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client
    from mypy_boto3_logs import CloudWatchLogsClient

RUNNING = ("RUNNING", "AUTOSCALING")
UNUSABLE = ("DELETING", "ROLLING_BACK", "ROLLED_BACK")

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
    for application in _looks("Start", flink, name, patience, watch):
        status = application.status
        if status in RUNNING:
            break
        if status in UNUSABLE or (status == "READY" and has_begun and _start_ended(flink, name)):
            raise application_failures.of_start(flink, logs, application)
        if status == "READY" and not has_begun:
            has_begun = request_start(flink, name, origin)
        has_begun = has_begun or status == "STARTING"
    return application


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
    for application in _looks("Stop", flink, name, patience, watch):
        status = application.status
        if status == "READY":
            break
        if status in RUNNING and has_begun:
            _check_stop(flink, name)
        elif status in RUNNING or (force and not has_begun):
            has_begun = request_stop(flink, name, force=force)
    return application


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
        application = analytics.describe(flink, name)
        if application.status != status:
            status = application.status
            watch(status)
        yield application


def _check_stop(flink: KinesisAnalyticsV2Client, name: str) -> None:
    operation = application_failures.newest(flink, name, "StopApplication")
    if operation and operation["OperationStatus"] != "IN_PROGRESS":
        raise application_failures.of_stop(name, operation)


def _start_ended(flink: KinesisAnalyticsV2Client, name: str) -> bool:
    operation = application_failures.newest(flink, name, "StartApplication")
    return operation is None or operation["OperationStatus"] != "IN_PROGRESS"
