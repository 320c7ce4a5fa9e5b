from __future__ import annotations

from pathlib import Path

import pytest

from miztiik_events.cloudformation import template
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


@pytest.mark.parametrize("written", ["true", "yes", "On", '"true"', "'True'"])
def test_a_secret_is_one_however_yaml_says_true(written: str) -> None:
    body = f"Parameters: {{A: {{Type: String, NoEcho: {written}}}}}\nResources: {{A: {{Type: X}}}}"
    assert template.parse("a", "a.yaml", body).parameters["A"].is_secret
    other = body.replace(f"NoEcho: {written}", "NoEcho: no")
    assert not template.parse("a", "a.yaml", other).parameters["A"].is_secret


def test_the_body_is_sent_as_it_was_written(tmp_path: Path) -> None:
    assert template.load(written(tmp_path, SOUND)).body == SOUND


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("Resources:\n  A: {Type: [x}\n", ":2: not valid YAML: "),
        ("Resources:\n\tA: x\n", ":2: not valid YAML: "),
        ("", ": the file is empty"),
        ("Resources:\n  A: {Type: B, DependsOn: }\n", ":2: there is nothing here (null)"),
        ("Resources:\n  A: {Type: B, Properties: {C: ~}}\n", ":2: there is nothing here (null)"),
        ("Mappings: {A: {B: {C: }}}\nResources: {A: {Type: B}}\n", ":1: there is nothing here"),
        ("- a\n- b\n", ":1: expected a mapping (name: value)"),
        ("Resources:\n  - A\n", ":2: expected a mapping (name: value)"),
        ("Resources:\n  A: {Type: X}\n  A: {Type: Y}\n", ":3: A is defined twice"),
        ("Parameters:\n  A: {Type: X}\n", ": a template needs Resources, but this one has none"),
        ("Parameters:\n  A: String\nResources: {A: {Type: X}}\n", ":2: expected a mapping"),
        ("Resources: {}\n", ":1: Resources is empty"),
        ("Resources:\n", ":1: there is nothing here (null)"),
        ("Resources:\n  A:\n    Typ: X\n", ":2: resource A has no Type"),
        ("Resources:\n  A:\n    Type: [X]\n", ":3: expected text, not a list or a mapping"),
        ("Resources:\n  [A]: {Type: X}\n", ":2: expected a name, not a list or a mapping"),
        ("Resources:\n  A: {Type: X}\nParameters: {P: {Default: [a]}}\n", ":3: expected text"),
    ],
)
def test_what_is_no_template_is_refused_with_file_and_line(
    tmp_path: Path, body: str, message: str
) -> None:
    path = written(tmp_path, body)
    with pytest.raises(TemplateError) as refused:
        template.load(path)
    assert str(refused.value).startswith(f"{path}{message}")


LOOPS = """\
Transform: AWS::LanguageExtensions
Parameters:
  Names: {Type: CommaDelimitedList, Default: "x,y"}
Resources:
  Fn::ForEach::Lanes:
    - Lane
    - [North, so-uth]
    - Queue&{Lane}:
        Type: AWS::SQS::Queue
        Condition: Has${Lane}
      Fn::ForEach::Ends:
        - End
        - [In, Out]
        - Topic&{Lane}${End}: {Type: AWS::SNS::Topic}
  Fn::ForEach::Unknown: [Name, !Ref Names, {"${Name}": {Type: AWS::SNS::Topic}}]
  Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://bucket/key}}
  Always: {Type: AWS::SQS::Queue}
Outputs:
  Fn::ForEach::Urls:
    - Lane
    - [North, South]
    - Url${Lane}: {Value: !Ref Always}
"""


def test_a_loop_over_words_is_what_it_comes_to(tmp_path: Path) -> None:
    loaded = template.load(written(tmp_path, LOOPS))
    assert loaded.types == {
        "QueueNorth": "AWS::SQS::Queue",
        "TopicNorthIn": "AWS::SNS::Topic",
        "TopicNorthOut": "AWS::SNS::Topic",
        "Queuesouth": "AWS::SQS::Queue",
        "TopicsouthIn": "AWS::SNS::Topic",
        "TopicsouthOut": "AWS::SNS::Topic",
        "Always": "AWS::SQS::Queue",
    }
    assert loaded.outputs.keys() == {"UrlNorth", "UrlSouth"}
    assert loaded.generated == {"Fn::ForEach::Unknown": 15, "Fn::Transform": 16}


@pytest.mark.parametrize(
    ("addition", "capabilities"),
    [
        ("", ["CAPABILITY_NAMED_IAM"]),
        ("Transform: [Mine]\n", ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]),
        (
            "Metadata: {A: !Transform {Name: Mine}}\n",
            ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        ),
        (
            "Metadata: {A: {Fn::Transform: {Name: Mine}}}\n",
            ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        ),
    ],
)
def test_a_template_asks_for_what_its_macros_need(addition: str, capabilities: list[str]) -> None:
    assert template.parse("a", "a.yaml", SOUND + addition).capabilities == capabilities


def test_a_nested_stack_may_have_a_macro() -> None:
    body = "Resources: {A: {Type: AWS::CloudFormation::Stack}}"
    assert "CAPABILITY_AUTO_EXPAND" in template.parse("a", "a.yaml", body).capabilities


def test_exports_and_imports_are_known_as_far_as_the_text_tells() -> None:
    body = """\
Resources:
  A:
    Type: X
    Properties:
      - !ImportValue plain
      - Fn::ImportValue: !Sub "${Network}-Vpc"
      - !ImportValue {Fn::Sub: ["${N}-b", {N: !Ref Network}]}
      - Fn::ImportValue: !Join ["-", [!Ref Network, c]]
      - Fn::ImportValue: !Select [0, [a]]
Outputs:
  One: {Value: x, Export: {Name: !Sub "${AWS::StackName}-Vpc"}}
  Two: {Value: x, Export: {Name: plain}}
"""
    loaded = template.parse("a", "a.yaml", body)
    names = {"plain": 5, "${Network}-Vpc": 6, "${Network}-b": 7, "${Network}-c": 8}
    assert loaded.imports == names
    assert loaded.exports == {"${AWS::StackName}-Vpc": 11, "plain": 12}


def test_a_stack_whose_output_is_read_is_an_import() -> None:
    body = """\
Resources:
  A:
    Type: X
    Properties:
      - !GetStackOutput {StackName: p-one, OutputName: O}
      - Fn::GetStackOutput: {StackName: !Sub "${Env}-two", OutputName: O, Region: !Ref AWS::Region}
      - Fn::GetStackOutput: {StackName: elsewhere, OutputName: O, Region: eu-west-1}
"""
    assert template.parse("a", "a.yaml", body).imports == {"stack p-one": 5, "stack ${Env}-two": 6}


def test_the_names_of_exports_may_come_from_a_loop_a_condition_or_a_mapping() -> None:
    body = """\
Transform: AWS::LanguageExtensions
Mappings:
  Names: {dev: {vpc: dev-vpc, dns: x}, prod: {vpc: prod-vpc, dns: y}}
Resources:
  Fn::ForEach::Queues:
    - Lane
    - [a, b]
    - "Queue${Lane}": {Type: X, Properties: {Y: !ImportValue {"Fn::Sub": "lane-${Lane}"}}}
  Other:
    Type: X
    Properties:
      - !ImportValue {"Fn::If": [IsProd, one, !Sub "${AWS::Region}-two"]}
      - Fn::ImportValue: !FindInMap [Names, !Ref Env, vpc]
      - Fn::ImportValue: !FindInMap [Names, prod, dns]
Outputs:
  Fn::ForEach::Urls:
    - Lane
    - [a, b]
    - "Url${Lane}": {Value: x, Export: {Name: !Sub "${AWS::StackName}-&{Lane}"}}
"""
    loaded = template.parse("a", "a.yaml", body)
    assert loaded.imports == {
        "lane-a": 8,
        "lane-b": 8,
        "one": 12,
        "${AWS::Region}-two": 12,
        "dev-vpc": 13,
        "prod-vpc": 13,
        "y": 14,
    }
    assert list(loaded.exports) == ["${AWS::StackName}-a", "${AWS::StackName}-b"]


@pytest.mark.parametrize(
    "body",
    [
        "Resources: {A: {Type: B, Properties: {EventPattern: {detail: {x: [null]}}}}}",
        "Transform: Mine\nResources: {A: {Type: B, Properties: {C: null}}}",
    ],
)
def test_null_in_json_of_somebody_else_or_before_a_macro_is_left_to_aws(body: str) -> None:
    assert template.parse("a", "a.yaml", body).resources == {"A": body.count("\n") + 1}


def test_a_template_of_more_than_the_most_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, SOUND + "#" * 1_000_000)
    with pytest.raises(TemplateError, match=r"more than 1,000,000 bytes"):
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
    found = template.retentions(body)
    assert {name for name, is_kept in found.items() if is_kept} == {"Kept", "Spared", "Unclear"}
    assert not found["Deleted"]
