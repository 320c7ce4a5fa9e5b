"""CloudFormation acts only as a role that it can assume, and a stack keeps its role, as on AWS."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from miztiik_events.local.gaps import service_roles
from shared_aws import TestAws
from waiting import until

BODY = "Resources: {Topic: {Type: AWS::SNS::Topic}}"


def role(aws: TestAws, name: str, service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    answer = aws.client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps(document)
    )
    return str(answer["Role"]["Arn"])


def described(aws: TestAws, stack: str) -> dict[str, Any]:
    found: dict[str, Any] = aws.client("cloudformation").describe_stacks(StackName=stack)
    return dict(found["Stacks"][0])


@pytest.fixture
def name(local_aws: TestAws) -> str:
    return f"role-{uuid.uuid4().hex[:12]}"


@pytest.mark.parametrize("trusts", ["lambda.amazonaws.com", ""])
def test_a_role_that_does_not_trust_cloudformation_or_is_not_there_is_refused(
    local_aws: TestAws, name: str, trusts: str
) -> None:
    nobody = "arn:aws:iam::000000000000:role/nobody"
    arn = role(local_aws, name, trusts) if trusts else nobody
    with pytest.raises(ClientError, match=f"Role {arn} is invalid or cannot be assumed"):
        local_aws.client("cloudformation").create_stack(
            StackName=name, TemplateBody=BODY, RoleARN=arn
        )


def test_a_stack_keeps_its_role_and_cannot_be_deleted_without_it(
    local_aws: TestAws, name: str
) -> None:
    cloudformation, iam = local_aws.client("cloudformation"), local_aws.client("iam")
    arn = role(local_aws, name, service_roles.SERVICE)
    cloudformation.create_stack(StackName=name, TemplateBody=BODY, RoleARN=arn)
    until(lambda: described(local_aws, name)["StackStatus"] == "CREATE_COMPLETE")
    assert described(local_aws, name)["RoleARN"] == arn
    iam.delete_role(RoleName=name)
    with pytest.raises(ClientError, match="cannot be assumed"):
        cloudformation.delete_stack(StackName=name)
    other = role(local_aws, f"{name}-other", service_roles.SERVICE)
    stack = described(local_aws, name)["StackId"]
    cloudformation.delete_stack(StackName=name, RoleARN=other)
    until(lambda: described(local_aws, stack)["StackStatus"] == "DELETE_COMPLETE")


def test_a_stack_without_a_role_has_none(local_aws: TestAws, name: str) -> None:
    local_aws.client("cloudformation").create_stack(StackName=name, TemplateBody=BODY)
    assert "RoleARN" not in described(local_aws, name)
