"""The process ids of Flink, from the files that are written at its start (cluster.py)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .programs import JOBMANAGER, TASKMANAGER

_KINDS = (JOBMANAGER, TASKMANAGER)


@dataclass(frozen=True)
class FlinkProcess:
    """A process of a cluster: its `jobmanager` or its `taskmanager`."""

    kind: str
    pid: int
    application_folder: Path


def alive(flink: Path) -> Iterator[FlinkProcess]:
    """The processes that live, of all applications in Flink's part of the state folder."""
    for file in sorted(flink.glob("*/run-*/pids/*.pid")):
        number = file.read_text()
        if file.stem in _KINDS and number and _lives(int(number)):
            yield FlinkProcess(file.stem, int(number), file.parents[2])


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
