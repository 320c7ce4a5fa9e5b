"""Files on this machine: whole or not at all, temporary folders that do not stay, the cache."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import tempfile
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

from .errors import ConfigurationError, MiztiikError

ELSEWHERE = "set XDG_CACHE_HOME to a folder that you may write to"
POLL_SECONDS = 0.2
_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)


def translate(error: OSError, place: Path | None = None, otherwise: str = "") -> MiztiikError:
    """One line for what the system refused: the path, why, and what to do about it.

    `place` is what a person knows of the path, and `otherwise` how to choose another. What this
    user may not do there is a ConfigurationError (exit code 5), a full disk and everything else a
    MiztiikError (exit code 1).
    """
    named = place or (error.filename if isinstance(error.filename, (str, bytes)) else None)
    path = os.fsdecode(named) if named else "where the output goes"
    text = f"{path}: {error.strerror or error}"
    if error.errno in _FULL:
        return MiztiikError(f"{text}. {' or '.join(filter(None, ('Free some space', otherwise)))}")
    kind = ConfigurationError if error.errno in _FORBIDDEN else MiztiikError
    if error.errno in _FORBIDDEN and not otherwise:
        otherwise = f"choose another place, or see who may write there: ls -ld {path}"
    return kind(f"{text}. Next: {otherwise}" if otherwise else text)


def here() -> Path:
    """The current folder; raises ConfigurationError when it has been deleted meanwhile."""
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise ConfigurationError(
            "The current folder has been deleted. Next: cd to one that is there"
        ) from error


@contextlib.contextmanager
def writing(place: Path, otherwise: str) -> Iterator[None]:
    """Raises what cannot be written in the block as `translate` has it."""
    try:
        yield
    except OSError as error:
        raise translate(error, place, otherwise) from error


@contextlib.contextmanager
def whole(target: Path) -> Iterator[Path]:
    """A path to write to, which takes the target's place when the block has succeeded.

    So a reader finds the old file or the new one, also when two write at once or one is killed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        yield draft
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def cache() -> Path:
    """The user's cache folder of this program (XDG Base Directory Specification).

    Raises ConfigurationError when this user has no home folder.
    """
    try:
        folder = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError as error:
        raise ConfigurationError(f"This user has no home folder. Next: {ELSEWHERE}") from error
    return Path(folder) / "miztiik-events"


@contextlib.contextmanager
def temporary_folder(prefix: str, parent: Path | None = None) -> Iterator[Path]:
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
        while not (is_ours := locks(descriptor)) and given_up:
            if given_up.wait(POLL_SECONDS):
                break
        yield is_ours
    finally:
        os.close(descriptor)


def locks(descriptor: int) -> bool:
    """Whether the lock of the open file or folder could be had; it ends with the descriptor."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
