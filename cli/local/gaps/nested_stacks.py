"""Nested stacks say what they are part of.

MiniStack keeps the root and the parent of a nested stack, and DescribeStacks leaves both out of its
answer. On AWS they are there.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Stack.html
"""

from __future__ import annotations

import re
from typing import Any

from ..requirements import require

_ID = re.compile(rb"<StackId>([^<]*)</StackId>")


def fill() -> None:
    from ministack.services import cloudformation
    from ministack.services.cloudformation import handlers

    require(handlers, "_ACTION_HANDLERS")
    require(cloudformation, "_stacks")
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
