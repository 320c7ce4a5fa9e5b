"""What must be on this machine before an AWS can run on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path
from types import ModuleType

from ..errors import ConfigurationError

# The gap files use names that are private to this very version.
MINISTACK = "1.5.33"
_EXTRA = ("ministack", "apache-flink", "cbor2", "duckdb", "sqlglot")
# MiniStack does not run on older ones, and Flink's package is not built for newer ones.
PYTHONS = "Python 3.10 or 3.11"
_INSTALL = f"Run in a checkout: make install (with {PYTHONS}, which MiniStack and Flink need)"
_OLDEST_JAVA = 11


def has_python() -> bool:
    return (3, 10) <= sys.version_info[:2] < (3, 12)


def check() -> None:
    """Raise ConfigurationError, with what to install, unless everything needed is here."""
    if not has_python():
        version = ".".join(map(str, sys.version_info[:2]))
        raise ConfigurationError(
            f"An AWS on this machine does not run on Python {version}. {_INSTALL}"
        )
    missing = [name for name in _EXTRA if _version(name) is None]
    if missing:
        raise ConfigurationError(f"An AWS on this machine needs {', '.join(missing)}. {_INSTALL}")
    check_ministack()
    find_java()


def check_ministack() -> None:
    """Raise ConfigurationError unless MiniStack has exactly the supported version."""
    version = _version("ministack")
    if version != MINISTACK:
        raise ConfigurationError(
            f"ministack {version} is installed, but only {MINISTACK} is supported. {_INSTALL}"
        )


def flink_version() -> str:
    """That of Flink's Python package; raises ConfigurationError when it is not installed."""
    version = _version("apache-flink")
    if version is None:
        raise ConfigurationError(f"Flink's Python package is not installed. {_INSTALL}")
    return version


def find_java() -> Path:
    """The home of a Java 11 or newer: JAVA_HOME, else that of `java` on the path."""
    home = os.environ.get("JAVA_HOME")
    command = str(Path(home, "bin", "java")) if home else "java"
    java = shutil.which(command)
    version = java_version(java) if java else 0
    if not java or version < _OLDEST_JAVA:
        present = f"; {command} is Java {version}" if version else f"; no {command}"
        raise ConfigurationError(
            f"Flink needs a JDK {_OLDEST_JAVA} or newer{present}. "
            "Install one (Debian: apt-get install default-jre-headless) or set JAVA_HOME"
        )
    return Path(java).resolve().parent.parent


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


@cache
def java_version(java: str) -> int:
    """The number of a Java's release, as 17; 0 when it tells none."""
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    # `openjdk version "17.0.15" 2025-04-15`, or `"1.8.0_292"` before Java 9.
    quoted = answer.stderr.partition('"')[2].partition('"')[0]
    major, _, rest = quoted.partition(".")
    number = rest.partition(".")[0] if major == "1" else major
    return int(number) if number.isdigit() else 0


def require(module: ModuleType, *names: str) -> None:
    """Raise ConfigurationError unless the module has all of the names."""
    missing = [name for name in names if not hasattr(module, name)]
    if missing:
        names_missing = f"{module.__name__} has no {', '.join(missing)}"
        raise ConfigurationError(f"{names_missing}; only ministack {MINISTACK} is supported")
