"""What CloudFormation leaves behind when it deletes a stack: its template's deletion policies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from . import template

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from yaml import Node

REMOVING = ("Delete", "Snapshot")


def retained(cloudformation: CloudFormationClient, stack_id: str) -> set[str]:
    """The logical ids of what outlives the stack.

    Only the processed template tells: a policy may be given by a macro or a parameter.
    """
    answer = cloudformation.get_template(StackName=stack_id, TemplateStage="Processed")
    body: Any = answer["TemplateBody"]
    # botocore reads templates that are JSON; as text, they are YAML, too.
    text = body if isinstance(body, str) else json.dumps(body)
    root = template.compose(text)
    policies = {
        logical_id: _entries(resource).get("DeletionPolicy")
        for logical_id, resource in _entries(_entries(root)["Resources"]).items()
    }
    # What is not plainly Delete is no licence to empty a bucket.
    return {name for name, policy in policies.items() if policy and policy.value not in REMOVING}


def _entries(node: Any) -> dict[str, Node]:
    return {key.value: value for key, value in node.value}
