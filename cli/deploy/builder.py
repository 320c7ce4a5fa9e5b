"""A program of others that builds something, run so that it never outlives the wait for it."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import CompletedProcess

LOOK_SECONDS = 0.2


def run(
    command: Sequence[str],
    folder: Path,
    cancelled: threading.Event,
    environment: Mapping[str, str] | None = None,
) -> CompletedProcess[str] | None:
    """How it ended, and all that it printed; None when it was cancelled before."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        # Not into a file: what there is to tell may be that the disk is full.
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            while not cancelled.is_set():
                try:
                    output = process.communicate(timeout=LOOK_SECONDS)[0]
                except subprocess.TimeoutExpired:
                    continue
                text = output.decode("utf-8", "replace")
                return CompletedProcess(command, process.returncode, text)
        finally:
            # It does not outlive the wait for it, whatever ended the wait.
            process.kill()
    return None
