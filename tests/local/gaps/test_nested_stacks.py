"""Nested stacks: what they are part of, and that they are updated in place."""

from __future__ import annotations

import uuid
from typing import Any

from shared_aws import TestAws

CHILD = """\
Parameters: {Word: {Type: String}}
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Named: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Word}}
Outputs:
  Names: {Value: !Join [",", [!GetAtt Topic.TopicName, !GetAtt Named.TopicName]]}
"""
ROOT = """\
Parameters: {Word: {Type: String}}
Resources:
  Child:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: %s, Parameters: {Word: !Ref Word}}
Outputs:
  Names: {Value: !GetAtt Child.Outputs.Names}
"""


def change_set(client: Any, stack: str, body: str, word: str, kind: str) -> Any:
    made = client.create_change_set(
        StackName=stack,
        ChangeSetName=f"to-{word}",
        ChangeSetType=kind,
        TemplateBody=body,
        Parameters=[{"ParameterKey": "Word", "ParameterValue": word}],
    )
    return client.describe_change_set(ChangeSetName=made["Id"])


def executed(client: Any, stack: str, change: Any, waiter: str) -> Any:
    client.execute_change_set(ChangeSetName=change["ChangeSetId"])
    client.get_waiter(waiter).wait(StackName=stack, WaiterConfig={"Delay": 1})
    (found,) = client.describe_stacks(StackName=stack)["Stacks"]
    return found


def test_one_is_updated_in_place_and_knows_its_resources_that_stay(local_aws: TestAws) -> None:
    s3, client = local_aws.client("s3"), local_aws.client("cloudformation")
    stack = f"nested-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=stack)
    s3.put_object(Bucket=stack, Key="child.yaml", Body=CHILD.encode())
    body = ROOT % f"{s3.meta.endpoint_url}/{stack}/child.yaml"
    created = change_set(client, stack, body, "one", "CREATE")
    before = executed(client, stack, created, "stack_create_complete")
    update = change_set(client, stack, body, "two", "UPDATE")
    (change,) = [one["ResourceChange"] for one in update["Changes"]]
    assert (change["LogicalResourceId"], change["Replacement"]) == ("Child", "False")
    assert executed(client, stack, update, "stack_update_complete")["Outputs"] == before["Outputs"]
    (child,) = client.list_stack_resources(StackName=stack)["StackResourceSummaries"]
    (nested,) = client.describe_stacks(StackName=child["PhysicalResourceId"])["Stacks"]
    assert nested["RootId"] == nested["ParentId"] == before["StackId"]
