"""What CloudFormation refuses of a template as a whole, told before any call.

Only what its text alone tells, and nothing of a template that a macro will make another one of.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from ..errors import TemplateError
from ..text import did_you_mean
from . import nodes

if TYPE_CHECKING:
    from yaml import Node

    from .template import Template

SECTIONS = (
    *("AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings"),
    *("Conditions", "Resources", "Outputs", "Hooks"),
)
_MOST = {"Parameters": 200, "Mappings": 200, "Resources": 500, "Outputs": 200}
_NAMED = ("Parameters", "Resources", "Outputs")
_NEEDED = {"Parameters": "Type", "Outputs": "Value"}
_ID = re.compile("[a-zA-Z0-9]+")
_PSEUDO = "AWS::"
_MODULE = "::MODULE"
_VERSION, _DESCRIPTION = "2010-09-09", 1024


def refuse(template: Template) -> None:
    """Raise TemplateError, with file and line, for the first thing that CloudFormation refuses."""
    is_plain = not any(type_.endswith(_MODULE) for type_ in template.types.values())
    root = nodes.compose(template.body)
    if root is None or template.has_macro or not is_plain:
        return
    top = nodes.entries(root)
    for node, reason in itertools.chain(
        _of_sections(root, top), _of_references(top), _of_circles(top)
    ):
        raise TemplateError(reason, template.path, nodes.line(node))


def refuse_twins(templates: Iterable[Template]) -> None:
    """Raise TemplateError for two templates that surely export the same name.

    It is one in an account and region:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html
    """
    first: dict[str, Template] = {}
    for template in templates:
        for name in _sure_exports(template):
            other = first.setdefault(name, template)
            if other is not template:
                line = template.exports.get(name)
                reason = f"{other.path} exports the name {name}, too, which one stack can do"
                raise TemplateError(reason, template.path, line)


def _sure_exports(template: Template) -> Iterator[str]:
    """The names of exports that rest on nothing and have no condition."""
    if template.has_macro or not template.exports:
        return
    top = nodes.entries(nodes.compose(template.body))
    for output in map(nodes.entries, nodes.entries(top.get("Outputs")).values()):
        name = nodes.entries(output.get("Export")).get("Name")
        is_plain = name is not None and isinstance(name.value, str) and not nodes.call(name)[0]
        if name is not None and is_plain and "Condition" not in output:
            yield str(name.value)


def _of_sections(root: Node, top: Mapping[str, Node]) -> Iterator[tuple[Node, str]]:
    version, description = top.get("AWSTemplateFormatVersion"), top.get("Description")
    if version is not None and version.value != _VERSION:
        yield version, f"AWSTemplateFormatVersion has to be {_VERSION}"
    if description is not None and len(str(description.value).encode()) > _DESCRIPTION:
        yield description, f"Description has more than {_DESCRIPTION:,} bytes"
    for key, name in nodes.names(root).items():
        if key not in SECTIONS:
            yield name, f"{key} is no section of a template.{did_you_mean([key], SECTIONS)}"
        yield from _of_entries(name, top[key])


def _of_entries(key: Node, node: Node) -> Iterator[tuple[Node, str]]:
    entries, section = nodes.entries(node), str(key.value)
    if len(entries) > _MOST.get(section, len(entries)):
        yield key, f"{len(entries)} {section}, and a template takes {_MOST[section]}"
    for name, place in nodes.names(node).items() if section in _NAMED else ():
        needed = _NEEDED.get(section)
        if not _ID.fullmatch(name):
            yield place, f"the name {name} is not alphanumeric (A-Z, a-z, 0-9)"
        if needed and needed not in nodes.entries(entries[name]):
            yield place, f"{name} has no {needed}"


def _of_references(top: Mapping[str, Node]) -> Iterator[tuple[Node, str]]:
    """What refers to something that the template does not have."""
    resources = nodes.entries(top.get("Resources")).keys()
    parameters = nodes.entries(top.get("Parameters")).keys()
    conditions = nodes.entries(top.get("Conditions")).keys()
    for section in ("Conditions", "Resources", "Outputs"):
        known = parameters if section == "Conditions" else resources | parameters
        there = {"Fn::GetAtt": resources, "Fn::If": conditions, "Condition": conditions}
        for node in nodes.every(top[section]) if section in top else ():
            name, given = nodes.call(node)
            # Elsewhere it is a property of somebody's.
            if name == "Condition" and section != "Conditions":
                continue
            for word in _referred(name, given):
                if word not in there.get(name, known) and not word.startswith(_PSEUDO):
                    yield node, _missing(word, there.get(name, known))
    for section in ("Resources", "Outputs"):
        for entry in nodes.entries(top.get(section)).values():
            yield from _of_attributes(nodes.entries(entry), resources, conditions)


def _of_circles(top: Mapping[str, Node]) -> Iterator[tuple[Node, str]]:
    """Resources that need each other, and surely so: whatever the conditions are."""
    resources = nodes.entries(top.get("Resources"))
    needs = {name: _needs(node) & resources.keys() for name, node in resources.items()}
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        names = list(reversed(error.args[1]))
        place = nodes.names(top["Resources"])[names[0]]
        yield place, f"circular dependency between resources: {' -> '.join(names)}"


def _needs(resource: Node) -> set[str]:
    """The names that the resource refers to or depends on; none where a condition may say no."""
    attributes = nodes.entries(resource)
    given = attributes.get("DependsOn")
    if "Condition" in attributes:
        return set()
    found = {str(node.value) for node in ([given, *_items(given)] if given is not None else ())}
    waiting = [node for key, node in attributes.items() if key != "DependsOn"]
    while waiting:
        node = waiting.pop()
        name, argument = nodes.call(node)
        if name == "Fn::If":
            continue
        found.update(_referred(name, argument))
        waiting += [*_items(node), *nodes.entries(node).values()]
    return found


def _of_attributes(
    attributes: Mapping[str, Node], resources: Collection[str], conditions: Collection[str]
) -> Iterator[tuple[Node, str]]:
    for key, known in (("DependsOn", resources), ("Condition", conditions)):
        given = attributes.get(key)
        for node in [given, *_items(given)] if given is not None else ():
            if isinstance(node.value, str) and node.value not in known:
                yield node, _missing(node.value, known)


def _items(node: Node | None) -> list[Node]:
    import yaml

    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _missing(word: str, known: Iterable[str]) -> str:
    return f"unresolved: the template has no {word}.{did_you_mean([word], known)}"


def _referred(name: str, given: Node | None) -> list[str]:
    """The names that the function refers to."""
    value, parts = getattr(given, "value", ""), _items(given)
    first = parts[0].value if parts else value
    if name == "Fn::Sub" and isinstance(first, str):
        own = nodes.entries(parts[1]) if len(parts) > 1 else {}
        return [word.partition(".")[0] for word in nodes.references(first) if word not in own]
    if name == "Fn::GetAtt" and isinstance(first, str):
        return [first.partition(".")[0]]
    is_plain = isinstance(first, str) and bool(parts) == (name == "Fn::If")
    return [first] if name in ("Ref", "Condition", "Fn::If") and is_plain else []
