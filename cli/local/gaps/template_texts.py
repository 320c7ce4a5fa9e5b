"""What CloudFormation makes of a template's text before it reads it.

MiniStack takes YAML as Python does. AWS takes no aliases and no nulls, and what stands where it
wants text is text: `Default: true` is "true", not "True", and so equals "true" in a condition.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from ..requirements import require

_DEEP = 50
_ALIASES = "YAML aliases are not allowed in CloudFormation templates"
# Of a parameter, what is one of its values.
_VALUES = ("Default", "AllowedValues")
_ALL_TEXT = ("Conditions", "Mappings", "Rules")
# Of a resource's properties, maps and lists of text.
_TEXTS = ("Fn::Join", "Fn::Sub", "Variables", "Tags", "PropertyMap")


def fill() -> None:
    from ministack.services.cloudformation import changesets, engine, handlers

    for module in (changesets, engine, handlers):
        require(module, "_parse_template")
    parse = engine._parse_template

    # The same text comes again: with each look at a stack, and with each project of ours.
    @lru_cache(maxsize=64)
    def parsed(body: str) -> dict[str, Any]:
        _refuse_aliases(body)
        template = parse(body)
        _refuse_nulls(template)
        return _with_texts(template)

    def parse_as_aws(body: str) -> dict[str, Any]:
        return copy.deepcopy(parsed(body))

    for module in (changesets, engine, handlers):
        module._parse_template = parse_as_aws


def _refuse_aliases(body: str) -> None:
    import yaml

    if body.lstrip().startswith("{") or "*" not in body:
        return
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(body, yaml.SafeLoader)):
        raise ValueError(_ALIASES)


def _refuse_nulls(template: dict[str, Any]) -> None:
    """A macro may take them out again; what is deeper in a property may be JSON of its own."""
    if "Transform" in template:
        return
    for section in ("Parameters", *_ALL_TEXT, "Outputs"):
        if section in template:
            _refuse_null(template[section], f"/{section}", _DEEP)
    for name, resource in _entries(template.get("Resources")):
        _refuse_null(resource, f"/Resources/{name}", depth=1)
        _refuse_null(_mapping(resource).get("Properties", {}), f"/Resources/{name}/Properties", 1)


def _refuse_null(value: Any, place: str, depth: int) -> None:
    if value is None:
        raise ValueError(f"[{place}] 'null' values are not allowed in templates")
    if depth > 0:
        entries = enumerate(value) if isinstance(value, list) else _entries(value)
        for name, content in entries:
            _refuse_null(content, f"{place}/{name}", depth - 1)


def _mapping(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def _entries(value: Any) -> Iterable[tuple[Any, Any]]:
    return _mapping(value).items()


def _with_texts(template: dict[str, Any]) -> dict[str, Any]:
    for name in _ALL_TEXT:
        if name in template:
            template[name] = _text(template[name])
    for parameter in _maps(template.get("Parameters")):
        parameter.update({key: _text(parameter[key]) for key in _VALUES if key in parameter})
    for resource in _maps(template.get("Resources")):
        _set_texts(resource.get("Properties"))
    _set_texts(template.get("Outputs"))
    return template


def _maps(section: Any) -> list[dict[str, Any]]:
    values = section.values() if isinstance(section, dict) else ()
    return [value for value in values if isinstance(value, dict)]


def _set_texts(value: Any) -> None:
    """Make text, in place, of what is under the properties that hold text."""
    if isinstance(value, dict):
        for key, content in value.items():
            if key in _TEXTS:
                value[key] = _text(content)
            else:
                _set_texts(content)
    elif isinstance(value, list):
        for content in value:
            _set_texts(content)


def _text(value: Any) -> Any:
    """The same with text in place of numbers, true and false."""
    if isinstance(value, dict):
        return {key: _text(content) for key, content in value.items()}
    if isinstance(value, list):
        return [_text(content) for content in value]
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else value
