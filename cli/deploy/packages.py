"""The packages of a function's requirements.txt, as wheels for the machine that it runs on.

pip resolves them, for the runtime and the architecture that the templates give the function, and
whatever Python runs it here: https://pip.pypa.io/en/stable/cli/pip_download/. What it found is kept
in the cache by the file's content, so that the same file is resolved once.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import stat
import sys
import threading
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from .. import files
from ..errors import BuildError
from ..text import counted
from . import builder
from .requirements import NAME, Requirements
from .uses import Runtime

DIGITS = 32
# Where pip finds the function's files while it works; the wheels that it gets are beside it.
_ASKED = "asked"
_INTERRUPTED = "pip was interrupted"
# What pip says of a package that it found nothing for, and when there was no index to ask.
_MISSING = re.compile(r"^ERROR: No matching distribution found for (.+)$", re.M)
_VERSIONS = re.compile(
    r"^ERROR: Could not find a version .*\(from versions: (?!none\))(.+)\)$", re.M
)
_NO_NETWORK = re.compile(r"^WARNING: Retrying \(.*?: (/\S+)$", re.M)
MOST_LINES, MOST_VERSIONS = 8, 5
RETRIES = 2
# Without the folder that it stands in, whose files may be named as pip's are. pip takes the markers
# (`; python_version < "3.11"`) of the Python that runs it, whatever it is told to look for
# (https://github.com/pypa/pip/issues/11664), so it is told here.
_PIP = """
import json, sys
sys.path.pop(0)
from pip._vendor.packaging import markers
target, own = json.loads(sys.argv.pop(1)), markers.default_environment
markers.default_environment = lambda: {**own(), **target}
from pip._internal.cli.main import main
sys.exit(main())
"""
# The newest GNU C library that Amazon Linux 2023 has, and Amazon Linux 2, on which Python 3.11 and
# older run.
_GLIBC, _OLDER_GLIBC, _NEWEST_ON_OLDER = 34, 26, 11
_OLDEST_GLIBC = {"x86_64": 5, "aarch64": 17}


@dataclass(frozen=True)
class Packages:
    """What a function's requirements.txt asks for; `place` is the function's folder."""

    place: str
    requirements: Requirements
    runtime: Runtime

    @property
    def key(self) -> str:
        """Names the packages by what they are made of."""
        asked = json.dumps([str(self.runtime), sorted(self.requirements.files.items())])
        asked += "".join(
            hashlib.sha256(content).hexdigest()
            for _, content in sorted(self.requirements.wheels.items())
        )
        return hashlib.sha256(asked.encode()).hexdigest()[:DIGITS]

    @property
    def is_cached(self) -> bool:
        """Whether `wheels` needs neither pip nor a network."""
        return self._folder.exists()

    @property
    def _folder(self) -> Path:
        return files.cache() / f"packages-{self.key}" / "wheels"

    def __str__(self) -> str:
        asked = counted(len(self.requirements.names), "requirement")
        return f"{asked} of {self.place}/{NAME} for {self.runtime}"

    def wheels(self, cancelled: threading.Event | None = None) -> list[Path]:
        """The wheels, sorted, out of the cache or by pip; raises BuildError.

        They are there whole or not at all. Of two at once the second waits for the first.
        """
        kept = self._folder
        builder.once(kept, partial(self._download, kept), cancelled, _INTERRUPTED)
        return sorted(kept.iterdir())

    def _download(self, kept: Path, cancelled: threading.Event) -> None:
        if importlib.util.find_spec("pip") is None:
            raise BuildError(
                f"{self.place}/{NAME} is installed by pip, and this Python has none. "
                f"Next: {sys.executable} -m ensurepip"
            )
        # In the cache, so that the move at the end stays on one file system.
        with files.temporary_folder("download-", kept.parent) as folder:
            texts = {name: text.encode() for name, text in self.requirements.files.items()}
            for name, content in {**texts, **self.requirements.wheels}.items():
                file = folder / _ASKED / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            (folder / "wheels").mkdir()
            _download(self, folder / _ASKED, cancelled)
            os.replace(folder / "wheels", kept)


def contents(wheels: Sequence[Path]) -> Iterator[tuple[str, zipfile.ZipInfo, zipfile.ZipFile]]:
    """Each file of the wheels: its name in the function's zip, its entry, and where to read it.

    Of a file that several have, as the packages of a namespace do, the first.
    """
    known: set[str] = set()
    for path in wheels:
        with zipfile.ZipFile(path) as wheel:
            for entry in sorted(wheel.infolist(), key=lambda entry: entry.filename):
                name = "" if entry.is_dir() else _installed(entry.filename)
                if name and name not in known:
                    known.add(name)
                    yield name, entry, wheel


def is_executable(name: str, entry: zipfile.ZipInfo) -> bool:
    """Whether the wheel's file is one to run."""
    return bool(entry.external_attr >> 16 & stat.S_IXUSR) or name.startswith("bin/")


def _installed(name: str) -> str:
    """Where `pip install --target` puts a wheel's file; empty for what it puts nowhere.

    https://packaging.python.org/en/latest/specifications/binary-distribution-format/
    """
    folder, _, rest = name.partition("/")
    if not folder.endswith(".data"):
        return name
    scheme, _, rest = rest.partition("/")
    return {"purelib": rest, "platlib": rest, "data": rest, "scripts": f"bin/{rest}"}.get(
        scheme, ""
    )


def _download(packages: Packages, folder: Path, cancelled: threading.Event) -> None:
    runtime = packages.runtime
    platforms = [f"--platform={name}" for name in _platforms(runtime)]
    pip = builder.run(
        [
            *(sys.executable, "-W", "ignore", "-c", _PIP, json.dumps(_markers(runtime))),
            *("download", f"--requirement={NAME}", "--dest=../wheels", "--only-binary=:all:"),
            *("--implementation=cp", f"--python-version={runtime.python}", *platforms),
            *("--no-input", "--disable-pip-version-check", "--progress-bar=off"),
            *(f"--retries={RETRIES}", "--timeout=20", "--no-color"),
        ],
        folder,
        cancelled,
        # A person's settings for installing here (the index is not one of them) are not for there.
        {**os.environ, "PIP_REQUIRE_VIRTUALENV": "0", "PIP_NO_BINARY": "", "PIP_QUIET": "0"},
    )
    if pip is None:
        raise BuildError(_INTERRUPTED)
    if pip.returncode:
        raise BuildError(_reason(packages, pip.stdout))


def _reason(packages: Packages, output: str) -> str:
    """Why pip found no wheels, by what it printed."""
    place = f"{packages.place}/{NAME}"
    missing, index = _MISSING.search(output), _NO_NETWORK.search(output)
    if index:
        return (
            f"{place}: pip could not reach its package index (for {index[1]}). "
            "Next: see what `pip config list` says, and try again with a network"
        )
    if missing:
        versions = _VERSIONS.search(output)
        newest = ", ".join(versions[1].split(", ")[-MOST_VERSIONS:]) if versions else ""
        return (
            f"{place}: there is no wheel of {missing[1]} for {packages.runtime}"
            + (f" (there are of {newest})" if newest else "")
            + ". Nothing is built from source, since it would be built for this machine. Next: "
            "require another version, or put the package into the function's folder yourself"
        )
    lines = [line.strip() for line in output.partition("ERROR: ")[2].splitlines() if line.strip()]
    lines = lines[:MOST_LINES] or output.strip().splitlines()[-MOST_LINES:]
    return "\n  ".join([f"{place}: pip could not get what it names:", *lines])


def _platforms(runtime: Runtime) -> Iterator[str]:
    """The tags of the wheels that run there, the best first (PEP 600)."""
    is_older = int(runtime.python.partition(".")[2]) <= _NEWEST_ON_OLDER
    newest = _OLDER_GLIBC if is_older else _GLIBC
    for minor in range(newest, _OLDEST_GLIBC[runtime.machine] - 1, -1):
        yield f"manylinux_2_{minor}_{runtime.machine}"
    # pip itself adds manylinux2010 and manylinux1 to it.
    yield f"manylinux2014_{runtime.machine}"
    yield f"linux_{runtime.machine}"


def _markers(runtime: Runtime) -> Mapping[str, str]:
    """What the markers of requirements are true of, there (PEP 508)."""
    return {
        "implementation_name": "cpython",
        "implementation_version": f"{runtime.python}.0",
        "os_name": "posix",
        "platform_machine": runtime.machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": f"{runtime.python}.0",
        "python_version": runtime.python,
        "sys_platform": "linux",
    }
