"""Managed Service for Apache Flink.

MiniStack without Docker has the control plane alone: an application is RUNNING at once, and no job
runs. AWS runs the uploaded zip on a Flink cluster of its own; so does this, from the Flink that
comes with the Python package apache-flink.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any

from ..folder import Folder
from ..requirements import require
from .application import Application, described
from .configuration import RunFolder
from .rest import RestError
from .run import OnStatus, Run

logger = logging.getLogger(__name__)

RUNTIME = "FLINK-1_20"
View = dict[str, Any]


class DataPlane:
    """What MiniStack's control plane calls to have applications run.

    A `view` is MiniStack's ApplicationDetail with AccountId and Region.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._runs: dict[str, Run] = {}
        self._changing = threading.Lock()

    def supports(self, runtime: str) -> bool:
        return runtime == RUNTIME

    def available(self) -> bool:
        return True

    def start(self, view: View, savepoint_path: str | None, on_status: OnStatus) -> None:
        """Start an application, from a savepoint if there is one; returns at once.

        The new start of an update always has one: without it the update has failed, as on AWS,
        instead of beginning again at the start of the stream.
        """
        if savepoint_path is None and view["ApplicationStatus"] == "UPDATING":
            on_status("FAILED", "The snapshot before the update failed")
            return
        application = described(view)
        folder = self._application_folder(application) / f"run-{time.monotonic_ns()}"
        endpoint = os.environ["AWS_ENDPOINT_URL"]
        run = Run(application, RunFolder(folder), endpoint, savepoint_path, on_status)
        with self._changing:
            previous = self._runs.pop(application.arn, None)
            self._runs[application.arn] = run
        threading.Thread(target=_replace, args=(previous, run), daemon=True).start()

    def stop(self, view: View, force: bool, take_snapshot: bool) -> str | None:
        """End an application; the savepoint's path, or None when none was wanted or possible."""
        run = self._take(view)
        if run is None:
            return None
        wanted = take_snapshot and not force
        try:
            return run.stop(self._savepoints(view) if wanted else None)
        except RestError as error:
            logger.warning("No snapshot of %s: %s", view["ApplicationName"], error)
            return None

    def snapshot(self, view: View, snapshot_name: str) -> str | None:
        """Take a savepoint; its path, or None when that failed."""
        run = self._runs.get(view["ApplicationARN"])
        try:
            return run.snapshot(self._savepoints(view)) if run else None
        except RestError as error:
            logger.warning("No snapshot of %s: %s", view["ApplicationName"], error)
            return None

    def dashboard(self, arn: str) -> str | None:
        """The address of Flink's own dashboard while the application runs."""
        run = self._runs.get(arn)
        return run.dashboard if run else None

    def delete(self, view: View) -> None:
        run = self._take(view)
        if run:
            run.stop(None)
        shutil.rmtree(self._application_folder(described(view)), ignore_errors=True)

    def reset(self) -> None:
        with self._changing:
            runs, self._runs = list(self._runs.values()), {}
        for run in runs:
            run.stop(None)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _take(self, view: View) -> Run | None:
        with self._changing:
            return self._runs.pop(view["ApplicationARN"], None)

    def _savepoints(self, view: View) -> Path:
        return self._application_folder(described(view)) / "savepoints"

    def _application_folder(self, application: Application) -> Path:
        return self._folder / application.folder_name


def _replace(previous: Run | None, run: Run) -> None:
    if previous:
        previous.stop(None)
    run.start()


def fill(folder: Folder) -> None:
    from ministack.services import kinesisanalyticsv2

    require(kinesisanalyticsv2, "_dataplane", "_dataplane_view", "_status_callback")
    kinesisanalyticsv2._dataplane = DataPlane(folder.flink)
