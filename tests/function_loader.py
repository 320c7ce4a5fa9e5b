"""Loads a function as Lambda does: its folder first on the path, its environment set before."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

FUNCTIONS = Path(__file__).parent.parent / "functions"
# Enough for clients that are stubbed.
NO_AWS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
}


def load(name: str, environment: Mapping[str, str]) -> ModuleType:
    """A fresh `handler` module of functions/<name>; it shares nothing with other functions'."""
    folder = FUNCTIONS / name
    with _environment(environment), _first_on_path(folder):
        return importlib.import_module("handler")


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _first_on_path(folder: Path) -> Iterator[None]:
    names = [path.stem for path in folder.glob("*.py")]
    hidden = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(hidden)
