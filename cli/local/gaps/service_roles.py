"""CloudFormation acts as a role that exists and trusts it, and a stack keeps its role.

MiniStack takes any role and forgets it. AWS refuses one that it cannot assume, also when a stack
that has it is deleted without another, and DescribeStacks tells of it.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
"""

from __future__ import annotations

from functools import partial
from typing import Any, Callable

from ..requirements import require

ACTIONS = (
    *("CreateChangeSet", "CreateStack", "UpdateStack", "DeleteStack"),
    *("ContinueUpdateRollback", "RollbackStack"),
)
SERVICE = "cloudformation.amazonaws.com"
_KEPT = "_role"
Params = dict[str, Any]


def fill() -> None:
    from ministack.services import iam
    from ministack.services.cloudformation import handlers, helpers

    require(iam, "_roles")
    require(handlers, "_ACTION_HANDLERS", "_resolve_stack")
    require(helpers, "_error", "_p")
    for action in ACTIONS:
        wrapped = handlers._ACTION_HANDLERS[action]
        handlers._ACTION_HANDLERS[action] = partial(_as_role, wrapped)
    describe = handlers._ACTION_HANDLERS["DescribeStacks"]
    handlers._ACTION_HANDLERS["DescribeStacks"] = partial(_with_roles, describe)


def _as_role(wrapped: Callable[[Params], Any], params: Params) -> Any:
    from ministack.services.cloudformation import handlers, helpers

    name = helpers._p(params, "StackName")
    stack = handlers._resolve_stack(name) or {}
    role = helpers._p(params, "RoleARN") or stack.get(_KEPT, "")
    if role and not _can_be_assumed(role):
        return helpers._error("ValidationError", f"Role {role} is invalid or cannot be assumed")
    answer = wrapped(params)
    kept = handlers._resolve_stack(name)
    if role and kept:
        kept[_KEPT] = role
    return answer


def _can_be_assumed(arn: str) -> bool:
    from ministack.services import iam

    documents = (
        str(role["AssumeRolePolicyDocument"]) for role in iam._roles.values() if role["Arn"] == arn
    )
    return any(SERVICE in document for document in documents)


def _with_roles(wrapped: Callable[[Params], Any], params: Params) -> Any:
    from ministack.services import cloudformation

    status, headers, body = wrapped(params)
    for stack in cloudformation._stacks.values():
        if role := stack.get(_KEPT):
            tag = f"<StackId>{stack['StackId']}</StackId>".encode()
            body = body.replace(tag, tag + f"<RoleARN>{role}</RoleARN>".encode())
    return status, headers, body
