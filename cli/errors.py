"""The tree of errors; each one carries the exit code that the command ends with.

MiztiikError                 1  a cause and the next step, in one message for a person
├── TemplateError            1  a template, or the wiring between templates, is wrong (file, line)
├── ProgramError             1  Flink refuses the program of an application (file, line)
├── UnknownParameterError    2  a value was given for a parameter that no template has
├── ParameterValueError      2  a value is not what its parameter takes
├── UnknownStackError        2  a stack was named that there is not
├── NotDeployedError         1  the command needs stacks that are not there
├── StackError               1  CloudFormation could not do it (stack, resource, reason)
├── ApplicationError         1  the analytics application could not do it
├── QueryError               1  Athena could not run a query (line, column)
├── BuildError               1  something could not be packaged
├── DifferenceError          3  a comparison found differences (verify, plan, drift)
├── UnhealthyError           4  something runs badly or needs a person
├── ConfigurationError       5  credentials, region, endpoint or a missing program
└── WaitTimeoutError       124  we stopped waiting; the operation goes on

Click's own UsageError ends with 2, Ctrl-C with 130.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from .text import command

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class MiztiikError(Exception):
    """A failure that a person can act on: what, why, and what to do next.

    `others` is what else failed, where several things were done at once.
    """

    exit_code: ClassVar[int] = 1
    others: tuple[Exception, ...] = ()


class TemplateError(MiztiikError):
    """A mistake in a template; the message starts with `file:line: ` when these are known."""

    def __init__(
        self, reason: str, path: Path | str | None = None, line: int | None = None
    ) -> None:
        place = ":".join(str(part) for part in (path, line) if part is not None)
        super().__init__(f"{place}: {reason}" if place else reason)
        self.reason, self.path, self.line = reason, path, line


class ProgramError(MiztiikError):
    """Flink refuses an application's program; `path`, `line` and `column` are those of its SQL."""

    def __init__(
        self, reason: str, path: str, line: int | None = None, column: int | None = None
    ) -> None:
        place = ":".join(str(part) for part in (path, line, column) if part is not None)
        super().__init__(f"{place}: {reason}. Nothing was deployed")


class UnknownParameterError(MiztiikError):
    """A value was given for a parameter that no template has."""

    exit_code = 2

    def __init__(self, unknown: Sequence[str], hint: str = "", place: str | None = None) -> None:
        where = f"{place}: " if place else ""
        super().__init__(f"{where}No template has a parameter {', '.join(unknown)}.{hint}")


class ParameterValueError(MiztiikError):
    """A value is not what its parameter takes."""

    exit_code = 2


class UnknownStackError(MiztiikError):
    """A stack was named that there is not."""

    exit_code = 2

    def __init__(self, unknown: Sequence[str], known: Sequence[str], hint: str = "") -> None:
        there = f"There are: {', '.join(known)}" if known else "There are none"
        super().__init__(f"There is no stack {', '.join(unknown)}.{hint} {there}")


class NotDeployedError(MiztiikError):
    """What the command needs is not deployed (yet); `has_stacks` when others of the project are."""

    def __init__(
        self, what: str, project: str, where: str = "here", *, has_stacks: bool = False
    ) -> None:
        self._what, self._project, self._has_stacks = what, project, has_stacks
        run = command("deploy", project)
        if has_stacks:
            text = (
                f"None of the stacks of project {project!r} {where} has an output {what}, which "
                f"this command needs. Next: finish the deploy with {run}, or, with templates of "
                "your own, add an output of this name to one"
            )
        else:
            text = f"Project {project!r} is not deployed {where} (there is no {what}). "
            text += f"Run first: {run}"
        super().__init__(text)

    def found_missing_in(self, place: str) -> NotDeployedError:
        """The same, for a person who may have meant another account or region."""
        where = f"in {place}"
        return NotDeployedError(self._what, self._project, where, has_stacks=self._has_stacks)


class StackError(MiztiikError):
    """A stack operation failed; the message gives the first real cause, then what to do next.

    `logical_id` and `type` are those of the resource that failed first, `path` and `line` its place
    in the template, as far as they are known.
    """

    def __init__(
        self,
        stack: str,
        reason: str,
        *,
        logical_id: str = "",
        type: str = "",
        path: str = "",
        line: int | None = None,
        next_step: str = "",
    ) -> None:
        self.stack, self.reason, self.next_step = stack, reason, next_step
        self.logical_id, self.type, self.path, self.line = logical_id, type, path, line
        parts = [
            f"stack {stack} failed" + (f" at {self.resource}" if logical_id else ""),
            f"  {reason}",
            f"  {self.place}" if path else "",
            f"  Next: {next_step}" if next_step else "",
        ]
        super().__init__("\n".join(part for part in parts if part))

    @property
    def resource(self) -> str:
        return f"{self.logical_id} ({self.type})" if self.type else self.logical_id

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


class StuckError(StackError):
    """A stack is in a state from which no deploy gets it out without a person's decision."""

    exit_code = 4


class ApplicationError(MiztiikError):
    """The analytics application failed to start, stop or run."""


class QueryError(MiztiikError):
    """Athena refused a query, or could not run it; the message has Athena's reason and the line."""


class BuildError(MiztiikError):
    """A function could not be packaged."""


class DifferenceError(MiztiikError):
    """Two things that should agree do not."""

    exit_code = 3


class UnhealthyError(MiztiikError):
    """Something is there but does not work as it should."""

    exit_code = 4


class ConfigurationError(MiztiikError):
    """Credentials, region, endpoint, or a program on this machine is missing or wrong."""

    exit_code = 5


class WaitTimeoutError(MiztiikError):
    """The wait ended before the operation did; the operation goes on."""

    exit_code = 124
