"""Nested stacks say what they are part of, and are updated in place.

MiniStack keeps the root and the parent of a nested stack, and DescribeStacks leaves both out of its
answer. On AWS they are there.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Stack.html

In a change set it says that a nested stack may be replaced. On AWS none ever is.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stack.html

When it updates one, it forgets the attributes of the resources that stay as they are, so that
`Fn::GetAtt` fails which worked before; for a stack that is not nested it keeps them.
"""

from __future__ import annotations

import re
from typing import Any

from ..requirements import require

_ID = re.compile(rb"<StackId>([^<]*)</StackId>")


def fill() -> None:
    from ministack.services import cloudformation
    from ministack.services.cloudformation import handlers, provisioners

    require(handlers, "_ACTION_HANDLERS")
    require(cloudformation, "_stacks")
    require(provisioners, "_REPLACING_PROPERTIES", "_update_resource")
    provisioners._REPLACING_PROPERTIES["AWS::CloudFormation::Stack"] = ()
    _keep_attributes(cloudformation, provisioners)
    describe = handlers._ACTION_HANDLERS["DescribeStacks"]

    def describe_with_roots(params: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = describe(params)
        nested = {
            stack["StackId"]: stack
            for stack in cloudformation._stacks.values()
            if stack.get("ParentId")
        }

        def with_root(found: re.Match[bytes]) -> bytes:
            stack = nested.get(found[1].decode())
            if stack is None:
                return found[0]
            root = nested.get(stack["RootId"], stack)["RootId"]
            parts = f"<ParentId>{stack['ParentId']}</ParentId><RootId>{root}</RootId>"
            return found[0] + parts.encode()

        return status, headers, _ID.sub(with_root, body)

    handlers._ACTION_HANDLERS["DescribeStacks"] = describe_with_roots


def _keep_attributes(cloudformation: Any, provisioners: Any) -> None:
    # Stacks that are not nested call it by a name of their own.
    update = provisioners._update_resource

    def update_with_attributes(
        type_: str, physical_id: str, old: Any, new: Any, stack: str, logical_id: str
    ) -> tuple[str, dict[str, Any]]:
        resources = cloudformation._stacks.get(stack, {}).get("_resources", {})
        before = resources.get(logical_id, {}).get("Attributes") or {}
        new_id, attributes = update(type_, physical_id, old, new, stack, logical_id, before)
        kept = before if new_id == physical_id else {}
        return new_id, {**kept, **(attributes or {})}

    provisioners._update_resource = update_with_attributes
