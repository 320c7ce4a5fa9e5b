"""Change sets that change outputs alone.

MiniStack looks at resources only, and fails such a change set as one without changes. On AWS it has
no changes of resources to show, and can be executed.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeChangeSet.html
"""

from __future__ import annotations

import json
import re
from typing import Any

from ..requirements import require

_ID = re.compile(rb"<Id>(.+?)</Id>")


def fill() -> None:
    from ministack.services import cloudformation
    from ministack.services.cloudformation import handlers

    require(cloudformation, "_change_sets", "_stacks")
    require(handlers, "_ACTION_HANDLERS")
    create = handlers._ACTION_HANDLERS["CreateChangeSet"]

    def create_change_set(params: dict[str, Any]) -> Any:
        answer = create(params)
        created = _ID.search(answer[2])
        change_set = cloudformation._change_sets.get(created[1].decode()) if created else None
        if change_set and change_set["ChangeSetType"] == "UPDATE":
            stack = cloudformation._stacks.get(change_set["StackName"]) or {}
            if change_set["Status"] == "FAILED" and _changes_outputs(stack, change_set):
                change_set.update(
                    Status="CREATE_COMPLETE", ExecutionStatus="AVAILABLE", StatusReason=""
                )
        return answer

    handlers._ACTION_HANDLERS["CreateChangeSet"] = create_change_set


def _changes_outputs(stack: dict[str, Any], change_set: dict[str, Any]) -> bool:
    """Whether the outputs are declared in another way, or take a value that changes."""
    before, after = (_outputs(holder.get("_template") or {}) for holder in (stack, change_set))
    if before != after:
        return True
    old, new = (holder.get("_resolved_params") or {} for holder in (stack, change_set))
    changed = [name for name in new if new[name].get("Value") != old.get(name, {}).get("Value")]
    return any(re.search(rf'["{{]{re.escape(name)}["}}]', after) for name in changed)


def _outputs(template: dict[str, Any]) -> str:
    """The outputs, and the conditions that may decide what they are."""
    outputs = template.get("Outputs") or {}
    conditions = template.get("Conditions") if outputs else None
    return json.dumps([outputs, conditions], sort_keys=True, default=str)
