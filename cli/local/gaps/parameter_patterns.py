"""A parameter's AllowedPattern is Java's, and nobody waits for it for ever.

MiniStack has Python's `re` match it: some patterns never end, and hold up everybody, and what Java
alone takes is an error.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
"""

from __future__ import annotations

from typing import Any

from ...cloudformation import allowed_patterns
from ..requirements import require

_PATTERN = "AllowedPattern"


def fill() -> None:
    from ministack.services.cloudformation import engine

    require(engine, "_check_parameter_constraints", "_constraint_error")
    check_others = engine._check_parameter_constraints

    def check(name: str, definition: dict[str, Any], kind: str, value: str) -> None:
        items = [item.strip() for item in value.split(",")] if "List" in kind else [value]
        pattern = definition.get(_PATTERN)
        is_held = pattern is not None and kind != "Number"
        if is_held and not all(_matches(str(pattern), item) for item in items):
            raise engine._constraint_error(name, definition, f"must match pattern {pattern}")
        others = {key: given for key, given in definition.items() if key != _PATTERN}
        check_others(name, others, kind, value)

    engine._check_parameter_constraints = check


def _matches(pattern: str, item: str) -> bool:
    try:
        return allowed_patterns.matches(pattern, item)
    except TimeoutError:
        return False
