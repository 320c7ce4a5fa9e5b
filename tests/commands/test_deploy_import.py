"""`deploy --import-existing`, on the AWS of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from live_project import LiveProject, versions
from small_projects import empty_project

if TYPE_CHECKING:
    from shared_aws import TestAws

TEMPLATE = """\
Resources:
  Bucket:
    {{Type: AWS::S3::Bucket, DeletionPolicy: Retain, Properties: {{BucketName: {0}}}}}
  Table:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: {1}
    Properties:
      TableName: {0}
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{{AttributeName: id, AttributeType: S}}]
      KeySchema: [{{AttributeName: id, KeyType: HASH}}]
  Topic: {{Type: AWS::SNS::Topic}}
"""


def test_what_exists_is_taken_in_with_all_that_is_in_it_and_outlives_the_stack(
    local_aws: TestAws, tmp_path: Path
) -> None:
    project = LiveProject(local_aws, empty_project(tmp_path))
    name, s3, dynamodb = project.name, local_aws.client("s3"), local_aws.client("dynamodb")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="before", Body=b"one")
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    dynamodb.put_item(TableName=name, Item={"id": {"S": "before"}})

    project.sources.template("kept", TEMPLATE.format(name, "Retain"))
    refused = project.deploy()
    assert refused.returncode == 1
    assert "failed at Bucket (AWS::S3::Bucket)" in refused.stderr
    assert "already exists" in refused.stderr
    project.sources.template("kept", TEMPLATE.format(name, "Delete"))
    refused = project.deploy("--import-existing")
    assert (refused.returncode, "kept.yaml:4\n" in refused.stderr) == (1, True)
    assert project.statuses == {}

    project.sources.template("kept", TEMPLATE.format(name, "RetainExceptOnCreate"))
    imported = project.deploy("--import-existing")
    assert imported.returncode == 0, imported.stderr
    assert (project.physical_id("kept", "Bucket"), project.physical_id("kept", "Table")) == (
        name,
        name,
    )
    destroyed = project.run("destroy", "--yes")
    assert destroyed.returncode == 0, destroyed.stderr
    assert f"{name}  AWS::S3::Bucket of {name}-kept, retained" in destroyed.stderr
    assert versions(s3, name) == ["before"]
    assert dynamodb.scan(TableName=name)["Count"] == 1
