"""The templates of the package as plain data, and with their lines, for the tests that judge them.

Read by PyYAML alone, apart from how the program reads them: `!Ref X` becomes {"Ref": "X"}.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).parent.parent / "templates"
FUNCTIONS = FOLDER.parent / "functions"


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Takes the short forms of CloudFormation's functions."""


def _short_form(loader: _Loader, name: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


_Loader.add_multi_constructor("!", _short_form)


@dataclass(frozen=True)
class Tree:
    """One template; `lines` are those of its file, from 0."""

    name: str
    body: str

    @cached_property
    def data(self) -> dict[str, Any]:
        loaded: dict[str, Any] = yaml.load(self.body, _Loader)
        return loaded

    @property
    def lines(self) -> list[str]:
        return self.body.splitlines()

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        return dict(self.data.get("Parameters", {}))

    def resources(self, type_: str = "") -> dict[str, dict[str, Any]]:
        """Its resources, or those of a type; each as it stands, Properties and all."""
        found = self.data["Resources"].items()
        return {name: one for name, one in found if type_ in ("", one["Type"])}

    def properties(self, type_: str) -> dict[str, dict[str, Any]]:
        return {name: one.get("Properties", {}) for name, one in self.resources(type_).items()}

    def comment_above(self, line: int) -> str:
        """The comment that ends right above the line."""
        above: list[str] = []
        while line and self.lines[line - 1].strip().startswith("#"):
            line -= 1
            above.insert(0, self.lines[line].strip(" #"))
        return " ".join(above)

    def line_of(self, name: str) -> int:
        """The line of a resource."""
        return self.lines.index(f"  {name}:")


def load() -> list[Tree]:
    paths = sorted(FOLDER.glob("*.yaml"))
    return [Tree(path.stem, path.read_text("utf-8")) for path in paths]


TREES = load()


def having(type_: str) -> Any:
    """Parametrizes a test with each template that has a resource of the type; one has."""
    trees = [tree for tree in TREES if tree.resources(type_)]
    assert trees
    return pytest.mark.parametrize("tree", trees, ids=lambda tree: tree.name)


def statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    """Those of a policy, a role's or a resource's; of `!If`, the one for when it holds."""
    found: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return [one["Fn::If"][1] if "Fn::If" in one else one for one in found]


def listed(value: Any) -> list[Any]:
    """What may stand alone or in a list, as a list."""
    return value if isinstance(value, list) else [value]


def walk(value: Any) -> Iterator[Any]:
    """The value and everything in it."""
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        yield from walk(one)


def target(reference: Any) -> str:
    """The resource that a Ref or a GetAtt leads to; empty for anything else."""
    if not isinstance(reference, dict):
        return ""
    return str(reference.get("Ref") or str(reference.get("Fn::GetAtt", "")).partition(".")[0])
