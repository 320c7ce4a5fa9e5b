"""A stack that cannot be updated gets no change set of kind UPDATE, as on AWS."""

from __future__ import annotations

import uuid

import pytest
from botocore.exceptions import ClientError

from shared_aws import TestAws
from small_projects import FAILING
from waiting import until

GOOD = "Resources: {Topic: {Type: AWS::SNS::Topic}}"


def test_a_stack_that_is_being_made_or_was_rolled_back_is_refused(local_aws: TestAws) -> None:
    cloudformation = local_aws.client("cloudformation")
    name = f"rolled-back-{uuid.uuid4()}"

    def refusal() -> str:
        with pytest.raises(ClientError) as refused:
            cloudformation.create_change_set(
                StackName=name, ChangeSetName="change", TemplateBody=GOOD
            )
        assert refused.value.response["Error"]["Code"] == "ValidationError"
        return str(refused.value)

    def status() -> str:
        return str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])

    # The condition waits for a second, so that this is asked meanwhile.
    cloudformation.create_stack(StackName=name, TemplateBody=FAILING)
    assert "is in CREATE_IN_PROGRESS state and can not be updated." in refusal()
    until(lambda: status() == "ROLLBACK_COMPLETE")
    assert "is in ROLLBACK_COMPLETE state and can not be updated." in refusal()
    cloudformation.delete_stack(StackName=name)
