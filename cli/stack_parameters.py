"""Giving a stack other parameters, and nothing else: its template and its tags stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from . import change_sets
from .errors import StackError
from .stack_events import Tail
from .stack_failures import failure
from .stack_operations import SUCCEEDED, Operator

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef

    from .stacks import Stack


def give(operator: Operator, stack: Stack, values: Mapping[str, str]) -> None:
    """Update the stack and wait for it; when it has these values already, nothing happens.

    What is under way in it is waited for first. Raises StackError with the real cause.
    """
    live = operator.settle(stack)
    if live is None:
        raise StackError(stack.name, "it is gone", next_step="miztiik-events deploy")
    if values.items() <= live.parameters.items():
        return
    tail = Tail(operator.cloudformation, live.id)
    operator.cloudformation.update_stack(
        StackName=live.id,
        UsePreviousTemplate=True,
        Parameters=[_parameter(name, values) for name in live.parameters],
        Capabilities=["CAPABILITY_NAMED_IAM"],
        ClientRequestToken=change_sets.token(),
    )
    events, after = operator.follow(tail, live.name, live.id)
    if not after or after.status not in SUCCEEDED:
        raise failure(live.name, after, events, "miztiik-events status --why")


def _parameter(name: str, values: Mapping[str, str]) -> ParameterTypeDef:
    if name in values:
        return {"ParameterKey": name, "ParameterValue": values[name]}
    return {"ParameterKey": name, "UsePreviousValue": True}
