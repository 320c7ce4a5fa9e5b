"""Change sets: asking CloudFormation for a change, and carrying it out.

An empty change set has no status of its own: it ends FAILED with one of two reasons.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..errors import StackError
from . import events, stacks

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import (
        CreateChangeSetInputTypeDef,
        CreateChangeSetOutputTypeDef,
        DescribeChangeSetOutputTypeDef,
        ParameterTypeDef,
    )

    from ..patience import Patience
    from .template import Template

Kind = Literal["CREATE", "UPDATE"]
CORRECT = "correct the template or the parameter, then deploy again"
# Of what failed in an operation: a validation, a hook, a resource.
REASONS = ("ValidationStatusReason", "HookStatusReason", "ResourceStatusReason")
EMPTY = ("didn't contain changes", "No updates are to be performed")
# The stack is there by now; the change set was made for the stack as it was before. The names are
# those of CloudFormation's service model.
_CONFLICTS = ("AlreadyExistsException", "ChangeSetNotFound", "InvalidChangeSetStatus")
_MOVED = (
    "does not exist",
    "already exists",
    " state and can",
    "while in status",
    "in a non-terminal [",
)
_OF_STACK = ("Stack", "This stack")
# How reasons name things: `Parameters: [Size] must have values`, `resource Queue does not support`.
_NAMED = re.compile(
    r"""['"\[]([^'"\]]+)['"\]]|\b(?:resources are|resource|parameter(?: name)?) (\w+)""", re.I
)


@dataclass(frozen=True)
class Desired:
    """A stack as it should be; the parameters in `kept` keep the value that the stack has.

    `url` is where the template is in a bucket, when it is too large for a request.
    CloudFormation acts as the role, if there is one. With `imports`, resources that exist already
    under the names that the template gives are taken into the stack.
    """

    stack: str
    template: Template
    parameters: Mapping[str, str]
    kept: frozenset[str]
    tags: Mapping[str, str]
    is_express: bool = False
    url: str = ""
    role_arn: str | None = None
    imports: bool = False


@dataclass(frozen=True)
class ChangeSet:
    """A change that CloudFormation has worked out and not yet made."""

    id: str
    stack: str
    stack_id: str
    kind: Kind


def create(
    cloudformation: CloudFormationClient,
    desired: Desired,
    kind: Kind,
    patience: Patience,
) -> ChangeSet | None:
    """The change set, ready to be executed; None, and none left behind, when nothing changes.

    Raises StackError with CloudFormation's reason when it finds the change impossible.
    """
    answer = _requested(cloudformation, desired, kind)
    change_set = ChangeSet(answer["Id"], desired.stack, answer["StackId"], kind)
    is_ready = False
    try:
        described = _settled(cloudformation, change_set, patience)
        is_ready = described["Status"] == "CREATE_COMPLETE"
        if is_ready:
            return change_set
        reason = described.get("StatusReason", "no reason given")
        if any(words in reason for words in EMPTY):
            return None
        raise _refusal(cloudformation, change_set, desired, reason)
    finally:
        # Nobody will execute it, and it must not stay behind, whatever ended this.
        if not is_ready:
            discard(cloudformation, change_set)


def execute(cloudformation: CloudFormationClient, change_set: ChangeSet) -> None:
    """Start the change; it goes on after this returns. One that is refused is removed."""
    try:
        cloudformation.execute_change_set(ChangeSetName=change_set.id, ClientRequestToken=token())
    except cloudformation.exceptions.ClientError:
        discard(cloudformation, change_set)
        raise


def discard(cloudformation: CloudFormationClient, change_set: ChangeSet) -> None:
    """Remove the change set, and the empty stack that a change set of kind CREATE brings along."""
    cloudformation.delete_change_set(ChangeSetName=change_set.id)
    if change_set.kind != "CREATE":
        return
    stack = stacks.describe(cloudformation, change_set.stack_id)
    # Somebody else's change set may have made it a real one meanwhile.
    if stack and stack.is_shell:
        cloudformation.delete_stack(StackName=change_set.stack_id, ClientRequestToken=token())


def token() -> str:
    """A name of its own for one operation: a retried call does not start it a second time."""
    return f"miztiik-events-{uuid.uuid4().hex}"


def _requested(
    cloudformation: CloudFormationClient, desired: Desired, kind: Kind
) -> CreateChangeSetOutputTypeDef:
    from botocore.exceptions import ClientError

    try:
        return cloudformation.create_change_set(**_request(desired, kind))
    except ClientError as error:
        # A parameter out of its range, a template that is none: told at once, not as a state.
        if error.response["Error"].get("Code") != "ValidationError" or is_conflict(error):
            raise
        reason = error.response["Error"].get("Message", "")
        raise of_role(desired.stack, error) or _incorrect(desired, reason) from None


def of_role(stack: str, error: ClientError) -> StackError | None:
    """The error of a role as which CloudFormation cannot act; None for any other."""
    reason = error.response["Error"].get("Message", "")
    if "cannot be assumed" not in reason:
        return None
    next_step = "give a role that is there and trusts cloudformation.amazonaws.com: --role-arn ARN"
    return StackError(stack, reason, next_step=next_step)


def _request(desired: Desired, kind: Kind) -> CreateChangeSetInputTypeDef:
    parameters: list[ParameterTypeDef] = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in desired.parameters.items()
    ]
    name = token()
    request: CreateChangeSetInputTypeDef = {
        "StackName": desired.stack,
        "ChangeSetName": name,
        "ClientToken": name,
        "ChangeSetType": kind,
        "Parameters": parameters,
        "Capabilities": desired.template.capabilities,
        "Tags": [{"Key": key, "Value": value} for key, value in desired.tags.items()],
    }
    if desired.url:
        request["TemplateURL"] = desired.url
    else:
        request["TemplateBody"] = desired.template.body
    if desired.is_express:
        request["DeploymentConfig"] = {"Mode": "EXPRESS", "DisableRollback": False}
    if desired.role_arn:
        request["RoleARN"] = desired.role_arn
    if desired.imports:
        request["ImportExistingResources"] = True
    if kind == "UPDATE":
        parameters += [{"ParameterKey": key, "UsePreviousValue": True} for key in desired.kept]
    elif not desired.imports:
        # A failed first create would otherwise leave a stack that can only be deleted. But what was
        # imported must not go with it.
        request["OnStackFailure"] = "DELETE"
    return request


def _refusal(
    cloudformation: CloudFormationClient, change_set: ChangeSet, desired: Desired, reason: str
) -> StackError:
    """Why there is no change set: the resource that did not pass validation, when one is to blame.

    Only DescribeEvents tells of it; the change set's own reason just says that there is something.
    """
    template = desired.template
    for event in events.of_failed_operations(cloudformation, {"ChangeSetName": change_set.id}):
        own = next(filter(None, map(event.get, REASONS)), None)
        logical_id = event.get("LogicalResourceId", "")
        if own:
            is_resource = logical_id in template.resources
            return StackError(
                change_set.stack,
                f"{own} {event.get('ValidationPath', '')}".strip(),
                logical_id=logical_id if is_resource else "",
                type=event.get("ResourceType", "") if is_resource else "",
                path=template.path,
                line=template.resources.get(logical_id),
                next_step=CORRECT,
            )
    return _incorrect(desired, reason)


def _incorrect(desired: Desired, reason: str) -> StackError:
    path, line = desired.template.path, _line(desired, reason)
    return StackError(desired.stack, reason, path=path, line=line, next_step=CORRECT)


def _line(desired: Desired, reason: str) -> int | None:
    """Where the first is that the reason names: a parameter, by its value too, or a resource."""
    template = desired.template
    lines: dict[str | None, int] = {}
    for parameter in template.parameters.values():
        lines[desired.parameters.get(parameter.name, parameter.default)] = parameter.line
    lines.update(template.resources)
    lines.update({name: parameter.line for name, parameter in template.parameters.items()})
    names = (name for pair in _NAMED.findall(reason) for text in pair for name in text.split(", "))
    return next((lines[name] for name in names if name in lines), None)


def _settled(
    cloudformation: CloudFormationClient, change_set: ChangeSet, patience: Patience
) -> DescribeChangeSetOutputTypeDef:
    answers = (
        cloudformation.describe_change_set(ChangeSetName=change_set.id)
        for _ in patience.looks(f"the change set of {change_set.stack}")
    )
    return next(answer for answer in answers if answer["Status"] in ("CREATE_COMPLETE", "FAILED"))


def is_conflict(error: ClientError) -> bool:
    """Whether CloudFormation refused because the stack is no longer as we saw it."""
    code, text = error.response["Error"].get("Code"), error.response["Error"].get("Message", "")
    has_moved = text.startswith(_OF_STACK) and any(words in text for words in _MOVED)
    return code in _CONFLICTS or (code == "ValidationError" and has_moved)
