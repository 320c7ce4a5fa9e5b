"""Somebody else at work on the same stack at the same time: how it shows, and what to do then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import stacks
from .errors import StackError
from .progress import Note

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

    from .change_sets import Desired
    from .stack_operations import Applied, Operator
    from .stacks import Stack

MOST_LOOKS = 5
PAUSE_SECONDS = 1.0
# The stack is there by now; the change set was made for the stack as it was before. The names are
# those of CloudFormation's service model.
_CODES = ("AlreadyExistsException", "ChangeSetNotFound", "InvalidChangeSetStatus")
_MOVED = ("does not exist", "_IN_PROGRESS state")


def applied(operator: Operator, desired: Desired, live: Stack | None) -> Applied:
    """What `operator.apply` gives; when somebody else comes in between, by a fresh look.

    Raises StackError when somebody comes in between again and again.
    """
    from botocore.exceptions import ClientError

    name = desired.stack
    for look in range(1, MOST_LOOKS + 1):
        try:
            return operator.apply(desired, live)
        except ClientError as error:
            if not is_conflict(error):
                raise
            if look == MOST_LOOKS:
                raise _in_the_way(name, error) from error
        operator.listener(Note(name, "somebody else works on it; looking again"))
        operator.patience.pause(f"stack {name}", PAUSE_SECONDS)
        live = stacks.describe(operator.cloudformation, name)
    raise AssertionError("the last look returns or raises")


def is_conflict(error: ClientError) -> bool:
    """Whether CloudFormation refused because the stack is no longer as we saw it."""
    code, text = error.response["Error"].get("Code"), error.response["Error"].get("Message", "")
    has_moved = text.startswith("Stack") and any(words in text for words in _MOVED)
    return code in _CODES or (code == "ValidationError" and has_moved)


def _in_the_way(name: str, error: ClientError) -> StackError:
    return StackError(
        name,
        f"somebody else works on it at the same time: {error.response['Error'].get('Message')}",
        next_step="wait until they are done, then deploy again",
    )
