"""The values that a person gives, by the parameters' own names."""

from __future__ import annotations

import time

import pytest

from miztiik_events.cloudformation import template
from miztiik_events.deploy import values
from miztiik_events.errors import ParameterValueError, UnknownParameterError

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
    return values.given([TEMPLATE], overrides)


def test_a_name_may_be_given_in_any_case() -> None:
    assert given(windowseconds="10", NAME="a") == {"WindowSeconds": "10", "Name": "a"}
    # What comes last, which is what was typed, goes before.
    assert given(Name="file", name="typed") == {"Name": "typed"}


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("WindowSecond", "Did you mean WindowSeconds? There are: Name, WindowSeconds"),
        ("Colour", "There are: Name, WindowSeconds"),
    ],
)
def test_a_name_that_is_none_gets_a_guess_and_the_few_that_there_are(word: str, said: str) -> None:
    with pytest.raises(UnknownParameterError) as refused:
        given(**{word: "10"})
    assert str(refused.value) == f"No template has a parameter {word}. {said}"


def test_of_many_names_only_the_likely_one_is_told_with_the_place_in_the_file() -> None:
    many = "".join(f"  Another{number}: {{Type: String, Default: x}}\n" for number in range(20))
    text = TEMPLATE.body.replace("Resources:", f"{many}Resources:")
    with pytest.raises(UnknownParameterError) as refused:
        values.require([template.parse("own", "own.yaml", text)], ["Nmae"], {"Nmae": "file.yaml:3"})
    assert str(refused.value) == (
        "file.yaml:3: No template has a parameter Nmae. Did you mean Name?"
    )


def reason(declaration: str, value: str) -> str | None:
    body = f"Parameters:\n  P: {declaration}\nResources: {{T: {{Type: AWS::SNS::Topic}}}}\n"
    return values.problem(template.parse("own", "own.yaml", body).parameters["P"], value)


@pytest.mark.parametrize(
    ("declaration", "good", "bad", "said"),
    [
        ("{Type: Number}", ["3", "-1.5", "1e3"], ["abc", "", "nan", "1_0"], "is not a number"),
        ("{Type: Number, MinValue: 1}", ["1"], ["0"], "must be at least 1"),
        ("{Type: Number, MaxValue: 32}", ["32"], ["33"], "must be at most 32"),
        ("{Type: Number, AllowedValues: [1, 2]}", ["2", "2.0"], ["3"], "must be one of 1, 2"),
        ("{Type: String, MinLength: 2}", ["ab", "🙂"], ["a"], "must be at least 2 characters"),
        ("{Type: String, MaxLength: '2'}", ["ab"], ["abc"], "must be at most 2 characters"),
        ("{Type: String, AllowedPattern: '[a-z]+'}", ["abc"], ["ab1"], "must match [a-z]+"),
        ("{Type: String, AllowedValues: [true, no]}", ["true"], ["True"], "must be one of true"),
        (
            "{Type: String, AllowedValues: [Yes, No]}",
            ["true"],
            ["Yes"],
            "must be one of true, false",
        ),
        ("{Type: 'AWS::EC2::VPC::Id'}", ["x" * 4096], ["x" * 4097], "it has 4,097 bytes, and"),
        ("{Type: String, MaxLength: 9}", ["x"], ["x" * 99], "xxx': must be at most 9 characters"),
        ("{Type: 'List<Number>'}", ["1, 2"], ["1,b"], "is not a list of numbers"),
        ("{Type: CommaDelimitedList, AllowedPattern: '[a-z]'}", ["a, b"], ["a,1"], "must match"),
        ("{Type: String, MinLength: 1, ConstraintDescription: A name.}", ["a"], [""], "A name."),
    ],
)
def test_a_value_is_held_to_the_constraints_of_its_parameter(
    declaration: str, good: list[str], bad: list[str], said: str
) -> None:
    assert [reason(declaration, value) for value in good] == [None] * len(good)
    for value in bad:
        found = reason(declaration, value)
        assert found
        assert said in found


@pytest.mark.parametrize(
    ("declaration", "value"),
    [
        ("{Type: 'AWS::EC2::VPC::Id', AllowedPattern: x}", "vpc-1"),
        ("{Type: 'AWS::SSM::Parameter::Value<String>', AllowedValues: [x]}", "/name"),
        (r"{Type: String, AllowedPattern: '\p{Alpha}+'}", "1"),
        ("{Type: String, AllowedPattern: '[a-z&&[^b]]'}", "1"),
        ("{Type: String, AllowedPattern: '[[:alpha:]]+'}", "1"),
        ("{Type: String, AllowedPattern: '[a-z[0-9]]+'}", "1"),
    ],
)
def test_what_only_aws_can_tell_is_left_to_it(declaration: str, value: str) -> None:
    assert reason(declaration, value) is None


def test_a_pattern_that_takes_for_ever_is_left_to_aws_and_a_slow_one_is_not() -> None:
    value = "a" * 60 + "b"
    found = reason("{Type: String, AllowedPattern: '^(a+)+$'}", value)
    assert found
    assert "must match ^(a+)+$" in found
    begun = time.process_time()
    # Each of these items would take for ever; what is left to AWS is the whole value.
    several = ",".join([value] * 30)
    assert reason("{Type: CommaDelimitedList, AllowedPattern: '(a|aa)+'}", several) is None
    assert time.process_time() - begun < 10


def test_a_secret_is_not_shown() -> None:
    found = reason("{Type: String, NoEcho: true, MinLength: 8}", "hunter2")
    assert found == "the value: must be at least 8 characters"


def test_the_message_has_the_option_or_the_line_and_the_place_in_the_template() -> None:
    with pytest.raises(ParameterValueError) as typed:
        given(windowseconds="abc")
    assert str(typed.value) == (
        "-p windowseconds: 'abc' is not a number (own.yaml:2: WindowSeconds)"
    )
    with pytest.raises(ParameterValueError, match=r"^file\.yaml:4: 'x' is not a number"):
        values.given([TEMPLATE], {"WindowSeconds": "x"}, {"WindowSeconds": "file.yaml:4"})
    assert typed.value.exit_code == 2
