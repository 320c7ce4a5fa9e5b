"""The process ids of Flink, from the files that its own scripts write."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_KINDS = {"standalonesession": "jobmanager", "taskexecutor": "taskmanager"}


@dataclass(frozen=True)
class FlinkProcess:
    """A process of a cluster: its `jobmanager` or its `taskmanager`."""

    kind: str
    pid: int
    application_folder: Path


def alive(flink: Path) -> Iterator[FlinkProcess]:
    """The processes that live, of all applications in Flink's part of the state folder."""
    for file in sorted(flink.glob("*/run-*/pids/*.pid")):
        # flink-<user>-<kind>.pid; a line for each time that one was started.
        kind = _KINDS.get(file.stem.rpartition("-")[2])
        for line in file.read_text().split():
            if kind and line.isdigit() and _lives(int(line)):
                yield FlinkProcess(kind, int(line), file.parents[2])


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
