"""CloudFormation creates nothing whose name is taken.

MiniStack takes over what has that name, and empties it. On AWS it is an error, for which every
resource's handler is tested; what exists already has to be imported.
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract.html
"""

from __future__ import annotations

import importlib
from functools import partial
from typing import Any, Callable

from ..requirements import require

# By the resource's type: the property with its name, and where the service has all that exist.
KINDS = {
    "AWS::DynamoDB::GlobalTable": ("TableName", "dynamodb", "_tables"),
    "AWS::DynamoDB::Table": ("TableName", "dynamodb", "_tables"),
    "AWS::IAM::Role": ("RoleName", "iam", "_roles"),
    "AWS::Kinesis::Stream": ("Name", "kinesis", "_streams"),
    "AWS::Lambda::Function": ("FunctionName", "lambda_svc", "_functions"),
    "AWS::Logs::LogGroup": ("LogGroupName", "cloudwatch_logs", "_log_groups"),
}
Properties = dict[str, Any]


def fill() -> None:
    from ministack.services.cloudformation import provisioners

    require(provisioners, "_RESOURCE_HANDLERS")
    for kind, (_, service, names) in KINDS.items():
        require(importlib.import_module(f"ministack.services.{service}"), names)
        handler = provisioners._RESOURCE_HANDLERS[kind]
        handler["create"] = partial(_create, kind, handler["create"])


def _create(
    kind: str,
    create: Callable[[str, Properties, str], Any],
    logical_id: str,
    properties: Properties,
    stack: str,
) -> Any:
    """What `create` makes; raises ValueError for a name that a person gave and that is taken."""
    key, service, names = KINDS[kind]
    name = properties.get(key)
    if name and name in getattr(importlib.import_module(f"ministack.services.{service}"), names):
        raise ValueError(
            f"Resource of type '{kind}' with identifier '{name}' already exists. "
            "(HandlerErrorCode: AlreadyExists)"
        )
    return create(logical_id, properties, stack)
