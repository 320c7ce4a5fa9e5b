"""Runs `miztiik-events` on a terminal of its own, with somebody who types."""

from __future__ import annotations

import os
import pty
import select
import subprocess
from collections.abc import Mapping
from contextlib import suppress

import command_line

SECONDS = 60


def run(environment: Mapping[str, str], *arguments: str, typed: str) -> tuple[int, str]:
    """The exit code, and all that came on the terminal; `typed` waits there from the beginning."""
    ours, theirs = pty.openpty()
    os.write(ours, typed.encode())
    process = subprocess.Popen(
        [command_line.PROGRAM, *arguments],
        env={**os.environ, **command_line.NO_SETTINGS, **environment},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        screen = _read(ours)
        return process.wait(SECONDS), screen
    finally:
        process.kill()
        os.close(ours)


def _read(terminal: int) -> str:
    """All until the program has let the terminal go, which Linux tells as an error."""
    said = b""
    with suppress(OSError):
        while True:
            ready, _, _ = select.select([terminal], [], [], SECONDS)
            assert ready, f"it stands still after {said.decode()}"
            said += os.read(terminal, 65536)
    return said.decode().replace("\r\n", "\n")
