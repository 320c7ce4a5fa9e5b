from __future__ import annotations

import pytest

from miztiik_events.cloudformation.template import Parameter, Template
from miztiik_events.deploy.wiring import Code, Default, Given, Output, Step
from miztiik_events.errors import TemplateError

NAMES = ("Arn", "OneCode", "Size", "Given")
TEMPLATE = Template(
    "a", "a.yaml", "", {name: Parameter(name, "String", None, 7) for name in NAMES}, {}, {}
)
STEP = Step(
    TEMPLATE,
    {"Arn": Output("stream"), "OneCode": Code("one"), "Size": Default(), "Given": Given("5")},
)


def test_each_parameter_gets_its_value_from_its_source() -> None:
    outputs = {"stream": {"Arn": "arn:1"}}
    values = {name: STEP.value(name, outputs, {"one": "one/1.zip"}) for name in NAMES}
    assert values == {"Arn": "arn:1", "OneCode": "one/1.zip", "Size": None, "Given": "5"}


def test_what_has_a_default_does_without_an_output_that_is_not_there() -> None:
    parameters = {"Topic": Parameter("Topic", "String", "none", 3)}
    step = Step(Template("a", "a.yaml", "", parameters, {}, {}), {"Topic": Output("key")})
    assert step.value("Topic", {"key": {}}, {}) == "none"
    assert step.value("Topic", {"key": {"Topic": "arn"}}, {}) == "arn"


def test_an_output_that_the_live_stack_lacks_is_told_with_file_and_line() -> None:
    with pytest.raises(TemplateError, match=r"^a\.yaml:7: parameter Arn: stack stream has no such"):
        STEP.value("Arn", {"stream": {}}, {})
