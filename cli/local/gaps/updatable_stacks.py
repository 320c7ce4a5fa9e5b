"""Change sets of kind UPDATE only for stacks that can be updated.

MiniStack makes one whatever the stack does. AWS refuses it while an operation is under way, and of
a stack that can only be deleted or rolled back, in the words of its UpdateStack.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html
"""

from __future__ import annotations

from typing import Any

from ..requirements import require

UPDATABLE = {
    f"{operation}_COMPLETE"
    for operation in ("CREATE", "UPDATE", "UPDATE_ROLLBACK", "IMPORT", "IMPORT_ROLLBACK")
} | {"CREATE_FAILED", "UPDATE_FAILED", "DELETE_COMPLETE"}


def fill() -> None:
    from ministack.services.cloudformation import handlers, helpers

    require(handlers, "_ACTION_HANDLERS", "_resolve_stack")
    require(helpers, "_error", "_p")
    create = handlers._ACTION_HANDLERS["CreateChangeSet"]

    def create_change_set(params: dict[str, Any]) -> Any:
        if helpers._p(params, "ChangeSetType") in ("", "UPDATE"):
            stack = handlers._resolve_stack(helpers._p(params, "StackName"))
            status = stack["StackStatus"] if stack else "DELETE_COMPLETE"
            if status not in UPDATABLE:
                reason = f"Stack:{stack['StackId']} is in {status} state and can not be updated."
                return helpers._error("ValidationError", reason)
        return create(params)

    handlers._ACTION_HANDLERS["CreateChangeSet"] = create_change_set
