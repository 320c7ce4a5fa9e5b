"""Temporary folders that do not stay when a run is killed: the next one removes them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

POLL_SECONDS = 0.2


@contextlib.contextmanager
def folder(prefix: str, parent: Path | None = None) -> Iterator[Path]:
    """A new folder, for as long as the block runs; those of killed runs beside it are removed.

    Its lock tells that the run lives: the kernel lets go of it, whatever ended the run.
    """
    parent = parent or Path(tempfile.gettempdir())
    _sweep(parent, prefix)
    with contextlib.ExitStack() as held:
        path = _made(parent, prefix, held)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)


def _made(parent: Path, prefix: str, held: contextlib.ExitStack) -> Path:
    while True:
        path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        # Another run may have swept it away before it was locked.
        with contextlib.suppress(FileNotFoundError):
            if held.enter_context(lock(path)) and path.exists():
                return path


def _sweep(parent: Path, prefix: str) -> None:
    for path in parent.glob(f"{prefix}*"):
        # Another user's, or already gone: not for us to remove.
        with contextlib.suppress(OSError), lock(path) as is_ours:
            if is_ours and path.stat().st_uid == os.geteuid():
                shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def lock(path: Path, given_up: threading.Event | None = None) -> Iterator[bool]:
    """The folder's lock while the block runs; whether it could be had.

    It is tried for once, or with `given_up` until that is set.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while not (is_ours := _taken(descriptor)) and given_up:
            if given_up.wait(POLL_SECONDS):
                break
        yield is_ours
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
