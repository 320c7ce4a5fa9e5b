"""The Flink programs of a project: the code, and the properties that the templates give it.

Only a program that is laid out as functions/analytics is known here: a main.py with `program` and
`prepare`, and beside it one file of SQL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..analytics import application
from ..cloudformation import template
from ..errors import ConfigurationError
from . import bundle, jar, resources
from .bundle import Bundle
from .wiring import Step

if TYPE_CHECKING:
    from importlib.abc import Traversable
    from pathlib import Path

    from ..cloudformation.template import Template

Groups = dict[str, dict[str, str]]
MAIN = "main.py"
_DEFINITIONS = (re.compile(rb"^def program\(", re.M), re.compile(rb"^def prepare\(", re.M))
_PROPERTIES = "Properties ApplicationConfiguration EnvironmentProperties PropertyGroups"
# For a value that is known in AWS alone; a number, because it may stand where the SQL needs one.
STAND_IN = "1"
REGION = "us-east-1"


@dataclass(frozen=True)
class Program:
    """A program; `path` is its SQL as a person would write it, from the current folder on.

    `properties` are the property groups of each application that runs it.
    """

    code: Bundle
    path: str
    properties: tuple[Groups, ...]

    def connectors(self) -> Path | None:
        """The jar of its connectors; raises ConfigurationError when it is not built yet."""
        if self.code.pom is None:
            return None
        if not jar.is_built(self.code.pom):
            raise ConfigurationError(
                f"{jar.NAME} is not built yet. "
                "Build it with: miztiik-events package --output-dir build/package"
            )
        return jar.build(self.code.pom)


def programs(
    steps: Sequence[Step], bundles: Mapping[str, Bundle], functions: Traversable | None = None
) -> list[Program]:
    """The programs that applications of these steps run, as far as they are laid out as ours."""
    runs: dict[str, list[Groups]] = {}
    for step in steps:
        for function in step.functions:
            runs.setdefault(function, []).extend(_properties(step.template))
    folder = functions or bundle.folder()
    return [
        Program(bundles[name], template.path_of(folder / name / sql), tuple(properties))
        for name, properties in runs.items()
        if properties and (sql := _sql(bundles[name]))
    ]


def _sql(code: Bundle) -> str:
    """The name of its file of SQL; empty when it is not laid out as ours."""
    sources = dict(code.sources)
    files = [name for name in sources if name.endswith(".sql")]
    is_ours = all(pattern.search(sources.get(MAIN, b"")) for pattern in _DEFINITIONS)
    return files[0] if is_ours and len(files) == 1 else ""


def _properties(declared: Template) -> list[Groups]:
    """The property groups of each application in the template."""
    names = [name for name, type_ in declared.types.items() if type_ == application.TYPE]
    declarations = _data(declared)["Resources"] if names else {}
    return [
        {
            str(group["PropertyGroupId"]): {k: str(v) for k, v in group["PropertyMap"].items()}
            for group in _at(declarations, *f"{name} {_PROPERTIES}".split())
        }
        for name in names
    ]


def _at(data: Any, *path: str) -> Any:
    """What stands under these keys; nothing when it is not there, or a function makes it."""
    for key in path:
        data = data.get(key, {}) if isinstance(data, dict) else {}
    return data if isinstance(data, list) else []


def _data(declared: Template) -> Any:
    """The template's data; of a parameter its default, which here stands for all its values."""
    values = {"AWS::Region": REGION, **resources.defaults(declared)}
    return resources.data(declared.body, values, STAND_IN)
