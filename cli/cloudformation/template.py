"""CloudFormation templates as data: parameters, resources and outputs, each with its line.

The body is kept as it was written and sent unchanged; nothing here calls AWS.
"""

from __future__ import annotations

import importlib.resources
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import TemplateError

if TYPE_CHECKING:
    from importlib.abc import Traversable

    from yaml import Node

SUFFIX = ".yaml"
# What CloudFormation takes in a request; more would have to go through S3.
LARGEST_BODY = 51_200
# A parameter whose name ends so asks for the key of a function's code.
CODE_SUFFIX = "Code"
# The deletion policies with which a resource goes with its stack.
REMOVING = ("Delete", "Snapshot")
CONSTRAINTS = (
    "AllowedValues",
    "AllowedPattern",
    "MinLength",
    "MaxLength",
    "MinValue",
    "MaxValue",
    "ConstraintDescription",
)
_NAMED = ("Parameters", "Resources", "Outputs")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a template; `default` is None when something must give its value.

    The value of one that `is_secret` (NoEcho) is shown nowhere. `constraints` has the texts of its
    AllowedValues, AllowedPattern, MinLength and the like.
    """

    name: str
    type: str
    default: str | None
    line: int
    is_secret: bool = False
    constraints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Template:
    """One template: `resources` and `outputs` map each name to its line in the file `path`.

    `types` has each resource's type, `conditions` the condition of those that have one.
    """

    name: str
    path: str
    body: str = field(repr=False)
    parameters: Mapping[str, Parameter]
    resources: Mapping[str, int]
    outputs: Mapping[str, int]
    types: Mapping[str, str] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)

    def place(self, resource: str) -> str:
        """`file:line` of a resource, or the file when it has none of that name."""
        line = self.resources.get(resource)
        return self.path if line is None else f"{self.path}:{line}"


def folder() -> Traversable:
    """The templates that this package brings."""
    return importlib.resources.files("miztiik_events.templates")


def names(templates: Traversable | None = None) -> list[str]:
    """The templates' names (their file names without the suffix), sorted."""
    return [source.name[: -len(SUFFIX)] for source in _sources(templates or folder())]


def load_all(templates: Traversable | None = None) -> tuple[Template, ...]:
    """Every template of the folder, by name; raises TemplateError with file and line."""
    return tuple(load(source) for source in _sources(templates or folder()))


def load(source: Traversable) -> Template:
    """One template; raises TemplateError when it is not one that CloudFormation would take."""
    body, path = source.read_text("utf-8"), path_of(source)
    if len(body.encode()) > LARGEST_BODY:
        raise TemplateError(
            f"{len(body.encode()):,} bytes; CloudFormation takes at most {LARGEST_BODY:,} in a "
            "request. Move part of it to another template",
            path,
        )
    return parse(source.name[: -len(SUFFIX)], path, body)


def path_of(source: Traversable) -> str:
    """As a person would write it: from the current folder on, when it is in there."""
    path = str(source)
    return os.path.relpath(path) if path.startswith(os.getcwd() + os.sep) else path


def parse(name: str, path: str, body: str) -> Template:
    """The template that this text is; raises TemplateError with the path and the line."""
    root = _section(_composed(path, body), path)
    sections = {key: _section(node, path) for key, node in root.items() if key in _NAMED}
    if "Resources" not in sections:
        raise TemplateError("a template needs Resources, but this one has none", path)
    return Template(
        name=name,
        path=path,
        body=body,
        parameters={
            key: _parameter(key, node, path) for key, node in sections.get("Parameters", {}).items()
        },
        resources=_lines(sections["Resources"]),
        outputs=_lines(sections.get("Outputs", {})),
        types=_attribute(sections["Resources"], "Type", path),
        conditions=_attribute(sections["Resources"], "Condition", path),
    )


def find(name: str, templates: Traversable | None = None) -> Template | None:
    """The template of that name in the folder, None when there is none."""
    source = (templates or folder()) / f"{name}{SUFFIX}"
    return load(source) if source.is_file() else None


def retained(body: str) -> set[str]:
    """The logical ids of what outlives a stack of this processed template.

    Only that tells: a policy may be given by a macro or a parameter. It may be any that
    CloudFormation takes, so it is not held to what `parse` asks for.
    """
    policies = {
        logical_id: _entries(resource).get("DeletionPolicy")
        for logical_id, resource in _entries(_entries(compose(body))["Resources"]).items()
    }
    # What is not plainly Delete is no licence to empty a bucket.
    return {name for name, policy in policies.items() if policy and policy.value not in REMOVING}


def _sources(templates: Traversable) -> list[Traversable]:
    entries = (entry for entry in templates.iterdir() if entry.name.endswith(SUFFIX))
    return sorted(entries, key=lambda entry: entry.name)


def compose(text: str) -> Node | None:
    """The tree of YAML nodes, None for an empty text; raises yaml.YAMLError."""
    import yaml

    # libyaml is seven times as fast where PyYAML was built with it.
    root: Node | None = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return root


def _composed(path: str, body: str) -> Node:
    """The tree of YAML nodes: it knows every line, and takes !Ref and its like as they stand."""
    import yaml

    try:
        root = compose(body)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        raise TemplateError(f"not valid YAML: {problem}", path, line) from None
    except yaml.YAMLError as error:
        raise TemplateError(f"not valid YAML: {error}", path) from None
    if root is None:
        raise TemplateError("the file is empty", path)
    return root


def _section(node: Node, path: str) -> dict[str, Node]:
    """The entries of a YAML mapping; anything else, or a key twice, is a TemplateError."""
    import yaml

    if not isinstance(node, yaml.MappingNode):
        raise TemplateError("expected a mapping (name: value)", path, _line(node))
    entries: dict[str, Node] = {}
    for key, value in node.value:
        if key.value in entries:
            raise TemplateError(f"{key.value} is defined twice", path, _line(key))
        # The mapping's own name is the line a person looks for, not that of its first entry.
        value.start_mark = (
            key.start_mark if isinstance(value, yaml.MappingNode) else value.start_mark
        )
        entries[key.value] = value
    return entries


def _parameter(name: str, node: Node, path: str) -> Parameter:
    entries = _section(node, path)
    default = entries.get("Default")
    return Parameter(
        name=name,
        type=str(entries["Type"].value) if "Type" in entries else "String",
        default=None if default is None else str(default.value),
        line=_line(node),
        is_secret="NoEcho" in entries and str(entries["NoEcho"].value).lower() == "true",
        constraints={key: _texts(entries[key]) for key in CONSTRAINTS if key in entries},
    )


def _texts(node: Node) -> tuple[str, ...]:
    items = node.value if isinstance(node.value, list) else [node]
    return tuple(str(item.value) for item in items)


def _attribute(resources: Mapping[str, Node], name: str, path: str) -> dict[str, str]:
    """The value of a resource's attribute, for those that have it."""
    values = ((key, _section(node, path).get(name)) for key, node in resources.items())
    return {logical_id: str(value.value) for logical_id, value in values if value is not None}


def _entries(node: Any) -> dict[str, Node]:
    return {key.value: value for key, value in node.value}


def _lines(section: Mapping[str, Node]) -> dict[str, int]:
    return {name: _line(node) for name, node in section.items()}


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1
