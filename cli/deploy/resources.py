"""A template's data, with values in place of its references: what its resources are made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..cloudformation import nodes

if TYPE_CHECKING:
    from yaml import Node

    from ..cloudformation.template import Template

_REFERENCE = re.compile(r"\$\{([\w:]+)\}")


def data(declared: Template, values: Mapping[str, str], unknown: str) -> Any:
    """The template as mappings, lists and text.

    A Ref is what `values` has for it; all that only AWS can tell is `unknown`.
    """
    return _Reader(values, unknown).read(nodes.compose(declared.body))


def defaults(declared: Template) -> dict[str, str]:
    """The parameters' own values, of those that have one."""
    declarations = declared.parameters.items()
    return {name: one.default for name, one in declarations if one.default is not None}


class _Reader:
    def __init__(self, values: Mapping[str, str], unknown: str) -> None:
        self.values, self.unknown = values, unknown

    def read(self, node: Node | None) -> Any:
        from yaml import MappingNode

        value: Any = node.value if node is not None else {}
        if node is not None and node.tag.startswith("!"):
            return self._called(node.tag[1:], value)
        if not isinstance(value, list):
            return value
        if node is not None and not isinstance(node, MappingNode):
            return [self.read(item) for item in value]
        read = {str(key.value): self.read(item) for key, item in value}
        name, argument = next(iter(read.items()), ("", ""))
        is_call = len(read) == 1 and (name == "Ref" or name.startswith("Fn::"))
        return self._called(name.removeprefix("Fn::"), argument) if is_call else read

    def _called(self, function: str, argument: Any) -> Any:
        if not isinstance(argument, str):
            return self.unknown
        if function == "Ref":
            return self.values.get(argument, self.unknown)
        if function == "Sub" and self.values.keys() >= set(_REFERENCE.findall(argument)):
            return _REFERENCE.sub(lambda name: self.values[name[1]], argument)
        return self.unknown
