"""The values that a person gives, by the parameters' own names."""

from __future__ import annotations

import pytest

from miztiik_events.cloudformation import template
from miztiik_events.deploy import values
from miztiik_events.errors import UnknownParameterError

TEMPLATE = template.parse(
    "own",
    "own.yaml",
    """\
Parameters:
  WindowSeconds: {Type: Number, Default: 60}
  Name: {Type: String, Default: x}
Resources: {Topic: {Type: AWS::SNS::Topic}}
""",
)


def given(**overrides: str) -> dict[str, str]:
    return values.given([TEMPLATE], overrides, {"Nmae": "file.yaml:3"})


def test_a_name_may_be_given_in_any_case() -> None:
    assert given(windowseconds="10", NAME="a") == {"WindowSeconds": "10", "Name": "a"}
    # What comes last, which is what was typed, goes before.
    assert given(Name="file", name="typed") == {"Name": "typed"}


def test_a_name_that_is_none_gets_a_guess_or_the_few_that_there_are() -> None:
    with pytest.raises(
        UnknownParameterError, match=r"WindowSecond\. Did you mean WindowSeconds\?$"
    ):
        given(WindowSecond="10")
    with pytest.raises(UnknownParameterError, match=r"Colour\. There are: Name, WindowSeconds$"):
        given(Colour="10")
    with pytest.raises(UnknownParameterError, match=r"^file\.yaml:3: .* Did you mean Name\?$"):
        given(Nmae="a")
