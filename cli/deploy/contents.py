"""What of a function's folder goes into its zip: every file but byte code and leftovers.

Links are followed. A link to nowhere, one that leads back to a folder that it is in, and what is
no file (a socket, a FIFO) are errors that name it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from ..cloudformation import template
from ..errors import BuildError
from ..text import size
from .jar import POM

BYTE_CODE = "__pycache__"
# What editors, file managers, version control and tools leave, and files of secrets.
_LEFTOVERS = (
    *("*.pyc", "*.pyo", "*~", "#*#", ".#*", "*.swp", "*.swo", ".*.sw?"),
    *(".DS_Store", "._*", "__MACOSX", "Thumbs.db", "desktop.ini", ".idea", ".vscode", ".vs"),
    *(".git", ".hg", ".svn", ".venv", ".tox", ".nox", ".ipynb_checkpoints", ".coverage"),
    *(".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"),
    *(".env", ".env.*", ".aws", ".netrc", ".pypirc", ".ssh", ".aws-sam", ".serverless"),
)
# A folder with this file is a virtual environment, whatever its name.
_ENVIRONMENT = "pyvenv.cfg"
_KINDS = ((stat.S_ISFIFO, "a FIFO"), (stat.S_ISSOCK, "a socket"))


@dataclass(frozen=True)
class Contents:
    """The files of a folder by their names in the zip, sorted.

    `executables` are those that their owner may execute. `left_out` names what is not among them,
    Python's `__pycache__` apart, which comes and goes by itself.
    """

    files: tuple[tuple[str, bytes], ...]
    executables: frozenset[str]
    left_out: tuple[str, ...]


def read(folder: Path, limit: int) -> Contents:
    """What is in the folder; raises BuildError, also when it is more than `limit` bytes."""
    walk = _Walk()
    found = dict(walk.files(folder))
    check_size(folder, {name: status.st_size for name, (_, status) in found.items()}, limit)
    files = sorted((name, _read(path)) for name, (path, _) in found.items())
    executables = {name for name, (_, status) in found.items() if status.st_mode & stat.S_IXUSR}
    return Contents(tuple(files), frozenset(executables), tuple(sorted(walk.left_out)))


def has_files(folder: Path) -> bool:
    """Whether the folder holds anything for a zip, if only something that cannot be read."""
    try:
        return next(_Walk().files(folder), None) is not None
    except BuildError:
        return True


def is_leftover(path: Path) -> bool:
    """Whether it is no source: byte code, or what an editor or a tool left there."""
    name = path.name
    return (
        name == BYTE_CODE
        or any(fnmatchcase(name, pattern) for pattern in _LEFTOVERS)
        or os.path.isfile(path / _ENVIRONMENT)
        # Maven's.
        or (name == "target" and os.path.isfile(path.with_name(POM)))
    )


def check_size(folder: Path, sizes: dict[str, int], limit: int) -> None:
    """Raise BuildError, with the largest files, when it is more than what AWS takes."""
    total = sum(sizes.values())
    if total <= limit:
        return
    largest = sorted(sizes, key=lambda name: (-sizes[name], name))[:3]
    told = ", ".join(f"{name} ({size(sizes[name])})" for name in largest)
    raise BuildError(
        f"{shown(folder)}: {total:,} bytes unzipped, and AWS takes at most {limit:,}. The largest: "
        f"{told}. Next: delete what the function does not need, or have it read from S3"
    )


def shown(path: Path) -> str:
    """As a person would write it, and can be printed whatever bytes are in it."""
    return os.fsencode(template.path_of(path)).decode("utf-8", "backslashreplace")


@dataclass
class _Walk:
    left_out: list[str] = field(default_factory=list)

    def files(
        self, folder: Path, prefix: str = "", above: tuple[str, ...] = ()
    ) -> Iterator[tuple[str, tuple[Path, os.stat_result]]]:
        """Each file with its name in the zip; `above` are the real folders that lead here."""
        real = os.path.realpath(folder)
        if real in above:
            raise BuildError(
                f"{shown(folder)} is a link to a folder that it is in, so it has no end. "
                "Next: delete the link, or let it lead elsewhere"
            )
        for entry in _entries(folder):
            name = _name(entry, prefix)
            if is_leftover(entry):
                if entry.name != BYTE_CODE:
                    self.left_out.append(name)
                continue
            status = _status(entry)
            if stat.S_ISDIR(status.st_mode):
                yield from self.files(entry, f"{name}/", (*above, real))
            else:
                yield name, (entry, status)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise _unreadable(folder, error) from None


def _name(entry: Path, prefix: str) -> str:
    try:
        # By its bytes: in the locale C, Python takes none but ASCII for text.
        return f"{prefix}{os.fsencode(entry.name).decode()}"
    except UnicodeDecodeError:
        raise BuildError(
            f"{shown(entry)}: the name is not UTF-8, which a zip's names are. Next: rename it"
        ) from None


def _status(entry: Path) -> os.stat_result:
    """That of the file or folder it is, or leads to."""
    try:
        status = entry.stat()
    except OSError as error:
        if not entry.is_symlink():
            raise _unreadable(entry, error) from None
        raise BuildError(
            f"{shown(entry)} is a link to {os.readlink(entry)}, and there is nothing "
            f"({error.strerror}). Next: delete the link, or make what it leads to"
        ) from None
    if not stat.S_ISDIR(status.st_mode) and not stat.S_ISREG(status.st_mode):
        kind = next((kind for is_it, kind in _KINDS if is_it(status.st_mode)), "a device")
        raise BuildError(
            f"{shown(entry)} is {kind}, which no zip can hold. Next: delete it or move it elsewhere"
        )
    return status


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> BuildError:
    return BuildError(
        f"{shown(path)} cannot be read ({error.strerror}). Next: see who may: ls -ld {shown(path)}"
    )
