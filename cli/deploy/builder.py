"""What programs of others build: once, kept in the cache, and never longer than is waited for."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from subprocess import CompletedProcess

from .. import files
from ..errors import BuildError

LOOK_SECONDS = 0.2


def once(
    kept: Path,
    make: Callable[[threading.Event], None],
    cancelled: threading.Event | None,
    interrupted: str,
) -> None:
    """Have `make` put what is to be kept where it is to be, unless it is there already.

    Of two at once the second waits for the first. Raises BuildError with `interrupted` when it was
    cancelled meanwhile, and what `make` raises.
    """
    if kept.exists():
        return
    cancelled = cancelled or threading.Event()
    with files.writing(files.cache(), files.ELSEWHERE):
        kept.parent.mkdir(parents=True, exist_ok=True)
        with files.lock(kept.parent, given_up=cancelled) as is_our_turn:
            if not is_our_turn:
                raise BuildError(interrupted)
            if not kept.exists():
                make(cancelled)


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
        # What it starts itself is in its group.
        start_new_session=True,
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
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    return None
