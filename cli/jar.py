"""The jar of a function's Java dependencies: built once from its pom.xml by Maven, then reused."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

from .errors import BuildError

NAME = "pyflink-dependencies.jar"
POM = "pom.xml"
DIGITS = 32
LAST_LINES = 8


def cache() -> Path:
    """The user's cache folder of this program (XDG Base Directory Specification)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "miztiik-events"


def is_built(pom: bytes) -> bool:
    """Whether `build` has nothing to do."""
    return _path(pom).exists()


def build(pom: bytes, cancelled: threading.Event | None = None) -> Path:
    """The jar made of this pom.xml, out of the cache when it was built before.

    It is there whole or not at all, also when two builds run at once or one is interrupted.
    Raises BuildError when Maven is missing or fails.
    """
    jar = _path(pom)
    if jar.exists():
        return jar
    if shutil.which("mvn") is None:
        raise BuildError(
            f"Maven (mvn) builds {NAME}, and it is not on this machine. "
            "Install it (Debian: apt-get install maven) and run the command again"
        )
    jar.parent.mkdir(parents=True, exist_ok=True)
    # In the cache, so that the move at the end stays on one file system.
    with tempfile.TemporaryDirectory(prefix="build-", dir=jar.parent) as folder:
        (Path(folder) / POM).write_bytes(pom)
        _run_maven(Path(folder), cancelled or threading.Event())
        os.replace(Path(folder) / "target" / NAME, jar)
    return jar


def _path(pom: bytes) -> Path:
    return cache() / hashlib.sha256(pom).hexdigest()[:DIGITS] / NAME


def _run_maven(folder: Path, cancelled: threading.Event) -> None:
    log = folder / "maven.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["mvn", "-B", "-q", "package"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(process, cancelled)
        finally:
            # No Maven outlives the wait for it, whatever ended the wait.
            process.kill()
            process.wait()
    if process.returncode or not (folder / "target" / NAME).exists():
        lines = log.read_text("utf-8", "replace").strip().splitlines()[-LAST_LINES:]
        raise BuildError("\n  ".join([f"Maven could not build {NAME}:", *lines]))


def _wait(process: subprocess.Popen[bytes], cancelled: threading.Event) -> None:
    while True:
        try:
            process.wait(timeout=0.2)
            return
        except subprocess.TimeoutExpired:
            if cancelled.is_set():
                raise BuildError(f"the build of {NAME} was interrupted") from None
