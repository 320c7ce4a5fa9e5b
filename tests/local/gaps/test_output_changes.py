"""A change set that changes outputs alone can be executed; one that changes nothing cannot."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from shared_aws import TestAws

TEMPLATE = """\
Parameters: {Word: {Type: String, Default: one}, Other: {Type: String, Default: x}}
Conditions: {IsOne: !Equals [!Ref Word, one]}
Resources: {Topic: {Type: AWS::SNS::Topic}}
Outputs:
  Said: {Value: !Sub "${Word}!"}
"""
CONDITIONAL = TEMPLATE.replace('!Sub "${Word}!"', "first, Condition: IsOne")


def created(aws: TestAws, stack: str, body: str) -> None:
    client = aws.client("cloudformation")
    client.create_stack(StackName=stack, TemplateBody=body)
    client.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})


def change_set(aws: TestAws, stack: str, body: str, **values: str) -> Any:
    client = aws.client("cloudformation")
    parameters = [{"ParameterKey": key, "ParameterValue": values[key]} for key in values]
    made = client.create_change_set(
        StackName=stack, ChangeSetName="change", TemplateBody=body, Parameters=parameters
    )
    return client.describe_change_set(ChangeSetName=made["Id"])


@pytest.mark.parametrize(
    ("before", "after", "values"),
    [
        (TEMPLATE, TEMPLATE.replace("}!", "}?"), {}),
        (TEMPLATE, TEMPLATE + "  More: {Value: text}\n", {}),
        (TEMPLATE, TEMPLATE, {"Word": "two"}),
        (CONDITIONAL, CONDITIONAL, {"Word": "two"}),
    ],
)
def test_another_output_is_a_change(
    local_aws: TestAws, before: str, after: str, values: dict[str, str]
) -> None:
    client, stack = local_aws.client("cloudformation"), f"outputs-{uuid.uuid4().hex}"
    created(local_aws, stack, before)
    described = change_set(local_aws, stack, after, **values)
    assert (described["Status"], described["Changes"]) == ("CREATE_COMPLETE", [])
    first = client.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    client.execute_change_set(ChangeSetName=described["ChangeSetId"])
    client.get_waiter("stack_update_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    assert client.describe_stacks(StackName=stack)["Stacks"][0].get("Outputs") != first
    client.delete_stack(StackName=stack)


@pytest.mark.parametrize("values", [{}, {"Other": "y"}])
def test_what_no_output_takes_is_no_change(local_aws: TestAws, values: dict[str, str]) -> None:
    stack = f"outputs-{uuid.uuid4().hex}"
    created(local_aws, stack, TEMPLATE)
    described = change_set(local_aws, stack, TEMPLATE, **values)
    assert described["Status"] == "FAILED"
    assert "didn't contain changes" in described["StatusReason"]
    local_aws.client("cloudformation").delete_stack(StackName=stack)
