"""The jar of a function's Java dependencies: built once from its pom.xml by Maven, then reused.

A pom.xml that has a property `content.sha256` pins with it all that gets into the jar.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import threading
import zipfile
from functools import partial
from pathlib import Path

from .. import files
from ..errors import BuildError
from . import builder

NAME = "pyflink-dependencies.jar"
POM = "pom.xml"
DIGITS = 32
LAST_LINES = 8
PIN = re.compile(rb"<content\.sha256>\s*(\w+)\s*</content\.sha256>")
_INTERRUPTED = f"the build of {NAME} was interrupted"


def is_built(pom: bytes) -> bool:
    """Whether `build` has nothing to do."""
    return _path(pom).exists()


def build(pom: bytes, cancelled: threading.Event | None = None) -> Path:
    """The jar made of this pom.xml, out of the cache when it was built before.

    It is there whole or not at all, also when a build is killed. Of two at once the second waits
    for the first. Raises BuildError when Maven is missing or fails, and when the jar is not what
    the pom.xml pins.
    """
    jar = _path(pom)
    if jar.exists():
        return jar
    if shutil.which("mvn") is None:
        raise BuildError(
            f"Maven (mvn) builds {NAME}, and it is not on this machine. "
            "Install it (Debian: apt-get install maven) and run the command again"
        )
    builder.once(jar, partial(_build, jar, pom), cancelled, _INTERRUPTED)
    return jar


def _build(jar: Path, pom: bytes, cancelled: threading.Event) -> None:
    # In the cache, so that the move at the end stays on one file system.
    with files.temporary_folder("build-", jar.parent) as folder:
        (folder / POM).write_bytes(pom)
        _run_maven(folder, cancelled)
        _check(pom, folder / "target" / NAME)
        os.replace(folder / "target" / NAME, jar)


def _path(pom: bytes) -> Path:
    return files.cache() / hashlib.sha256(pom).hexdigest()[:DIGITS] / NAME


def _check(pom: bytes, jar: Path) -> None:
    pinned = PIN.search(pom)
    if pinned and pinned[1].decode() != (actual := digest(jar)):
        raise BuildError(
            f"{NAME} is not what {POM} pins: one of its dependencies has changed. Do not use it. "
            f"If you changed {POM} yourself, pin what it makes now: "
            f"<content.sha256>{actual}</content.sha256>"
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
    # Strict checksums: what was damaged on the way fails the build.
    maven = builder.run(["mvn", "-B", "-q", "-C", "package"], folder, cancelled)
    if maven is None:
        raise BuildError(_INTERRUPTED)
    if maven.returncode or not (folder / "target" / NAME).exists():
        lines = maven.stdout.strip().splitlines()[-LAST_LINES:]
        raise BuildError("\n  ".join([f"Maven could not build {NAME}:", *lines]))
