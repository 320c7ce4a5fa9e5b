"""What a template stands for beside its text: what changes by itself.

Of these only CloudFormation can tell whether something is new; an empty change set says no.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .nodes import compose

if TYPE_CHECKING:
    from yaml import Node

    from .template import Template

# Its value is the name of a parameter in Systems Manager; what the stack gets is what that holds.
_SSM = re.compile(r"AWS::SSM::Parameter::Value\b")
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-ssm.html: one
# that names a version always means the same.
_REFERENCE = re.compile(r"\{\{resolve:(?!ssm(-secure)?:[^:{}]+:\d+\}\})")
# AWS::Include reads a file, and a macro is somebody's function; language extensions are neither.
# What GetStackOutput takes from another stack is looked up in each update.
_INCLUSION = re.compile(r"(\bFn::|!)(Transform|GetStackOutput)\b")
_PURE = ("AWS::LanguageExtensions",)
# Their templates lie elsewhere; a module is that which is the default at the moment.
_TYPES = re.compile(r"AWS::CloudFormation::Stack(Set)?$|.*::MODULE$")


def says_the_same(text: str, other: str) -> bool:
    """Whether two texts are the same template: comments and layout are nothing to CloudFormation.

    It finds no change in them, and keeps the text that it has.
    """
    return text == other or _plain(compose(text)) == _plain(compose(other))


def _plain(node: Node | None) -> Any:
    """The node without its place in the file."""
    if node is None or isinstance(node.value, str):
        return node and (node.tag, node.value)
    parts = (part if isinstance(part, tuple) else (part,) for part in node.value)
    return node.tag, [tuple(map(_plain, part)) for part in parts]


def may_have_changed(template: Template, values: Iterable[str]) -> bool:
    """Whether a stack of this template and these parameters' values can change without either."""
    return (
        any(_SSM.match(parameter.type) for parameter in template.parameters.values())
        or any(_REFERENCE.search(text) for text in (template.body, *values))
        or any(_TYPES.match(type_) for type_ in template.types.values())
        or bool(_INCLUSION.search(template.body))
        or any(macro not in _PURE for macro in macros(template.body))
    )


def macros(body: str) -> list[str]:
    """The names under Transform; one that has parameters of its own is a name as well."""
    if "Transform" not in body:
        return []
    sections: Any = getattr(compose(body), "value", [])
    named = next((value for key, value in sections if key.value == "Transform"), None)
    if named is None:
        return []
    return [str(macro.value) for macro in (named.value if named.id == "sequence" else [named])]
