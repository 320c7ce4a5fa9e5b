"""The values that conditions compare.

MiniStack compares a pseudo parameter by its name, and knows no function but Ref and Select there.
On AWS they are what they are elsewhere: `!Equals [!Ref AWS::Region, us-east-1]` holds in us-east-1.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/conditions-section-structure.html
"""

from __future__ import annotations

from typing import Any

from ..requirements import require

_EQUALS = "Fn::Equals"
_FUNCTIONS = ("Fn::FindInMap", "Fn::Join", "Fn::Select", "Fn::Split", "Fn::Sub")


def fill() -> None:
    from ministack.services.cloudformation import changesets, engine, handlers, stacks

    modules = (changesets, engine, handlers, stacks)
    for module in modules:
        require(module, "_evaluate_conditions")
    require(engine, "_resolve_refs")
    evaluate = engine._evaluate_conditions

    def evaluate_as_aws(template: dict[str, Any], params: dict[str, Any]) -> Any:
        def value_of(value: Any) -> Any:
            mappings = template.get("Mappings") or {}
            return engine._resolve_refs(value, {}, params, {}, mappings, "", "")

        conditions = _with_values(template.get("Conditions") or {}, value_of)
        return evaluate({**template, "Conditions": conditions}, params)

    for module in modules:
        module._evaluate_conditions = evaluate_as_aws


def _with_values(node: Any, value_of: Any) -> Any:
    """The conditions with values in place of the functions that they compare."""
    if isinstance(node, list):
        return [_with_values(item, value_of) for item in node]
    if not isinstance(node, dict):
        return node
    if _EQUALS in node:
        return {_EQUALS: [value_of(item) if _has_value(item) else item for item in node[_EQUALS]]}
    return {key: _with_values(item, value_of) for key, item in node.items()}


def _has_value(argument: Any) -> bool:
    """Whether it is a function of values: what is true or false is MiniStack's to find out."""
    if not isinstance(argument, dict):
        return False
    is_pseudo = str(argument.get("Ref")).startswith("AWS::")
    return is_pseudo or any(name in argument for name in _FUNCTIONS)
