from __future__ import annotations

import pytest

from miztiik_events.cloudformation import template
from miztiik_events.deploy import uses
from miztiik_events.deploy.uses import FLINK_LIMIT, LAMBDA_LIMIT, Use
from miztiik_events.deploy.wiring import Step, wire

HEAD = """\
Parameters:
  ArtifactBucket: {Type: String, Default: b}
  OneCode: {Type: String}
  TwoCode: {Type: String}
  Python: {Type: String, Default: python3.12}
"""


def steps(resources: str, **given: str) -> tuple[Step, ...]:
    return wire([template.parse("a", "a.yaml", HEAD + resources)], ["one", "two"], given)


def used(resources: str, **given: str) -> list[Use]:
    return uses.of(steps(resources, **given), "one")


FUNCTION = """\
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: !Ref Python
      Architectures: [arm64]
      Code: {S3Bucket: !Ref ArtifactBucket, S3Key: !Ref OneCode}
  Other:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.9
      Environment: {Variables: {Beside: !Ref OneCode}}
      Code: {S3Bucket: !Ref ArtifactBucket, S3Key: !Ref TwoCode}
"""
SERVERLESS = """\
Globals: {Function: {Runtime: python3.13}}
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: {Bucket: !Ref ArtifactBucket, Key: {"Fn::Sub": "${OneCode}"}}}
"""
FLINK = """\
Resources:
  Application:
    Type: AWS::KinesisAnalyticsV2::Application
    Properties:
      RuntimeEnvironment: FLINK-1_20
      ApplicationConfiguration:
        ApplicationCodeConfiguration: {CodeContent: {S3ContentLocation: {FileKey: !Ref OneCode}}}
"""


def test_a_function_is_known_by_the_code_that_it_takes() -> None:
    (use,) = used(FUNCTION)
    assert use == Use("a.yaml:7", "AWS::Lambda::Function", "python3.12", "arm64")
    assert str(use.python) == "python3.12 on arm64"


def test_a_value_that_is_given_counts() -> None:
    assert [str(use.python) for use in used(FUNCTION, Python="python3.10")] == [
        "python3.10 on arm64"
    ]


def test_what_sam_has_for_all_functions_counts() -> None:
    assert [str(use.python) for use in used(SERVERLESS)] == ["python3.13 on x86_64"]


@pytest.mark.parametrize("runtime", ["nodejs20.x", "provided.al2023", '!FindInMap [A, B, "C"]'])
def test_another_runtime_is_no_python(runtime: str) -> None:
    assert [use.python for use in used(FUNCTION.replace("!Ref Python", runtime))] == [None]


def test_the_code_that_sam_has_for_all_functions_is_used_by_each_without_its_own() -> None:
    declared = template.parse(
        "a",
        "a.yaml",
        """\
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {CodeUri: src, Runtime: python3.13}}
Resources:
  One: {Type: AWS::Serverless::Function}
  Other: {Type: AWS::Serverless::Function, Properties: {CodeUri: s3://a/b}}
  Layer: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer}}
""",
    )
    assert [use.place for use in uses.at(declared, "src")] == ["a.yaml:4"]


def test_flink_takes_more_than_lambda() -> None:
    assert [(use.runtime, use.python) for use in used(FLINK)] == [("FLINK-1_20", None)]
    assert (uses.limit(used(FLINK)), uses.limit(used(FUNCTION))) == (FLINK_LIMIT, LAMBDA_LIMIT)
    assert uses.limit(()) == LAMBDA_LIMIT
