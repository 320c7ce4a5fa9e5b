from __future__ import annotations

import json
from pathlib import Path

import pytest

from miztiik_events.cloudformation import template_folder
from miztiik_events.errors import TemplateError

BODY = "Resources: {A: {Type: AWS::SQS::Queue}}\n"
AS_JSON = json.dumps({"Resources": {"A": {"Type": "AWS::SQS::Queue"}}})


def folder(place: Path, **files: str) -> Path:
    """Files by name, in which __ stands for a dot."""
    for name, content in files.items():
        (place / name.replace("__", ".")).write_text(content)
    return place


def names(place: Path) -> list[str]:
    return [one.name for one in template_folder.load_all(place)]


def test_templates_have_four_suffixes_and_come_by_name(tmp_path: Path) -> None:
    folder(tmp_path, d__yaml=BODY, c__yml=BODY, b__json=AS_JSON, a__template=BODY, n__txt=BODY)
    folder(tmp_path, E__template__json=AS_JSON, f__YAML=BODY)
    assert names(tmp_path) == ["E", "a", "b", "c", "d", "f"]
    assert [one.name for one in [template_folder.find("c", tmp_path)] if one] == ["c"]
    assert template_folder.find("n", tmp_path) is None


def test_a_template_may_be_a_macro_alone(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("Fn::Transform: {Name: AWS::Include, Parameters: {}}\n")
    assert template_folder.read(tmp_path).templates[0].has_macro


def test_hidden_files_and_folders_named_like_files_are_none(tmp_path: Path) -> None:
    folder(tmp_path, a__yaml=BODY)
    (tmp_path / ".#a.yaml").write_text("rubbish")
    (tmp_path / "._a.yaml").write_bytes(b"\0\5\x16\7")
    (tmp_path / "b.yaml").mkdir()
    found = template_folder.read(tmp_path)
    assert [one.name for one in found.templates] == ["a"]
    assert found.passed_over == ()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("buildspec.yaml", b"version: 0.2\nphases: {build: {commands: [make]}}\n"),
        ("samconfig.yaml", b"version: 0.1\ndefault: {deploy: {parameters: {}}}\n"),
        ("openapi.json", b'{"openapi": "3.0.0", "paths": {}}'),
        ("parameters.json", b'{"Parameters": {"A": "1"}}'),
        ("more.json", b'[{"ParameterKey": "A", "ParameterValue": "1"}]'),
        ("tsconfig.json", b'{"compilerOptions": {}, // comment\n}'),
        ("service.yaml", b"kind: Service\n---\nkind: Role\nrules: [{resources: [pods]}]\n"),
        ("chart.yaml", b"name: {{ .Values.name }}\n"),
        ("pipe.yml", b"caf\xe9: 1\n"),
        ("empty.json", b""),
        ("word.yaml", b"../other.yaml"),
        ("appspec.yml", b"version: 0.0\nResources: [{TargetService: {Type: AWS::ECS::Service}}]\n"),
        ("counts.json", b'{"Resources": 3, "Transform": "x", "version": 1}'),
        ("large.json", b'{"A": "' + b"x" * 1_000_001 + b'"}'),
    ],
)
def test_another_kind_of_file_is_passed_over_and_named(
    tmp_path: Path, name: str, content: bytes
) -> None:
    folder(tmp_path, queue__yaml=BODY)
    (tmp_path / name).write_bytes(content)
    found = template_folder.read(tmp_path)
    assert [one.name for one in found.templates] == ["queue"]
    assert [one.path for one in found.passed_over] == [str(tmp_path / name)]
    assert str(found.passed_over[0]).startswith(f"{tmp_path / name} is passed over: ")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"Resources: {A: [}\n", ":1: not valid YAML"),
        (b"Description: caf\xe9\nResources: {A: {Type: X}}\n", ":1: 0xe9 is not UTF-8"),
        (BODY.encode("utf-16"), ":1: UTF-16, not UTF-8"),
        (b'AWSTemplateFormatVersion: "2010-09-09"\nResource: {}\n', ": a template needs Resources"),
        (b"Conditions: {A: !Equals [a, b]}\n", ": a template needs Resources"),
        (b"", ": the file is empty"),
    ],
)
def test_what_is_meant_as_a_template_has_to_be_one(
    tmp_path: Path, content: bytes, message: str
) -> None:
    folder(tmp_path, queue__yaml=BODY)
    (tmp_path / "broken.yaml").write_bytes(content)
    with pytest.raises(TemplateError) as refused:
        template_folder.read(tmp_path)
    assert str(refused.value).startswith(f"{tmp_path}/broken.yaml{message}")


def test_a_folder_without_a_template_is_an_error_that_says_what_is_there(tmp_path: Path) -> None:
    folder(tmp_path, buildspec__yaml="version: 0.2\n")
    (tmp_path / "below").mkdir()
    folder(tmp_path / "below", queue__yaml=BODY)
    with pytest.raises(TemplateError) as refused:
        template_folder.read(tmp_path)
    message = str(refused.value)
    assert message.startswith(f"{tmp_path}: there is no template here")
    assert f"--templates '{tmp_path}/**'" in message
    assert "buildspec.yaml is passed over" in message


def test_folders_below_are_taken_when_they_are_named(tmp_path: Path) -> None:
    for below in ("net", ".hidden", "net/edge"):
        (tmp_path / below).mkdir()
        folder(tmp_path / below, vpc__yaml=BODY)
    folder(tmp_path, queue__yaml=BODY)
    assert names(tmp_path) == ["queue"]
    assert names(tmp_path / "**") == ["net-edge-vpc", "net-vpc", "queue"]


def test_names_that_no_stack_can_have_are_told_at_once_with_what_to_do(tmp_path: Path) -> None:
    folder(tmp_path, my_queue__yaml=BODY, main__cfn__yaml=BODY)
    folder(tmp_path, **{"with space__yaml": BODY, "x" * 104 + "__yaml": BODY})
    with pytest.raises(TemplateError) as refused:
        template_folder.read(tmp_path)
    message = str(refused.value)
    for name in ("my-queue.yaml", "main-cfn.yaml", "with-space.yaml", "x" * 103 + ".yaml"):
        assert f": name it {name}" in message


def test_two_files_cannot_be_one_stack(tmp_path: Path) -> None:
    folder(tmp_path, a__yaml=BODY, a__yml="Resources: {B: {Type: X}}\n")
    with pytest.raises(TemplateError, match=r"a\.yml: .*/a\.yaml would be stack a, too"):
        template_folder.read(tmp_path)


def test_the_same_template_as_json_is_passed_over(tmp_path: Path) -> None:
    folder(tmp_path, a__yaml=BODY, a__json=AS_JSON)
    found = template_folder.read(tmp_path)
    assert [one.path for one in found.templates] == [f"{tmp_path}/a.yaml"]
    assert [one.reason for one in found.passed_over] == [f"it is {tmp_path}/a.yaml as JSON"]


def test_a_link_is_followed_and_one_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    folder(tmp_path, a__yaml=BODY)
    (tmp_path / "b.yaml").symlink_to(tmp_path / "a.yaml")
    (tmp_path / "c.yaml").symlink_to(tmp_path / "nowhere")
    found = template_folder.read(tmp_path)
    assert [one.name for one in found.templates] == ["a", "b"]
    assert [one.path for one in found.passed_over] == [f"{tmp_path}/c.yaml"]


def test_what_is_nested_imports_and_exports_for_its_root(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    child = "Resources: {{C: {{Type: {}, Properties: {{TemplateURL: {}}}}}}}\n"
    files = {
        "a.yaml": "# a\n" + child.format("AWS::CloudFormation::Stack", "parts/b.yaml"),
        "parts/b.yaml": child.format("AWS::CloudFormation::Stack", "c.yaml"),
        "parts/c.yaml": """\
Resources:
  Q: {Type: X, Properties: {A: !ImportValue lane, B: !ImportValue {"Fn::Sub": "${Network}-x"}}}
Outputs:
  O: {Value: x, Export: {Name: !Sub "${AWS::Region}-o"}}
  P: {Value: x, Export: {Name: !Sub "${AWS::StackName}-p"}}
""",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    [root] = template_folder.read(tmp_path).templates
    assert root.imports == {"lane": 2}
    assert root.exports == {"${AWS::Region}-o": 2}


def test_what_is_nested_in_itself_has_an_end(tmp_path: Path) -> None:
    body = "Resources: {C: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: a.yaml}}}"
    (tmp_path / "a.yaml").write_text(body)
    (tmp_path / "b.yaml").write_text("Resources: {A: {Type: X}}")
    assert [one.name for one in template_folder.read(tmp_path).templates] == ["b"]


@pytest.mark.parametrize("part", ["Mappings: {A: {B: {C: d}}}\n", BODY, "B: {Type: X}\n"])
def test_what_another_template_includes_is_no_stack_of_its_own(tmp_path: Path, part: str) -> None:
    macro = "Transform: {Name: AWS::Include, Parameters: {Location: ./part.yaml}}\n"
    read = template_folder.read(folder(tmp_path, a__yaml=BODY + macro, part__yaml=part))
    assert [one.name for one in read.templates] == ["a"]
    assert len(read.passed_over) == 1


def test_two_files_in_yaml_for_one_stack_are_refused(tmp_path: Path) -> None:
    folder(tmp_path, a__yaml=BODY, a__yml=BODY, b__template=AS_JSON, b__yaml=BODY)
    with pytest.raises(TemplateError, match=r"a.yaml would be stack a, too"):
        template_folder.read(tmp_path)
    (tmp_path / "a.yml").unlink()
    assert [one.name for one in template_folder.read(tmp_path).templates] == ["a", "b"]
