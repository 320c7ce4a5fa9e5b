"""Change sets of a stack that was never created.

For a second change set of kind CREATE MiniStack makes another empty stack of the same name, and so
does not find the first when one of them is executed. On AWS they are in one stack, and the others
are deleted when one is executed.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ExecuteChangeSet.html
"""

from __future__ import annotations

from ..requirements import require


def fill() -> None:
    from ministack.services import cloudformation
    from ministack.services.cloudformation import changesets

    require(changesets, "_drop_other_change_sets")
    require(cloudformation, "_change_sets")

    def drop_others(stack_id: str, executed: str) -> None:
        known = cloudformation._change_sets
        name = known[executed]["StackName"]
        for id in [id for id, change_set in known.items() if change_set["StackName"] == name]:
            if id != executed:
                known.pop(id, None)

    changesets._drop_other_change_sets = drop_others
