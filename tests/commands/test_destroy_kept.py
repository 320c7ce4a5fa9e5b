"""`destroy`: what it keeps, what it refuses, and what it says of what is left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import small_roles
from live_project import LiveProject, versions
from miztiik_events.cloudformation.stacks import PROJECT_TAG, STACK_ID_TAG, STACK_TAG
from small_projects import empty_project, queue_project

if TYPE_CHECKING:
    from shared_aws import TestAws

STORE = """\
Parameters: {Key: {Type: String, Default: none}, QueueArn: {Type: String}}
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Reader: {Type: AWS::SQS::Queue, Properties: {Tags: [{Key: of, Value: !Ref QueueArn}]}}
Outputs:
  FirehoseDataStore: {Value: !Ref Bucket}
"""
READER = """\
Parameters: {FirehoseDataStore: {Type: String}}
Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref FirehoseDataStore}}}
"""
RETAINING = """\
Resources:
  Bucket: {Type: AWS::S3::Bucket, DeletionPolicy: Retain}
  Queue: {Type: AWS::SQS::Queue, DeletionPolicy: Retain}
  Log: {Type: AWS::Logs::LogGroup, DeletionPolicy: Retain}
  Topic: {Type: AWS::SNS::Topic}
"""
REPOSITORY = """\
Resources:
  Images: {Type: AWS::ECR::Repository, Properties: {RepositoryName: %s}}
  Topic: {Type: AWS::SNS::Topic}
"""


@pytest.fixture
def project(local_aws: TestAws, tmp_path: Path) -> LiveProject:
    return LiveProject(local_aws, queue_project(tmp_path))


def protect(project: LiveProject, template: str, is_protected: bool = True) -> None:
    project.aws.client("cloudformation").update_termination_protection(
        StackName=f"{project.name}-{template}", EnableTerminationProtection=is_protected
    )


def queue(aws: TestAws, name: str, **tags: str) -> Any:
    return aws.client("sqs").create_queue(QueueName=name, tags=tags)["QueueUrl"]


def test_a_dry_run_lists_what_would_go_and_removes_nothing(project: LiveProject) -> None:
    assert project.deploy().returncode == 0
    before = project.statuses
    done = project.run("destroy", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Removal of project {project.name} from account 000000000000")

    found = json.loads(project.run("destroy", "--dry-run", "--output=json").stdout)
    assert (found["account"], found["region"]) == ("000000000000", "us-east-1")
    names = [f"{project.name}-{one}" for one in ("alarm", "queue", "artifacts")]
    assert [stack["name"] for stack in found["stacks"]] == names
    bucket = project.physical_id("artifacts", "Bucket")
    [held] = found["buckets"]
    assert (held["name"], held["objects"], held["versions"]) == (bucket, 1, 1)
    assert found["kept"] == []

    lines = project.run("destroy", "--dry-run", "--output=ndjson").stdout.splitlines()
    records = [json.loads(line) for line in lines]
    assert [one["type"] for one in records] == ["stack"] * 3 + ["bucket", "data"]
    assert records[-1]["kind"] == "AWS::SQS::Queue"
    assert {one["project"] for one in records} == {project.name}
    assert project.statuses == before


def test_the_data_can_be_kept_with_the_stacks_that_it_needs(project: LiveProject) -> None:
    project.sources.template("data", STORE)
    project.sources.template("reader", READER)
    assert project.deploy().returncode == 0
    s3, bucket = project.aws.client("s3"), project.physical_id("data", "Bucket")
    s3.put_object(Bucket=bucket, Key="results", Body=b"one")
    # What is kept does not stand in the way either.
    protect(project, "data")

    done = project.run("destroy", "--yes", "--keep-data")
    assert done.returncode == 0, done.stderr
    listed = [line.split() for line in done.stderr.splitlines()]
    assert [f"{project.name}-data", "stack,", "kept", "by", "--keep-data"] in listed
    assert versions(s3, bucket) == ["results"]
    # The data's stack takes an output of `queue`, and that one an output of `artifacts`.
    assert set(project.statuses) == {"data", "queue", "artifacts"}

    again = project.run("destroy", "--yes", "--keep-data")
    assert again.returncode == 0
    assert again.stderr.startswith("Nothing to destroy: ")
    assert f"{project.name}-data" in again.stderr
    assert "Nothing changed" not in project.deploy().stderr
    assert versions(s3, bucket) == ["results"]


def test_what_another_project_imports_keeps_everything_also_the_data(
    local_aws: TestAws, tmp_path: Path
) -> None:
    project = LiveProject(local_aws, empty_project(tmp_path))
    export = f"{project.name}-bucket"
    project.sources.template(
        "net",
        "Resources: {Bucket: {Type: AWS::S3::Bucket}}\n"
        f"Outputs: {{Name: {{Value: !Ref Bucket, Export: {{Name: {export}}}}}}}\n",
    )
    assert project.deploy().returncode == 0
    s3, bucket = project.aws.client("s3"), project.physical_id("net", "Bucket")
    s3.put_object(Bucket=bucket, Key="kept", Body=b"one")
    reader = LiveProject(local_aws, project.sources)
    reader.create(
        "reader",
        "Resources: {Topic: {Type: AWS::SNS::Topic, Properties: "
        f"{{DisplayName: !ImportValue {export}}}}}}}",
    )
    for stacks in ((), ("net",)):
        refused = project.run("destroy", "--yes", *stacks)
        assert refused.returncode == 4
        assert f"{reader.name}-reader imports what {project.name}-net exports" in refused.stderr
    assert versions(s3, bucket) == ["kept"]
    assert reader.run("destroy", "--yes").returncode == 0
    assert project.run("destroy", "--yes").returncode == 0


def test_a_protected_stack_keeps_everything_and_ends_with_4(project: LiveProject) -> None:
    assert project.deploy().returncode == 0
    protect(project, "queue")
    before = project.statuses
    done = project.run("destroy", "--yes")
    assert (done.returncode, done.stdout) == (4, "")
    assert f"Termination protection is on for {project.name}-queue" in done.stderr
    assert (
        "aws cloudformation update-termination-protection --no-enable-termination-protection "
        f"--stack-name {project.name}-queue\n"
    ) in done.stderr
    assert project.statuses == before
    assert len(versions(project.aws.client("s3"), project.physical_id("artifacts", "Bucket"))) == 1
    assert project.run("destroy", "--dry-run").returncode == 0

    protect(project, "queue", False)
    assert project.run("destroy", "--yes").returncode == 0
    assert project.statuses == {}


def test_what_is_retained_is_neither_emptied_nor_taken_for_left_over(
    project: LiveProject,
) -> None:
    project.sources.template("retaining", RETAINING)
    assert project.deploy().returncode == 0
    s3, bucket = project.aws.client("s3"), project.physical_id("retaining", "Bucket")
    s3.put_object(Bucket=bucket, Key="results", Body=b"one")
    url, log = (project.physical_id("retaining", one) for one in ("Queue", "Log"))

    for _ in range(2):
        done = project.run("destroy", "--yes")
        assert done.returncode == 0, done.stderr
        assert f"Retained: arn:aws:sqs:us-east-1:000000000000:{url.rsplit('/')[-1]}" in done.stderr
        assert versions(s3, bucket) == ["results"]
        assert project.aws.client("sqs").get_queue_attributes(QueueUrl=url)
        groups = project.aws.client("logs").describe_log_groups(logGroupNamePrefix=log)
        assert [group["logGroupName"] for group in groups["logGroups"]] == [log]
    assert done.stderr.startswith("Nothing to destroy: ")


def test_what_is_retained_is_listed(project: LiveProject) -> None:
    project.sources.template("retaining", RETAINING)
    assert project.deploy().returncode == 0
    found = json.loads(project.run("destroy", "--dry-run", "--output=json").stdout)
    assert {(one["name"], one["kind"]) for one in found["kept"]} == {
        (project.physical_id("retaining", "Bucket"), "AWS::S3::Bucket"),
        (project.physical_id("retaining", "Queue"), "AWS::SQS::Queue"),
        (project.physical_id("retaining", "Log"), "AWS::Logs::LogGroup"),
    }
    assert project.physical_id("retaining", "Bucket") not in [
        one["name"] for one in found["buckets"]
    ]


def test_what_is_left_is_named_and_ends_with_1(local_aws: TestAws, tmp_path: Path) -> None:
    project = LiveProject(local_aws, empty_project(tmp_path))
    queue(local_aws, f"{project.name}-a", **{PROJECT_TAG: project.name})
    queue(local_aws, f"{project.name}-b", **{STACK_TAG: f"{project.name}-stream"})
    queue(local_aws, f"{project.name}-c", **{PROJECT_TAG: f"{project.name}-eu"})
    local_aws.client("iam").create_role(
        RoleName=f"{project.name}-d",
        AssumeRolePolicyDocument="{}",
        Tags=[{"Key": PROJECT_TAG, "Value": project.name}],
    )
    done = project.run("destroy", "--yes")
    assert (done.returncode, done.stdout) == (1, "")
    assert [line.rsplit(":")[-1] for line in done.stderr.splitlines() if "    arn:" in line] == [
        f"role/{project.name}-d",
        f"{project.name}-a",
        f"{project.name}-b",
    ]


def test_what_the_tagging_service_still_lists_after_its_end_is_not_left(
    project: LiveProject,
) -> None:
    assert project.deploy().returncode == 0
    url = project.physical_id("queue", "Queue")
    described = project.aws.client("cloudformation").describe_stacks(
        StackName=f"{project.name}-queue"
    )
    assert project.run("destroy", "--yes").returncode == 0
    # This service lists no queue that is gone. One of the same name stands for the one that is.
    name = url.rsplit("/")[-1]
    tags = {PROJECT_TAG: project.name, STACK_ID_TAG: described["Stacks"][0]["StackId"]}
    queue(project.aws, name, **tags)
    assert project.run("destroy", "--yes").returncode == 0


def test_a_role_of_the_same_project_in_another_region_is_not_left_over(
    local_aws: TestAws, tmp_path: Path
) -> None:
    project = LiveProject(local_aws, empty_project(tmp_path))
    id_ = f"arn:aws:cloudformation:eu-west-1:000000000000:stack/{project.name}-stream/1"
    tags = {PROJECT_TAG: project.name, STACK_ID_TAG: id_}
    local_aws.client("iam").create_role(
        RoleName=f"{project.name}-stream-Role",
        AssumeRolePolicyDocument="{}",
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )
    assert project.run("destroy", "--yes").returncode == 0


def test_who_may_not_look_for_leftovers_is_told_so(project: LiveProject) -> None:
    refused = {"Effect": "Deny", "Action": ["tag:*", "iam:ListRoles"], "Resource": "*"}
    keys = small_roles.create(project.aws, small_roles.allow("*", "*"), refused).credentials()
    done = project.run(
        *("destroy", "--yes"),
        AWS_ACCESS_KEY_ID=keys.access_key,
        AWS_SECRET_ACCESS_KEY=keys.secret_key,
        AWS_SESSION_TOKEN=keys.token or "",
    )
    assert done.returncode == 0
    told = [line for line in done.stderr.splitlines() if "not looked for everywhere" in line]
    assert ["GetResources" in told[0], "ListRoles" in told[1]] == [True, True]


def test_what_cloudformation_cannot_delete_is_named_and_tried_again(
    project: LiveProject,
) -> None:
    project.sources.template("images", REPOSITORY % project.name)
    assert project.deploy().returncode == 0
    ecr = project.aws.client("ecr")
    ecr.put_image(repositoryName=project.name, imageManifest="{}", imageTag="one")

    for _ in range(2):
        done = project.run("destroy", "--yes")
        assert (done.returncode, done.stdout) == (1, "")
        assert "failed at Images (AWS::ECR::Repository)\n  DELETE_FAILED: " in done.stderr
        assert (
            f"aws cloudformation delete-stack --stack-name {project.name}-images "
            "--retain-resources Images\n"
        ) in done.stderr
        # What does not depend on it is gone, and the second time only this one is tried.
        assert project.statuses == {"images": "DELETE_FAILED"}
    assert "DELETE_FAILED  The following resource(s) failed to delete: [Images]." in done.stderr

    ecr.batch_delete_image(repositoryName=project.name, imageIds=[{"imageTag": "one"}])
    assert project.run("destroy", "--yes").returncode == 0
    assert project.statuses == {}
