"""`deploy` on stacks that were left in a state from which no update starts, and the ways out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from live_project import WAITING, LiveProject
from small_projects import FAILING, empty_project
from waiting import until

if TYPE_CHECKING:
    from shared_aws import TestAws

BUCKET = """\
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Topic: {Type: AWS::SNS::Topic}
Outputs:
  BucketName: {Value: !Ref Bucket}
"""
GOOD = "Resources: {Topic: {Type: AWS::SNS::Topic}}"


@pytest.fixture
def project(local_aws: TestAws, tmp_path: Path) -> LiveProject:
    return LiveProject(local_aws, empty_project(tmp_path))


def test_one_that_could_not_be_deleted_is_told_with_the_reason_and_a_way_that_works(
    project: LiveProject,
) -> None:
    project.sources.template("kept", BUCKET)
    assert project.deploy().returncode == 0
    bucket = project.physical_id("kept", "Bucket")
    project.aws.client("s3").put_object(Bucket=bucket, Key="one", Body=b"1")
    project.aws.client("cloudformation").delete_stack(StackName=f"{project.name}-kept")
    until(lambda: project.statuses == {"kept": "DELETE_FAILED"})
    # The plan is refused as the deploy is: the stack is not as its template says.
    for options in ([], ["--plan"]):
        done = project.deploy(*options)
        assert (done.returncode, done.stdout) == (4, "")
        assert "Bucket (DELETE_FAILED: The bucket you tried to delete is not empty" in done.stderr
        way_out = f"miztiik-events destroy {project.name}-kept --project {project.name}"
        assert f"  Next: {way_out}, which deletes it with its data" in done.stderr
    assert project.run("destroy", f"{project.name}-kept", "--yes").returncode == 0
    assert project.deploy().returncode == 0
    assert project.statuses == {"kept": "CREATE_COMPLETE"}


@pytest.mark.parametrize("was_there", [False, True])
def test_one_that_failed_without_a_rollback_is_rolled_back_with_recover(
    project: LiveProject, was_there: bool
) -> None:
    """As `aws cloudformation deploy --disable-rollback` and `cdk deploy --no-rollback` leave it."""
    project.sources.template("left", GOOD)
    stack, cloudformation = f"{project.name}-left", project.aws.client("cloudformation")
    if was_there:
        assert project.deploy().returncode == 0
        cloudformation.update_stack(StackName=stack, TemplateBody=FAILING, DisableRollback=True)
    else:
        project.create("left", FAILING, DisableRollback=True)
    status = "UPDATE_FAILED" if was_there else "CREATE_FAILED"
    until(lambda: project.statuses == {"left": status})
    refused = project.deploy()
    assert refused.returncode == 4
    assert f"\n  {status}: " in refused.stderr
    assert "WaitCondition timed out" in refused.stderr
    recover = f"miztiik-events deploy --recover --project {project.name}"
    assert f"{recover}, which rolls it back first" in refused.stderr
    assert recover in project.run("status", "--why").stdout
    planned = project.deploy("--plan", "--recover")
    assert planned.returncode == 0
    assert f"it is {status}, so it is rolled back" in planned.stdout
    done = project.deploy("--recover")
    assert done.returncode == 0, done.stderr
    assert f"is {status}: rolling it back" in done.stderr
    ending = "UPDATE_ROLLBACK_COMPLETE" if was_there else "CREATE_COMPLETE"
    assert project.statuses == {"left": ending}


def test_the_plan_of_one_that_somebody_changes_says_that_it_is_not_known_yet(
    project: LiveProject,
) -> None:
    project.sources.template("busy", GOOD)
    project.create("busy", WAITING)
    until(lambda: project.statuses == {"busy": "CREATE_IN_PROGRESS"})
    planned = project.deploy("--plan")
    assert planned.returncode == 0, planned.stderr
    assert "it is CREATE_IN_PROGRESS: what would change is known when" in planned.stdout
    project.signal("busy")
