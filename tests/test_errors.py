"""The tree of errors is as its picture says, and each says what to do next."""

from __future__ import annotations

import re

import pytest

from miztiik_events import errors
from miztiik_events.errors import (
    MiztiikError,
    NotDeployedError,
    StackError,
    TemplateError,
    UnknownParameterError,
)

PICTURE = dict(re.findall(r"(\w+Error) +(\d+)  ", str(errors.__doc__)))


def test_every_error_ends_with_the_exit_code_that_the_picture_has() -> None:
    kinds = {
        name: kind.exit_code
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, MiztiikError)
    }
    # A StackError that needs a person.
    assert kinds.pop("StuckError") == 4
    assert kinds == {name: int(code) for name, code in PICTURE.items()}


@pytest.mark.parametrize(
    ("path", "line", "message"),
    [("a.yaml", 3, "a.yaml:3: wrong"), ("a.yaml", None, "a.yaml: wrong"), (None, None, "wrong")],
)
def test_a_mistake_in_a_template_is_told_with_its_place(
    path: str | None, line: int | None, message: str
) -> None:
    assert str(TemplateError("wrong", path, line)) == message


def test_an_unknown_parameter_is_told_with_its_place_and_a_guess() -> None:
    error = UnknownParameterError(["Siz"], " Did you mean Size?", "own.yaml:3")
    assert str(error) == "own.yaml:3: No template has a parameter Siz. Did you mean Size?"


@pytest.mark.parametrize(
    ("project", "command"),
    [("miztiik-events", "miztiik-events deploy"), ("p", "miztiik-events deploy --project p")],
)
def test_what_is_not_deployed_is_told_with_the_command_for_it(project: str, command: str) -> None:
    assert str(NotDeployedError("Stream", project)).endswith(f"Run first: {command}")


def test_what_other_stacks_lack_is_told_as_the_output_that_is_needed() -> None:
    error = NotDeployedError("SalesStreamName", "own", has_stacks=True).found_missing_in("region x")
    assert str(error) == (
        "None of the stacks of project 'own' in region x has an output SalesStreamName, which this "
        "command needs. Next: finish the deploy with miztiik-events deploy --project own, or, with "
        "templates of your own, add an output of this name to one"
    )


def test_a_failed_stack_is_told_with_the_resource_its_place_and_what_to_do() -> None:
    error = StackError(
        *("s", "denied"),
        logical_id="Queue",
        type="AWS::SQS::Queue",
        path="a.yaml",
        line=3,
        next_step="deploy again",
    )
    assert str(error).splitlines() == [
        "stack s failed at Queue (AWS::SQS::Queue)",
        "  denied",
        "  a.yaml:3",
        "  Next: deploy again",
    ]
    assert str(StackError("s", "denied")) == "stack s failed\n  denied"
