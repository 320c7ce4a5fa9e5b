"""The process that ends what an AWS on this machine leaves behind, however the server ended.

Run as a file, with the standard library alone: it must start in milliseconds and never fail.
It also holds the folder's lock (inherited), so the lock is free only once nothing is left.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys


def main(group: int, lifeline: int, folder: str) -> None:
    """Wait until the server is gone, then kill its process group.

    `lifeline` is a pipe whose other end only the server holds. With a `folder`, stdin is a pipe
    that the server's parent holds: when the parent is gone too, or is done, the folder goes.
    """
    _wait_for_end_of_file(lifeline)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    if folder:
        _wait_for_end_of_file(sys.stdin.fileno())
        _remove(folder)


def _wait_for_end_of_file(descriptor: int) -> None:
    while os.read(descriptor, 64):
        pass


def _remove(folder: str) -> None:
    # A killed process may still write for a moment: its folder can fill again while it is removed.
    for _ in range(100):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.exists(folder):
            return


if __name__ == "__main__":
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
