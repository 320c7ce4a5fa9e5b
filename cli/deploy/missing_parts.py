"""What a function's code will lack when it runs, as far as its folder and the templates tell.

CloudFormation takes such code, and the first call of the function fails.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from shlex import quote
from typing import TYPE_CHECKING

from . import requirements

if TYPE_CHECKING:
    from .uses import Use

# By runtime, the files that a handler may be in.
_SUFFIXES = {"python": (".py", "/__init__.py", ".so"), "nodejs": (".js", ".mjs", ".cjs")}
_BOOTSTRAP = "bootstrap"
# By runtime, what of the files has to be built, and its name.
_BUILT = {
    "java": (re.compile(r".+\.(class|jar)|pom\.xml"), "class or jar"),
    "dotnet": (re.compile(r".+\.dll"), "assembly (.dll)"),
    # https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html
    "provided": (re.compile(_BOOTSTRAP), "file bootstrap"),
}
# What other tools of Python install from.
_LOCKS = ("Pipfile", "Pipfile.lock", "poetry.lock", "uv.lock", "pdm.lock")
_PROJECT = "pyproject.toml"
# What it depends on, in the form of the standard, and in that of Poetry.
_DEPENDENCIES = re.compile(
    rb"""^[ \t]*dependencies[ \t]*=[ \t]*\[[^\]]*["']"""
    rb"""|^\[tool\.poetry\.dependencies\][^\[]*^[ \t]*(?!python[ \t]*=)[\w."'-]+[ \t]*=""",
    re.MULTILINE,
)
_PACKAGE, _MODULES = "package.json", "node_modules/"
# Lambda's Node.js has it.
_PRESENT = "@aws-sdk/"


def told(
    place: str,
    sources: Mapping[str, bytes],
    taken: Collection[Use],
    packages: Iterable[str] = (),
    executables: Collection[str] = (),
) -> Iterator[str]:
    """A sentence for each part that is missing; `place` is the folder that has these files.

    `packages` are installed beside them.
    """
    yield from _of_uses(place, sources, taken, packages, executables)
    yield from _of_folder(place, sources, {use.runtime for use in taken})


def _of_uses(
    place: str,
    sources: Mapping[str, bytes],
    taken: Collection[Use],
    packages: Iterable[str],
    executables: Collection[str],
) -> Iterator[str]:
    for use in taken:
        files = [] if _is_of_package(use, packages) else _handler_files(use)
        if files and not sources.keys() & set(files):
            yield f"{use.place}: Handler {use.handler}: there is no {files[0]} in {place}"
        if built := _unbuilt(use, sources):
            yield f"{use.place}: {use.runtime}: there is no {built} in {place}. Next: build it"
        if use.runtime.startswith("provided") and _BOOTSTRAP in set(sources) - set(executables):
            file = f"{place}/{_BOOTSTRAP}"
            yield f"{use.place}: {file} is not executable. Next: chmod +x {quote(file)}"


def _of_folder(place: str, sources: Mapping[str, bytes], runtimes: set[str]) -> Iterator[str]:
    if any(name.startswith("nodejs") for name in runtimes) and _needs_modules(sources):
        yield (
            f"{place}/{_PACKAGE} names packages, and there is no {_MODULES[:-1]}. "
            "Next: npm ci --omit=dev in that folder"
        )
    locks = [name for name in _LOCKS if name in sources]
    if _DEPENDENCIES.search(sources.get(_PROJECT, b"")):
        locks.append(_PROJECT)
    # What pip put into the folder, it has.
    is_installed = any(name.endswith(requirements.INSTALLED) for name in sources)
    if locks and requirements.NAME not in sources and not is_installed:
        yield (
            f"{place}/{locks[0]} is not installed, since only {requirements.NAME} is. "
            "Next: export it to one"
        )


def _handler_files(use: Use) -> list[str]:
    """The files in which the handler may be; none where it may as well be in a layer."""
    path, _, _ = use.handler.rpartition(".")
    kind = next((kind for kind in _SUFFIXES if use.runtime.startswith(kind)), None)
    if kind is None or not path or use.has_layers or path.startswith("/"):
        return []
    if kind == "python":
        path = path.replace(".", "/")
    return [f"{path}{suffix}" for suffix in _SUFFIXES[kind]]


def _unbuilt(use: Use, sources: Collection[str]) -> str:
    """What has to be built and is not there; empty where a layer may have it, too."""
    for runtime, (pattern, words) in _BUILT.items():
        if use.runtime.startswith(runtime) and not use.has_layers:
            return "" if any(map(pattern.fullmatch, sources)) else words
    return ""


def _is_of_package(use: Use, packages: Iterable[str]) -> bool:
    """Whether the handler may be a package's, as those that wrap one's own are."""
    module = use.handler.replace("/", ".").partition(".")[0].lower().replace("-", "_")
    names = (name.replace("-", "_") for name in packages)
    return any(name.startswith(module) or module.startswith(name) for name in names)


def _needs_modules(sources: Mapping[str, bytes]) -> bool:
    if _PACKAGE not in sources or any(name.startswith(_MODULES) for name in sources):
        return False
    try:
        named = json.loads(sources[_PACKAGE])["dependencies"]
        return any(not name.startswith(_PRESENT) for name in named)
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
