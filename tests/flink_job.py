"""The Flink under an application on this machine: its processes, and its job as Flink tells it."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from miztiik_events.local.flink import processes
from miztiik_events.local.flink.configuration import RunFolder
from waiting import until


@dataclass(frozen=True)
class FlinkJob:
    """The one application of an AWS on this machine; `flink` is Flink's part of its folder."""

    flink: Path

    def kill(self, kind: str) -> float:
        """Kill the TaskManager or JobManager; the seconds until all of the job runs again."""
        process = self._process(kind)
        killed_at = time.time()
        os.kill(process, signal.SIGKILL)
        began = until(lambda: self._whole_since(killed_at), f"the job after the {kind}", 180)
        return began - killed_at

    def late_records_dropped(self) -> int:
        """What the job's window operators threw away since they were started, silently."""
        job = self._get("/jobs/overview")["jobs"][0]["jid"]
        vertices = self._get(f"/jobs/{job}")["vertices"]
        return sum(self._dropped(f"/jobs/{job}/vertices/{vertex['id']}") for vertex in vertices)

    def _dropped(self, vertex: str) -> int:
        metrics = f"{vertex}/subtasks/metrics"
        names = [metric["id"] for metric in self._get(metrics)]
        wanted = [name for name in names if name.endswith("numLateRecordsDropped")]
        if not wanted:
            return 0
        found = self._get(f"{metrics}?get={urllib.parse.quote(','.join(wanted))}")
        return sum(int(metric["sum"]) for metric in found)

    def _whole_since(self, moment: float) -> float | None:
        """When all tasks ran, if they do and were started after the moment."""
        try:
            jobs = self._get("/jobs/overview")["jobs"]
            vertices = [one for job in jobs for one in self._get(f"/jobs/{job['jid']}")["vertices"]]
        except (OSError, ValueError):
            return None
        is_whole = vertices and all(
            vertex["tasks"]["RUNNING"] == vertex["parallelism"]
            and vertex["start-time"] > moment * 1000
            for vertex in vertices
        )
        return time.time() if is_whole else None

    def _process(self, kind: str) -> int:
        (pid,) = (one.pid for one in processes.alive(self.flink) if one.kind == kind)
        return pid

    def _get(self, path: str) -> Any:
        (run,) = self.flink.glob("*/run-*")
        settings = json.loads((RunFolder(run).configuration / "config.yaml").read_text())
        address = f"http://127.0.0.1:{settings['rest.port']}{path}"
        with urllib.request.urlopen(address, timeout=10) as response:
            return json.load(response)
