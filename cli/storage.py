"""Files on this machine: written whole or not at all, and what it means when they cannot be."""

from __future__ import annotations

import contextlib
import errno
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

from .errors import ConfigurationError, MiztiikError

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
