"""Small templates and functions for the tests of the engine, written to a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ARTIFACTS = """\
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties: {VersioningConfiguration: {Status: Enabled}}
Outputs:
  ArtifactBucket: {Value: !Ref Bucket}
"""
QUEUE = """\
Parameters:
  ArtifactBucket: {Type: String}
  OneCode: {Type: String}
  Patience: {Type: Number, Default: 30}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: !Ref Patience
      Tags: [{Key: code, Value: !Sub "${ArtifactBucket}/${OneCode}"}]
Outputs:
  QueueArn: {Value: !GetAtt Queue.Arn}
"""
ALARM = """\
Parameters:
  QueueArn: {Type: String}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !Ref QueueArn}
"""
# Nothing ever signals the handle, so the condition fails after a second, here as on AWS.
FAILING = """\
Resources:
  Handle:
    Type: AWS::CloudFormation::WaitConditionHandle
  Signal:
    Type: AWS::CloudFormation::WaitCondition
    Properties: {Handle: !Ref Handle, Timeout: "1", Count: 1}
Outputs:
  SignalData: {Value: !GetAtt Signal.Data}
"""
AFTER_FAILING = """\
Parameters:
  SignalData: {Type: String}
Resources:
  Topic:
    Type: AWS::SNS::Topic
"""


@dataclass(frozen=True)
class SmallProject:
    """Two folders, as `deploy --templates … --functions …` takes them."""

    folder: Path

    @property
    def templates(self) -> Path:
        return self.folder / "templates"

    @property
    def functions(self) -> Path:
        return self.folder / "functions"

    @property
    def options(self) -> tuple[str, ...]:
        return ("--templates", str(self.templates), "--functions", str(self.functions))

    def template(self, name: str, body: str) -> Path:
        path = self.templates / f"{name}.yaml"
        path.write_text(body)
        return path

    def source(self, function: str, name: str, content: str) -> Path:
        path = self.functions / function / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path


def empty_project(folder: Path) -> SmallProject:
    project = SmallProject(folder)
    project.templates.mkdir()
    project.functions.mkdir()
    return project


def queue_project(folder: Path) -> SmallProject:
    """Three stacks in a row: a bucket, a queue with code from the bucket, a topic for the queue."""
    project = empty_project(folder)
    project.source("one", "handler.py", "handler = print\n")
    project.template("artifacts", ARTIFACTS)
    project.template("queue", QUEUE)
    project.template("alarm", ALARM)
    return project
