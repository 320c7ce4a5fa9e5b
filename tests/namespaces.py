"""Runs `miztiik-events` where the disk is small or read-only, for it alone and without a trace.

In a mount namespace of its own, which any user may have (namespaces(7)); where the system allows
none, the test is skipped. For root no permission is a hindrance, a mount is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import command_line

# It lives until its stdin ends.
KEEPER = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
SMALL = 'mount -t tmpfs -o size="$2" none "$1" && echo ready && exec cat'
READ_ONLY = (
    'for one; do mount --bind "$one" "$one" && mount -o remount,ro,bind "$one" || exit 1; done; '
    "echo ready && exec cat"
)
# As a user without root's rights, on whose files the permissions hold also when root runs this.
PLAIN_USER = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
IN_FOLDER = ["sh", "-c", 'cd "$1" && shift && exec "$@"', "sh"]


@dataclass(frozen=True)
class Place:
    """A folder that is mounted for some runs alone."""

    folder: Path
    keeper: int

    @property
    def seen(self) -> Path:
        """The folder as the runs see it."""
        return Path(f"/proc/{self.keeper}/root{self.folder}")

    @property
    def files(self) -> list[str]:
        """All files in it, but what `fill` wrote."""
        found = (path for path in self.seen.rglob("*") if path.is_file())
        return sorted(str(path.relative_to(self.seen)) for path in found if path.name != "filler")

    def fill(self, but: int = 0) -> None:
        """Take all the room there is, but for so many bytes."""
        free = shutil.disk_usage(self.seen).free
        (self.seen / "filler").write_bytes(bytes(free - but))

    def free(self) -> None:
        (self.seen / "filler").unlink()

    def run(
        self, environment: Mapping[str, str], *arguments: str, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        entered = ["nsenter", f"--target={self.keeper}", "--user", "--mount"]
        return run(
            [*entered, "--preserve-credentials", *IN_FOLDER, str(cwd or self.folder)],
            environment,
            *arguments,
        )


def run(
    prefix: list[str], environment: Mapping[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    """The program, started by the command that is its prefix."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [*prefix, str(command_line.PROGRAM), *arguments],
        env={**kept, **command_line.NO_SETTINGS, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Place]:
    """A file system of that size (as mount takes it) in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with _kept(SMALL, str(folder), size) as keeper:
        yield Place(folder, keeper)


@contextmanager
def read_only(folder: Path, *others: Path) -> Iterator[Place]:
    """The folders as they are, but nothing can be written there."""
    with _kept(READ_ONLY, str(folder), *map(str, others)) as keeper:
        yield Place(folder, keeper)


@contextmanager
def _kept(script: str, *arguments: str) -> Iterator[int]:
    with subprocess.Popen(
        [*KEEPER, script, "sh", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as keeper:
        assert keeper.stdout
        assert keeper.stderr
        if not keeper.stdout.readline():
            pytest.skip(f"no mount of one's own here: {keeper.stderr.read().strip()}")
        yield keeper.pid
