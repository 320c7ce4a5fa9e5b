"""Buckets that a change set imports are no conflict of names.

Before it creates a stack, MiniStack refuses each bucket whose name is taken, as AWS does, and so
also one that the change set is to import under that name.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
"""

from __future__ import annotations

from typing import Any

from ..requirements import require


def fill() -> None:
    from ministack.services import cloudformation
    from ministack.services.cloudformation import stacks

    require(cloudformation, "_change_sets")
    require(stacks, "_validation_errors")
    errors = stacks._validation_errors

    def errors_beside_imports(*given: Any) -> Any:
        *rest, stack_id, owned = given
        imported = {
            identifier["BucketName"]
            for change_set in cloudformation._change_sets.values()
            if change_set["StackId"] == stack_id
            for identifier in change_set.get("_import_existing", {}).values()
            if "BucketName" in identifier
        }
        return errors(*rest, stack_id, owned | imported)

    stacks._validation_errors = errors_beside_imports
