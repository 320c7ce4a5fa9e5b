from __future__ import annotations

from pathlib import Path

import pytest

from miztiik_events.cloudformation import template, template_folder
from miztiik_events.errors import TemplateError

SOUND = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Shards:
    Type: Number
    Default: 2
  Code: {Type: String}
Resources:
  Stream:
    Type: AWS::Kinesis::Stream
    Properties: {ShardCount: !Ref Shards, Name: !Sub "${AWS::StackName}-x"}
Outputs:
  StreamArn:
    Value: !GetAtt Stream.Arn
"""


def written(folder: Path, body: str, name: str = "stream.yaml") -> Path:
    path = folder / name
    path.write_text(body)
    return path


def test_a_template_knows_its_parts_and_their_lines(tmp_path: Path) -> None:
    loaded = template.load(written(tmp_path, SOUND))
    assert loaded.name == "stream"
    assert loaded.parameters["Shards"] == template.Parameter("Shards", "Number", "2", 3)
    assert loaded.parameters["Code"].default is None
    assert loaded.outputs == {"StreamArn": 12}
    assert loaded.place("Stream") == f"{tmp_path}/stream.yaml:8"
    assert loaded.place("Nothing") == f"{tmp_path}/stream.yaml"


def test_the_body_is_sent_as_it_was_written(tmp_path: Path) -> None:
    assert template.load(written(tmp_path, SOUND)).body == SOUND


def test_templates_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yaml", "notes.txt"):
        written(tmp_path, SOUND, name)
    assert template.names(tmp_path) == ["a", "b"]
    assert [loaded.name for loaded in template_folder.load_all(tmp_path)] == ["a", "b"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("Resources:\n  A: {Type: [x}\n", ":2: not valid YAML: "),
        ("Resources:\n\tA: x\n", ":2: not valid YAML: "),
        ("", ": the file is empty"),
        ("- a\n- b\n", ":1: expected a mapping (name: value)"),
        ("Resources:\n  - A\n", ":2: expected a mapping (name: value)"),
        ("Resources:\n  A: {Type: X}\n  A: {Type: Y}\n", ":3: A is defined twice"),
        ("Parameters:\n  A: {Type: X}\n", ": a template needs Resources, but this one has none"),
        ("Parameters:\n  A: String\nResources: {}\n", ":2: expected a mapping"),
    ],
)
def test_what_is_no_template_is_refused_with_file_and_line(
    tmp_path: Path, body: str, message: str
) -> None:
    path = written(tmp_path, body)
    with pytest.raises(TemplateError) as refused:
        template.load(path)
    assert str(refused.value).startswith(f"{path}{message}")


def test_a_template_too_large_for_a_request_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, SOUND + "#" * 51_200)
    with pytest.raises(TemplateError, match=r"CloudFormation takes at most 51,200"):
        template.load(path)


@pytest.mark.parametrize(
    "body",
    [
        """
Resources:
  Gone: {Type: X}
  Deleted: {Type: X, DeletionPolicy: Delete}
  Copied: {Type: X, DeletionPolicy: Snapshot}
  Kept: {Type: X, DeletionPolicy: Retain}
  Spared: {Type: X, DeletionPolicy: RetainExceptOnCreate}
  Unclear: {Type: X, DeletionPolicy: {Ref: Policy}}
""",
        """{"Resources": {
            "Deleted": {"DeletionPolicy": "Delete"}, "Kept": {"DeletionPolicy": "Retain"},
            "Spared": {"DeletionPolicy": "RetainExceptOnCreate"}, "Unclear": {"DeletionPolicy": []}
        }}""",
    ],
    ids=["yaml", "json"],
)
def test_what_is_not_plainly_deleted_outlives_its_stack(body: str) -> None:
    assert template.retained(body) == {"Kept", "Spared", "Unclear"}
