"""What happens during a deploy or a destroy, as data, and one line of text for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Literal, Union

from ..errors import StackError
from ..text import printable, size

if TYPE_CHECKING:
    from datetime import datetime

Verb = Literal["create", "update", "delete"]
Outcome = Literal[
    "created",
    "updated",
    "unchanged",
    "deleted",
    "cancelled",
    "failed",
    # We stopped looking, or could no longer; AWS goes on.
    "unfinished",
    "skipped",
    # Of a deploy that does not wait: AWS goes on, or it needs what AWS goes on with.
    "begun",
    "put off",
]


@dataclass(frozen=True)
class StackEvent:
    """One event of a stack, as CloudFormation tells it."""

    id: str
    stack: str
    resource: str
    physical_id: str
    type: str
    status: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class Note:
    """Something we did or found out ourselves, about a stack or a function."""

    subject: str
    text: str


@dataclass(frozen=True)
class Upload:
    """How many of its bytes the code of a function has on their way."""

    function: str
    sent: int
    total: int


@dataclass(frozen=True)
class StackBegun:
    """An operation on a stack begins; `resources` is how many it has, 0 when that is not known.

    One that is not ours was under way before, and is only waited for.
    """

    stack: str
    verb: Verb
    resources: int
    is_ours: bool = True


@dataclass(frozen=True)
class StackDone:
    """The end of the work on one stack."""

    stack: str
    outcome: Outcome
    seconds: float
    reason: str = ""


ProgressEvent = Union[StackEvent, Note, Upload, StackBegun, StackDone]
Listener = Callable[[ProgressEvent], None]


def ignore(event: ProgressEvent) -> None:
    """The listener of those who do not want to know."""


def noting(listener: Listener) -> Callable[[str], None]:
    """What tells the listener of trouble with AWS itself."""
    return lambda text: listener(Note("AWS", text))


def line(event: ProgressEvent) -> str:
    """One line for a person."""
    if isinstance(event, StackEvent):
        is_own = event.resource == event.stack
        resource = "" if is_own else event.resource
        words = [event.stack, resource, event.status, event.reason]
    elif isinstance(event, Note):
        words = [event.subject, event.text]
    elif isinstance(event, Upload):
        words = [event.function, f"{size(event.sent)} of {size(event.total)} uploaded"]
    elif isinstance(event, StackBegun):
        words = [event.stack, f"{event.verb} begins"]
    else:
        took = f"({event.seconds:.1f} s)" if event.seconds else ""
        words = [event.stack, event.outcome, took, event.reason]
    return printable("  ".join(" ".join(word.split()) for word in words if word))


def verb(status: str) -> Verb:
    """The operation that brings a stack into this status."""
    verbs: tuple[Verb, ...] = ("create", "delete")
    return next((verb for verb in verbs if status.startswith(verb.upper())), "update")


def is_failure(event: ProgressEvent) -> bool:
    if isinstance(event, StackEvent):
        return event.status.endswith("_FAILED")
    return isinstance(event, StackDone) and event.outcome in ("failed", "unfinished", "skipped")


def summary(error: Exception) -> str:
    """What failed and why, in one line, without the advice that the error itself gives."""
    if isinstance(error, StackError):
        return f"{error.resource}: {error.reason}" if error.resource else error.reason
    return str(error)
