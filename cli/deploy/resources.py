"""A template's data, with values in place of its references: what its resources are made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..cloudformation import nodes

if TYPE_CHECKING:
    from yaml import Node

    from ..cloudformation.template import Template

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
PSEUDO_PARAMETERS = tuple(
    f"AWS::{name}"
    for name in ("AccountId", "Partition", "Region", "StackId", "StackName", "URLSuffix")
)
_REFERENCE = re.compile(r"\$\{([\w:]+)\}")


def data(body: str, values: Mapping[str, str], unknown: str) -> Any:
    """The template of this text as mappings, lists and text.

    A Ref is what `values` has for it, and what FindInMap finds is that, also by a key that is not
    known where all of them have the same; all that only AWS can tell is `unknown`.
    """
    root = nodes.compose(body)
    mappings = _Reader(values, unknown, {}).read(nodes.entries(root).get("Mappings"))
    return _Reader(values, unknown, mappings).read(root)


def defaults(declared: Template) -> dict[str, str]:
    """The parameters' own values, of those that have one."""
    declarations = declared.parameters.items()
    return {name: one.default for name, one in declarations if one.default is not None}


class _Reader:
    def __init__(self, values: Mapping[str, str], unknown: str, mappings: Any) -> None:
        self.values, self.unknown, self.mappings = values, unknown, mappings

    def read(self, node: Node | None) -> Any:
        from yaml import MappingNode, SequenceNode

        value: Any = node.value if node is not None else {}
        if node is not None and node.tag.startswith("!"):
            is_list = isinstance(node, SequenceNode)
            return self._called(node.tag[1:], [*map(self.read, value)] if is_list else value)
        if not isinstance(value, list):
            return value
        if node is not None and not isinstance(node, MappingNode):
            return [self.read(item) for item in value]
        read = {str(key.value): self.read(item) for key, item in value}
        name, argument = next(iter(read.items()), ("", ""))
        is_call = len(read) == 1 and (name == "Ref" or name.startswith("Fn::"))
        return self._called(name.removeprefix("Fn::"), argument) if is_call else read

    def _called(self, function: str, argument: Any) -> Any:
        if function == "FindInMap" and isinstance(argument, list):
            return self._found(argument)
        if function == "Join" and isinstance(argument, list):
            return self._joined(argument)
        if not isinstance(argument, str):
            return self.unknown
        if function == "Ref":
            return self.values.get(argument, self.unknown)
        if function == "Sub" and self.values.keys() >= set(_REFERENCE.findall(argument)):
            return _REFERENCE.sub(lambda name: self.values[name[1]], argument)
        return self.unknown

    def _found(self, keys: list[Any]) -> Any:
        """What is in the mapping under the keys, which are three, and perhaps a default."""
        tables = [self.mappings]
        for key in keys[:3]:
            entries = [table.items() for table in tables if isinstance(table, dict)]
            known = [value for items in entries for name, value in items if name == key]
            every = [value for items in entries for _, value in items]
            tables = every if key == self.unknown else known
        first = next(iter(tables), self.unknown)
        is_whole = len(keys) == 3 and all(other == first for other in tables)
        return first if is_whole else self.unknown

    def _joined(self, argument: list[Any]) -> str:
        separator, words = argument if len(argument) == 2 else ("", [])
        texts = [separator, *words] if isinstance(words, list) else [self.unknown]
        is_known = all(isinstance(text, str) and text != self.unknown for text in texts)
        return str(separator).join(words) if is_known and words else self.unknown
