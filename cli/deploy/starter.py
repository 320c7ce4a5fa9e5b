"""A project to begin with: a template, a function, its test, and the project's file."""

from __future__ import annotations

import contextlib
from pathlib import Path

from .. import files
from ..errors import ConfigurationError
from . import project_file

_PROJECT = """\
# What `miztiik-events` would else be told by options. Command line and variables go before it.
name: {name}
templates: templates        # a stack for each .yaml file in it
functions: functions        # a folder for each function; hello/ is what HelloCode asks for
# region: eu-central-1
parameters:
  Greeting: Hello
tags:
  project: {name}
environments:               # miztiik-events deploy --env prod; its project is {name}-prod
  dev:
    parameters: {{Greeting: Hi}}
  prod:
    parameters: {{Greeting: Good day}}
"""
_ARTIFACTS = """\
AWSTemplateFormatVersion: "2010-09-09"
Description: "Artifacts: the bucket for the functions' code"
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      PublicAccessBlockConfiguration:
        BlockPublicAcls: true
        BlockPublicPolicy: true
        IgnorePublicAcls: true
        RestrictPublicBuckets: true
Outputs:
  ArtifactBucket:
    Description: Bucket with the zips of the functions.
    Value: !Ref Bucket
"""
_HELLO = """\
AWSTemplateFormatVersion: "2010-09-09"
Description: "Hello: a function that greets"
Parameters:
  ArtifactBucket:
    Type: String
    Description: Bucket with the zips of the functions, an output of artifacts.yaml.
  HelloCode:
    Type: String
    Description: Key of the zip of functions/hello/.
  Greeting:
    Type: String
    Description: What the function says before the name.
    Default: Hello
    MinLength: 1
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}
      Policies:
        - PolicyName: write-log
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: [logs:CreateLogStream, logs:PutLogEvents]
                Resource: !GetAtt Log.Arn
  Log:
    Type: AWS::Logs::LogGroup
    Properties: {RetentionInDays: 7}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Architectures: [arm64]
      Handler: handler.handler
      Role: !GetAtt Role.Arn
      Code: {S3Bucket: !Ref ArtifactBucket, S3Key: !Ref HelloCode}
      Environment: {Variables: {GREETING: !Ref Greeting}}
      LoggingConfig: {LogGroup: !Ref Log}
Outputs:
  HelloFunction:
    Description: Name of the function.
    Value: !Ref Function
"""
_HANDLER = '''\
"""Greets whoever the event names."""

import os

GREETING = os.environ.get("GREETING", "Hello")


def greeting(name):
    return f"{GREETING}, {name}!"


def handler(event, context):
    return {"message": greeting(event.get("name", "world"))}
'''
_TEST = '''\
"""Run with: python -m unittest discover tests"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "functions" / "hello"))

import handler


class Hello(unittest.TestCase):
    def test_it_greets_by_name(self):
        self.assertEqual(handler.handler({"name": "Ada"}, None), {"message": "Hello, Ada!"})

    def test_without_a_name_it_greets_the_world(self):
        self.assertEqual(handler.handler({}, None), {"message": "Hello, world!"})


if __name__ == "__main__":
    unittest.main()
'''


def write(folder: Path, name: str) -> list[Path]:
    """Write the project into the folder; the files, in the order in which to read them.

    Raises ConfigurationError, and writes nothing, when one of them is there already. Of what cannot
    be written whole, as on a full disk, nothing stays.
    """
    contents = {
        folder / project_file.NAME: _PROJECT.format(name=name),
        folder / "templates" / "artifacts.yaml": _ARTIFACTS,
        folder / "templates" / "hello.yaml": _HELLO,
        folder / "functions" / "hello" / "handler.py": _HANDLER,
        folder / "tests" / "test_hello.py": _TEST,
    }
    present = [str(path) for path in contents if path.exists()]
    if present:
        raise ConfigurationError(
            f"{', '.join(present)}: already there, and not overwritten. "
            "Next: give another folder: miztiik-events init DIR"
        )
    with contextlib.ExitStack() as undoing:
        for path, content in contents.items():
            _make(path.parent, undoing)
            with files.whole(path) as draft:
                draft.write_text(content, "utf-8")
            undoing.callback(path.unlink)
        undoing.pop_all()
    return list(contents)


def _make(folder: Path, undoing: contextlib.ExitStack) -> None:
    """Make the folder and those above it; what is made is removed again by the undoing."""
    for path in (*reversed(folder.parents), folder):
        if not path.exists():
            path.mkdir(exist_ok=True)
            undoing.callback(path.rmdir)
