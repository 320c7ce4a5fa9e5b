"""`--role-arn`: the role that CloudFormation acts as, on the AWS of this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from live_project import LiveProject
from small_projects import empty_project

if TYPE_CHECKING:
    from shared_aws import TestAws


def role(aws: TestAws, name: str, service: str = "cloudformation.amazonaws.com") -> str:
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    made = aws.client("iam").create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    return str(made["Role"]["Arn"])


def test_a_stack_keeps_its_role_and_one_that_cannot_be_assumed_is_told_with_the_way_out(
    local_aws: TestAws, tmp_path: Path
) -> None:
    project = LiveProject(local_aws, empty_project(tmp_path))
    project.sources.template("topic", "Resources: {Topic: {Type: AWS::SNS::Topic}}\n")
    first, second = (role(local_aws, f"{project.name}-{name}") for name in ("first", "second"))
    stranger = role(local_aws, f"{project.name}-stranger", "lambda.amazonaws.com")
    for unfit in (f"{first}-gone", stranger):
        refused = project.deploy("--role-arn", unfit)
        assert refused.returncode == 1
        assert (
            f"Role {unfit} is invalid or cannot be assumed\n  Next: give a role" in refused.stderr
        )
        assert project.statuses == {}

    assert project.deploy("--role-arn", first).returncode == 0
    cloudformation = local_aws.client("cloudformation")
    [stack] = cloudformation.describe_stacks(StackName=f"{project.name}-topic")["Stacks"]
    assert stack["RoleARN"] == first

    local_aws.client("iam").delete_role(RoleName=f"{project.name}-first")
    refused = project.run("destroy", "--yes")
    assert refused.returncode == 1
    assert f"Role {first} is invalid or cannot be assumed" in refused.stderr
    assert "--role-arn ARN" in refused.stderr
    destroyed = project.run("destroy", "--yes", "--role-arn", second)
    assert destroyed.returncode == 0, destroyed.stderr
