"""The jar of a function's Java dependencies: built once from its pom.xml by Maven, then reused.

A pom.xml that has a property `content.sha256` pins with it all that gets into the jar.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import threading
import zipfile
from pathlib import Path

from .errors import BuildError

NAME = "pyflink-dependencies.jar"
POM = "pom.xml"
DIGITS = 32
LAST_LINES = 8
PIN = re.compile(rb"<content\.sha256>\s*(\w+)\s*</content\.sha256>")


def cache() -> Path:
    """The user's cache folder of this program (XDG Base Directory Specification)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "miztiik-events"


def is_built(pom: bytes) -> bool:
    """Whether `build` has nothing to do."""
    return _path(pom).exists()


def build(pom: bytes, cancelled: threading.Event | None = None) -> Path:
    """The jar made of this pom.xml, out of the cache when it was built before.

    It is there whole or not at all, also when two builds run at once or one is interrupted.
    Raises BuildError when Maven is missing or fails, and when the jar is not what the pom.xml pins.
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
        _check(pom, Path(folder) / "target" / NAME)
        os.replace(Path(folder) / "target" / NAME, jar)
    return jar


def _path(pom: bytes) -> Path:
    return cache() / hashlib.sha256(pom).hexdigest()[:DIGITS] / NAME


def _check(pom: bytes, jar: Path) -> None:
    pinned = PIN.search(pom)
    if pinned and pinned[1].decode() != (found := digest(jar)):
        raise BuildError(
            f"{NAME} is not what {POM} pins: one of its dependencies has changed. Do not use it. "
            f"If you changed {POM} yourself, pin what it makes now: "
            f"<content.sha256>{found}</content.sha256>"
        )


def digest(jar: Path) -> str:
    """The SHA-256 of what is in the jar. (How it is packed differs from one JDK to another.)"""
    whole = hashlib.sha256()
    with zipfile.ZipFile(jar) as archive:
        for name in sorted(archive.namelist()):
            # A digest has a fixed length, so that no name can run into what follows.
            whole.update(hashlib.sha256(name.encode()).digest())
            whole.update(hashlib.sha256(archive.read(name)).digest())
    return whole.hexdigest()


def _run_maven(folder: Path, cancelled: threading.Event) -> None:
    log = folder / "maven.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            # Strict checksums: what was damaged on the way fails the build.
            ["mvn", "-B", "-q", "-C", "package"],
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
