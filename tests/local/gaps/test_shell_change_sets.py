"""Change sets of a stack that was never created: one is executed, and the others are gone."""

from __future__ import annotations

import uuid

from shared_aws import TestAws
from waiting import until

TEMPLATE = "Resources: {Topic: {Type: AWS::SNS::Topic}}"


def status(aws: TestAws, name: str) -> str:
    answer = aws.client("cloudformation").describe_stacks(StackName=name)
    return str(answer["Stacks"][0]["StackStatus"])


def test_executing_one_deletes_the_others_of_the_stack_alone(local_aws: TestAws) -> None:
    cloudformation = local_aws.client("cloudformation")
    stack, other = f"shell-{uuid.uuid4()}", f"shell-{uuid.uuid4()}"
    made = [
        cloudformation.create_change_set(
            StackName=name, ChangeSetName=change, ChangeSetType="CREATE", TemplateBody=TEMPLATE
        )["Id"]
        for name, change in ((stack, "one"), (stack, "two"), (other, "three"))
    ]
    cloudformation.execute_change_set(ChangeSetName=made[1])

    def listed(name: str) -> list[str]:
        answer = cloudformation.list_change_sets(StackName=name)
        return [summary["ChangeSetName"] for summary in answer["Summaries"]]

    assert listed(stack) == ["two"]
    assert listed(other) == ["three"]
    until(lambda: status(local_aws, stack) == "CREATE_COMPLETE")
    for name in (stack, other):
        cloudformation.delete_stack(StackName=name)
