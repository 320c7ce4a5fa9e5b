from __future__ import annotations

import contextlib
import json

import pytest
import yaml

from miztiik_events.cloudformation import nodes, template
from miztiik_events.errors import TemplateError

PYYAML = tuple(map(int, yaml.__version__.split(".")[:3]))

pytestmark = pytest.mark.usefixtures("no_collection")

RESOURCES = "Resources: {A: {Type: X}}\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"\xef\xbb\xbf" + RESOURCES.encode(),
        RESOURCES.replace("\n", "\r\n").encode(),
        RESOURCES.encode(),
    ],
    ids=["mark", "windows", "plain"],
)
def test_a_mark_and_the_ends_of_lines_make_no_difference(raw: bytes) -> None:
    assert nodes.decoded(raw, "a.yaml") == RESOURCES


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (RESOURCES.encode("utf-16"), "a.yaml:1: UTF-16, not UTF-8. Next: convert it"),
        (b"Description: x\n# caf\xe9\n", "a.yaml:2: 0xe9 is not UTF-8"),
    ],
)
def test_another_encoding_is_told_with_its_line(raw: bytes, message: str) -> None:
    with pytest.raises(TemplateError) as refused:
        nodes.decoded(raw, "a.yaml")
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A: &a {B: c}\nD: *a\n", "a.yaml:2: CloudFormation takes no YAML aliases (*a)"),
        ("A: &a\n  - *a\n", "a.yaml:2: CloudFormation takes no YAML aliases (*a)"),
        ("A: 1\n<<: {B: c}\n", "a.yaml:2: CloudFormation takes no YAML merges"),
        ("A: 1\nB: !!binary aGk=\n", "a.yaml:2: CloudFormation takes no YAML of the tag !!binary"),
        ("A: 1\nB: !!set {c, d}\n", "a.yaml:2: CloudFormation takes no YAML of the tag !!set"),
        ("A: 1\nB: !!python/name:os.x\n", "a.yaml:2: CloudFormation takes no YAML of the tag"),
        ("A: 1\n---\nB: 2\n", "a.yaml:2: not valid YAML: expected a single document"),
        ("A: 1\nB: a\x07\n", "a.yaml:2: not valid YAML: control character U+0007"),
        ("A:\n\t- b\n", "a.yaml:2: not valid YAML: "),
        pytest.param(
            *("A: " + "[" * 2000 + "]" * 2000, "a.yaml:1: not valid YAML: "),
            marks=pytest.mark.skipif(PYYAML < (6, 0, 4), reason="that PyYAML takes it"),
        ),
        ("# nothing\n", "a.yaml: the file is empty"),
        (
            "A:\n  B: !ImportValue !Sub x\n",
            "a.yaml:2: not valid YAML: while parsing a block mapping, did not find expected key. "
            "Next: two short forms cannot follow each other: !ImportValue {'Fn::Sub': …}",
        ),
    ],
)
def test_what_cloudformation_refuses_is_told_with_its_line(text: str, message: str) -> None:
    with pytest.raises(TemplateError) as refused:
        nodes.composed(text, "a.yaml")
    assert str(refused.value).startswith(message)


def test_an_anchor_that_nobody_uses_is_taken() -> None:
    assert nodes.entries(nodes.composed("A: &a {B: c}\n", "a.yaml")).keys() == {"A"}


def test_what_says_that_it_is_json_has_to_be() -> None:
    with pytest.raises(TemplateError, match=r"^a\.JSON:2: not valid JSON: "):
        nodes.composed('{"A": 1\n"B": 2}', "a.JSON")


@pytest.mark.parametrize(
    ("text", "line", "written"),
    [
        ('{"A": 1,\n}', 1, '{"A": 1,'),
        ('{"A": {\n  "B": [1,\n  2,\n\n  ]\n}}', 3, "2,"),
        ('{"A": {\n  "B": {}\n  ,\n}}', 3, ","),
        ('{"A": ",}", "B": [1 , ]}', 1, '{"A": ",}", "B": [1 , ]}'),
    ],
)
def test_a_comma_with_nothing_after_it_is_told_with_its_line(
    text: str, line: int, written: str
) -> None:
    with pytest.raises(TemplateError) as refused:
        nodes.composed(text, "a.json")
    begun = f"a.json:{line}: not valid JSON: after the comma of {written} comes only "
    assert str(refused.value).startswith(begun)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A:\n  B: 1\n  C: 2\n  B: 3\n", "4: B is defined twice, first on line 2,"),
        ('A:\n- {B: {"C": 1,\n  C: 1}}\n', "3: C is defined twice, first on line 2,"),
        ('A: !If [x, {B: 1, "B": 2}, y]\n', "1: B is defined twice, first on line 1,"),
        ("1: x\n'1': y\n", "2: 1 is defined twice, first on line 1,"),
    ],
)
def test_a_name_that_a_mapping_has_twice_is_refused_at_any_depth(text: str, message: str) -> None:
    with pytest.raises(TemplateError) as refused:
        nodes.composed(text, "a.yaml")
    assert str(refused.value).startswith(f"a.yaml:{message}")
    # In two mappings it is two names.
    nodes.composed("A: {B: 1}\nC: {B: 1}\n", "a.yaml")


def test_yaml_nested_too_deeply_ends_in_no_other_error() -> None:
    with contextlib.suppress(TemplateError):
        nodes.composed("A: " + "[" * 2000 + "]" * 2000, "a.yaml")


def test_json_nested_too_deeply_is_refused() -> None:
    with pytest.raises(TemplateError, match="nested more deeply"):
        nodes.composed("[" * 100_000 + "]" * 100_000, "a.json")


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"A": "smile \U0001f600", "B": "a\\ud83d \x7f \u2028 \x85"}),
        '{\n\t"A":"x\\/y", "B": "\\ud83d"}',
        json.dumps({"A": "\x7f\x80\u2028", "B": ["\\", '"', "\\\\u0041"]}, ensure_ascii=False),
    ],
)
def test_json_is_read_as_json(text: str) -> None:
    found = nodes.entries(nodes.composed(text, "a.yaml"))
    expected = json.loads(text)
    assert found["A"].value == expected["A"]
    if isinstance(expected["B"], list):
        assert [part.value for part in found["B"].value] == expected["B"]
    else:
        assert found["B"].value == expected["B"].replace("\ud83d", "\ufffd")


def test_json_as_yaml_is_the_same_json_of_the_same_lines() -> None:
    text = '{\n\t"A": "\\ud83d\\ude00 \\/ \\u00e9",\n\t"B": [1.50, true, null]\n}\n'
    plain = nodes.as_yaml(text)
    assert json.loads(plain) == json.loads(text)
    assert plain.count("\n") == text.count("\n")


def test_a_template_that_is_json_has_its_lines() -> None:
    text = '{"Description": "\\ud83d\\ude00",\n"Resources":\n{"Queue":\n{"Type": "X"}}}'
    assert template.parse("a", "a.yaml", text).resources == {"Queue": 3}


@pytest.mark.parametrize(
    ("written", "meaning"),
    [
        ("yes", "true"),
        ("Off", "false"),
        ("'yes'", "yes"),
        ("010", "8"),
        ("'010'", "010"),
        ("012345678901", "012345678901"),
        ("1_000", "1000"),
        ("1.10", "1.10"),
        ("2012-10-17", "2012-10-17"),
        ("0b_", "0b_"),
        ("!!bool maybe", "maybe"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_what_is_not_quoted_is_what_yaml_1_1_makes_of_it(written: str, meaning: str) -> None:
    assert nodes.meant(nodes.composed(written, "a.yaml")) == meaning
