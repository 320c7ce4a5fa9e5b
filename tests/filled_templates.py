"""The templates as CloudFormation makes them up: parameters filled in, conditions decided."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from template_trees import Tree

_NOTHING = object()


def filled(tree: Tree, given: Mapping[str, Any]) -> Tree:
    """The template, with these values in place of its parameters; defaults where none is given.

    What another template gives stays a Ref. `!GetAtt A.B` is written out as it is in JSON.
    """
    defaults = {n: one["Default"] for n, one in tree.parameters.items() if "Default" in one}
    values = defaults | {name: given[name] for name in tree.parameters if name in given}
    conditions: dict[str, Any] = tree.data.get("Conditions", {})
    return Tree(tree.name, json.dumps(_fill(tree.data, values, conditions), indent=1))


def _fill(value: Any, values: Mapping[str, Any], conditions: Mapping[str, Any]) -> Any:
    def fill(inner: Any) -> Any:
        return _fill(inner, values, conditions)

    if isinstance(value, list):
        return [one for one in map(fill, value) if one is not _NOTHING]
    if not isinstance(value, dict):
        return value
    if value == {"Ref": "AWS::NoValue"}:
        return _NOTHING
    if value.keys() == {"Ref"}:
        return values.get(value["Ref"], value)
    if value.keys() == {"Fn::If"}:
        name, then, otherwise = value["Fn::If"]
        return fill(then if _holds(fill(conditions[name])) else otherwise)
    if value.keys() == {"Fn::GetAtt"} and isinstance(value["Fn::GetAtt"], str):
        return {"Fn::GetAtt": value["Fn::GetAtt"].split(".", 1)}
    found = {name: fill(one) for name, one in value.items()}
    return {name: one for name, one in found.items() if one is not _NOTHING}


def _holds(condition: Any) -> bool:
    """Of a condition that is filled in."""
    if "Fn::Not" in condition:
        return not _holds(condition["Fn::Not"][0])
    left, right = condition["Fn::Equals"]
    return bool(left == right)
