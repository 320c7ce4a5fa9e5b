"""CloudFormation templates as data: parameters, resources and outputs, each with its line.

The body is kept as it was written and sent unchanged; nothing here calls AWS.
"""

from __future__ import annotations

import importlib.resources
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import TemplateError
from . import local_paths, nodes
from .local_paths import LocalPath

if TYPE_CHECKING:
    from importlib.abc import Traversable

    from mypy_boto3_cloudformation.literals import CapabilityType
    from yaml import Node

SUFFIX = ".yaml"
# As AWS's guide names template files; `cdk synth` writes two of them, `.template.json`.
SUFFIXES = (".yaml", ".yml", ".json", ".template")
# What CloudFormation takes in a request; more goes through S3.
LARGEST_BODY = 51_200
# What it takes out of a bucket.
LARGEST = 1_000_000
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
NESTED = "AWS::CloudFormation::Stack"
_NOWHERE_NULL = ("Parameters", "Rules", "Mappings", "Conditions", "Outputs")
_LOOP = "Fn::ForEach::"
# Among imports, a stack whose outputs are read without an export: no export's name has a space.
STACK = "stack "
_READING, _REGION = "Fn::GetStackOutput", "${AWS::Region}"


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

    `types` has each resource's type, `conditions` the condition of those that have one. What
    `generated` has, by line, are the entries among the resources of which only CloudFormation can
    tell what they come to (Fn::ForEach, Fn::Transform). `exports` and `imports` map names to lines;
    a name has `${Parameter}` in it where it is put together. A stack of which an output is
    read is an import `stack NAME`. `has_macro` when a macro, AWS's own or somebody's, makes of the
    template what it is. `local_paths` are its paths on this machine.
    """

    name: str
    path: str
    body: str = field(repr=False)
    parameters: Mapping[str, Parameter]
    resources: Mapping[str, int]
    outputs: Mapping[str, int]
    types: Mapping[str, str] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)
    generated: Mapping[str, int] = field(default_factory=dict)
    exports: Mapping[str, int] = field(default_factory=dict)
    imports: Mapping[str, int] = field(default_factory=dict)
    has_macro: bool = False
    local_paths: tuple[LocalPath, ...] = ()

    def place(self, resource: str) -> str:
        """`file:line` of a resource, or the file when it has none of that name."""
        line = self.resources.get(resource)
        return self.path if line is None else f"{self.path}:{line}"

    @property
    def needs_bucket(self) -> bool:
        """Whether it, or what it names by a path, has to go through a bucket."""
        return bool(self.local_paths) or len(self.body.encode()) > LARGEST_BODY

    @property
    def capabilities(self) -> list[CapabilityType]:
        """What a person has to agree to; a nested stack's template may have a macro, too."""
        if self.has_macro or NESTED in self.types.values():
            return ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
        return ["CAPABILITY_NAMED_IAM"]


def folder() -> Traversable:
    """The templates that this package brings."""
    return importlib.resources.files("miztiik_events.templates")


def names() -> list[str]:
    """The names of the templates that this package brings, sorted."""
    files = (source.name for source in folder().iterdir())
    return sorted(name[: -len(SUFFIX)] for name in files if name.endswith(SUFFIX))


def load(source: Traversable) -> Template:
    """One template; raises TemplateError when it is not one that CloudFormation would take."""
    path = path_of(source)
    return parse(stem(source.name), path, nodes.decoded(read(source), path))


def stem(name: str) -> str:
    """The file's name without what makes it a template's."""
    while name.lower().endswith(SUFFIXES):
        name = name.rpartition(".")[0]
    return name


def read(source: Traversable) -> bytes:
    """What the file holds, as far as a template can go; raises TemplateError."""
    path = path_of(source)
    try:
        with source.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise TemplateError(f"it cannot be read: {error.strerror}", path) from None
    if len(raw) > LARGEST:
        reason = f"more than {LARGEST:,} bytes, the most that CloudFormation takes"
        raise TemplateError(f"{reason}. Move part of it to another template", path)
    return raw


def path_of(source: Traversable) -> str:
    """As a person would write it: from the current folder on, when it is in there."""
    path = str(source)
    return os.path.relpath(path) if path.startswith(os.getcwd() + os.sep) else path


def parse(name: str, path: str, body: str) -> Template:
    """The template that this text is; raises TemplateError with the path and the line."""
    return made(name, path, body, nodes.composed(body, path))


def made(name: str, path: str, body: str, root: Node) -> Template:
    """The template of this tree; raises TemplateError with the path and the line."""
    top = nodes.section(root, path)
    has_macro = "Transform" in top or any(_is_macro(node) for node in nodes.every(root))
    resources, generated = _resources(top.get("Resources"), path, has_macro)
    outputs = dict(_section(top, "Outputs", path))
    mappings, loops = top.get("Mappings"), dict(_loops(root)) if has_macro else {}
    # What a macro makes of it, nobody knows.
    for node in _texts_of(top, resources) if not has_macro else ():
        nodes.refuse_null(node, path)
    return Template(
        name=name,
        path=path,
        body=body,
        parameters={
            key: _parameter(key, node, path)
            for key, node in _section(top, "Parameters", path)
            if not key.startswith("Fn::")
        },
        resources=_lines(resources),
        outputs={key: line for key, line in _lines(outputs).items() if not key.startswith("Fn::")},
        types={key: _attribute(node, "Type", path) for key, node in resources.items()},
        conditions={
            key: condition
            for key, node in resources.items()
            if (condition := _attribute(node, "Condition", path))
        },
        generated=generated,
        exports=_names_of(_exports(outputs, mappings), loops),
        imports=_names_of((*_imports(root, mappings), *_stacks_read(root, mappings)), loops),
        has_macro=has_macro,
        local_paths=local_paths.within(root, resources),
    )


def retentions(body: str) -> dict[str, bool]:
    """By logical id, whether each resource in this processed template outlives its stack.

    Only that tells: a policy may be given by a macro or a parameter. It may be any that
    CloudFormation takes, so it is not held to what `parse` asks for.
    """
    policies = {
        logical_id: nodes.entries(resource).get("DeletionPolicy")
        for logical_id, resource in nodes.entries(
            nodes.entries(nodes.compose(body)).get("Resources")
        ).items()
    }
    # What is not plainly Delete is no licence to empty a bucket.
    return {name: bool(one and one.value not in REMOVING) for name, one in policies.items()}


def _texts_of(top: Mapping[str, Node], resources: Mapping[str, Node]) -> Iterator[Node]:
    """The nodes that may not be null, whatever the resources are.

    Further in, a property may be JSON of somebody else's.
    """
    for section in (top[name] for name in _NOWHERE_NULL if name in top):
        yield from nodes.every(section)
    for resource in resources.values():
        attributes = nodes.entries(resource)
        yield from attributes.values()
        yield from nodes.entries(attributes.get("Properties")).values()


def defaults(body: str) -> dict[str, str]:
    """The defaults of the parameters of a template that CloudFormation has."""
    parameters = nodes.entries(nodes.entries(nodes.compose(body)).get("Parameters"))
    declared = {name: nodes.entries(one).get("Default") for name, one in parameters.items()}
    return {name: nodes.meant(default) for name, default in declared.items() if default}


def _is_macro(node: Node) -> bool:
    return node.tag == "!Transform" or node.value == "Fn::Transform"


def _section(top: Mapping[str, Node], name: str, path: str) -> Iterator[tuple[str, Node]]:
    """The entries of a section, those of its loops too, as far as the text tells them."""
    if name in top:
        yield from _unrolled(nodes.section(top[name], path), path, {})


def _unrolled(
    section: Mapping[str, Node], path: str, variables: Mapping[str, str]
) -> Iterator[tuple[str, Node]]:
    """Each entry, and in place of an Fn::ForEach over a list of words, what it comes to.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-foreach.html
    """
    for key, node in section.items():
        loop = _loop(node) if key.startswith(_LOOP) else None
        if loop is None:
            yield _named(key, variables), node
            continue
        variable, values, body = loop
        for value in values:
            inner = nodes.section(body, path)
            yield from _unrolled(inner, path, {**variables, variable: value})


def _loop(node: Node) -> tuple[str, list[str], Node] | None:
    """Variable, values and body of a loop whose values are words; None for any other."""
    import yaml

    parts = node.value if isinstance(node, yaml.SequenceNode) else []
    if len(parts) != 3 or not isinstance(parts[1], yaml.SequenceNode):
        return None
    words = [part.value for part in parts[1].value if isinstance(part, yaml.ScalarNode)]
    is_plain = len(words) == len(parts[1].value) and not nodes.call(parts[1])[0]
    is_whole = isinstance(parts[0], yaml.ScalarNode) and isinstance(parts[2], yaml.MappingNode)
    return (str(parts[0].value), words, parts[2]) if is_plain and is_whole else None


def _named(key: str, variables: Mapping[str, str]) -> str:
    """The name that a loop makes: `${Name}` is the value, `&{Name}` its letters and digits."""
    for variable, value in variables.items():
        key = key.replace(f"${{{variable}}}", value)
        key = key.replace(f"&{{{variable}}}", re.sub("[^a-zA-Z0-9]", "", value))
    return key


def _resources(
    node: Node | None, path: str, has_macro: bool
) -> tuple[dict[str, Node], dict[str, int]]:
    """The resources, and the lines of those entries that only CloudFormation can work out."""
    if node is None and not has_macro:
        raise TemplateError("a template needs Resources, but this one has none", path)
    listed = {} if node is None else dict(_section({"Resources": node}, "Resources", path))
    if node is not None and not listed and not has_macro:
        raise TemplateError("Resources is empty: a template needs one at least", path, _line(node))
    resources = {}
    for key, resource in listed.items():
        if key.startswith("Fn::"):
            continue
        attributes = nodes.section(resource, path)
        # What is not there yet may be put in by a macro.
        if "Type" not in attributes and not has_macro:
            raise TemplateError(f"resource {key} has no Type", path, _line(resource))
        resources[key] = resource
    return resources, _lines({key: node for key, node in listed.items() if key not in resources})


def _exports(outputs: Mapping[str, Node], mappings: Node | None) -> Iterator[tuple[str, int]]:
    for output in outputs.values():
        name = nodes.entries(nodes.entries(output).get("Export")).get("Name")
        if name is not None:
            yield from ((pattern, _line(name)) for pattern in nodes.patterns(name, mappings))


def _imports(root: Node, mappings: Node | None) -> Iterator[tuple[str, int]]:
    for node in nodes.every(root):
        name, given = nodes.call(node)
        if name != "Fn::ImportValue" or given is None:
            continue
        # The argument of the short form, which is the node itself, may be {Fn::Sub: x}.
        pairs = nodes.entries(given) if given is node else {}
        inner = next(iter(pairs.items()), None)
        if inner:
            found = nodes.patterns_called(*inner, mappings)
        elif given is node:
            found = iter([node.value] if isinstance(node.value, str) else [])
        else:
            found = nodes.patterns(given, mappings)
        for pattern in found:
            yield pattern, _line(node)


def _stacks_read(root: Node, mappings: Node | None) -> Iterator[tuple[str, int]]:
    """The stacks of this account and region whose outputs are read, as imports.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getstackoutput.html
    """
    for node in nodes.every(root):
        name, given = nodes.call(node)
        asked = nodes.entries(given)
        region = nodes.pattern(asked["Region"]) if "Region" in asked else _REGION
        if name == _READING and "StackName" in asked and region == _REGION:
            for pattern in nodes.patterns(asked["StackName"], mappings):
                yield f"{STACK}{pattern}", _line(node)


def _loops(root: Node) -> Iterator[tuple[str, list[str]]]:
    """The variables of the loops over words, with these."""
    for node in nodes.every(root):
        for key, value in nodes.entries(node).items():
            if key.startswith(_LOOP) and (loop := _loop(value)):
                yield loop[0], loop[1]


def _names_of(
    patterns: Iterable[tuple[str, int]], loops: Mapping[str, Sequence[str]]
) -> dict[str, int]:
    """The patterns by their lines, and in place of one in a loop, what it comes to."""
    names = dict(patterns)
    for variable, words in loops.items():
        names = {_named(one, {variable: word}): at for one, at in names.items() for word in words}
    return names


def _parameter(name: str, node: Node, path: str) -> Parameter:
    entries = nodes.section(node, path)
    default = entries.get("Default")
    return Parameter(
        name=name,
        type=_attribute(node, "Type", path) or "String",
        default=None if default is None else _default(default, path),
        line=_line(node),
        is_secret="NoEcho" in entries and _is_true(entries["NoEcho"]),
        constraints={key: _texts(entries[key]) for key in CONSTRAINTS if key in entries},
    )


def _is_true(node: Node) -> bool:
    # Unquoted, yes and on are true as well: what CloudFormation hides, we hide.
    return [text.lower() for text in _texts(node)] == ["true"]


def _default(node: Node, path: str) -> str:
    nodes.text(node, path)
    return nodes.meant(node)


def _texts(node: Node) -> tuple[str, ...]:
    items = node.value if isinstance(node.value, list) else [node]
    return tuple(nodes.meant(item) for item in items)


def _attribute(node: Node, name: str, path: str) -> str:
    """The text of an attribute; empty without it."""
    value = nodes.section(node, path).get(name)
    return "" if value is None else nodes.text(value, path)


def _lines(section: Mapping[str, Node]) -> dict[str, int]:
    return {name: _line(node) for name, node in section.items()}


def _line(node: Node) -> int:
    return nodes.line(node)
