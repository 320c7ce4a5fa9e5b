"""With templates of one's own, whose stacks have names of their own, every command finds them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

import audited_project
from live_project import LiveProject
from result_line import FIELDS
from small_projects import empty_project

if TYPE_CHECKING:
    from shared_aws import TestAws

# Of another runtime than FLINK-1_20 the AWS on this machine has the states alone, without a Flink.
TEMPLATE = (
    audited_project.TEMPLATE.replace("FLINK-1_20", "FLINK-1_18").replace(
        "StreamDataProcessor: {Value: producer}", "StreamDataProcessor: {Value: !Ref Function}"
    )
).replace(
    "\nResources:\n",
    """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code:
        ZipFile: |
          import json
          def handler(event, context):
              message = {"record_count": 12, "sales_by_store": {}, "failed_count": 0}
              return {"statusCode": 200, "body": json.dumps({"message": message})}
""",
)


@pytest.fixture(scope="module")
def project(local_aws: TestAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveProject]:
    project = LiveProject(local_aws, empty_project(tmp_path_factory.mktemp("own")))
    project.sources.template("shop", TEMPLATE)
    deployed = project.deploy()
    assert deployed.returncode == 0, deployed.stderr
    yield project
    destroyed = project.run("destroy", "--yes")
    assert destroyed.returncode == 0, destroyed.stderr


def shown(project: LiveProject, command: str, *arguments: str) -> str:
    done = project.run(command, *arguments)
    assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
    return done.stdout


def test_produce_finds_the_producer(project: LiveProject) -> None:
    assert json.loads(shown(project, "produce"))["record_count"] == 12


def test_the_application_is_started_seen_and_stopped(project: LiveProject) -> None:
    name = json.loads(shown(project, "start-analytics"))["name"]
    health = json.loads(shown(project, "status", "--output=json"))
    assert health["application"]["name"] == name
    assert json.loads(shown(project, "stop-analytics"))["status"] == "READY"


def test_results_reads_the_data_store(project: LiveProject) -> None:
    bucket = project.physical_id("shop", "Bucket")
    key = "sales_revenue/2021/01/31/14/part"
    project.aws.client("s3").put_object(Bucket=bucket, Key=key, Body=json.dumps(FIELDS).encode())
    assert json.loads(shown(project, "results", "--all", "--store=store_1")) == FIELDS


def test_verify_reads_the_stream(project: LiveProject) -> None:
    stream = project.physical_id("shop", "Stream")
    assert f"0 records in {audited_project.SHARDS} shards of {stream}" in (
        project.run("verify").stderr
    )


def test_redrive_finds_the_queues(project: LiveProject) -> None:
    assert {"rejected", "rule"} <= {
        json.loads(line)["queue"]
        for line in shown(project, "redrive", "--output=ndjson").splitlines()
    }
