"""Saved queries of Athena as a type of CloudFormation."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shared_aws import TestAws


def body(query: str) -> str:
    properties = {"Database": "lake", "Name": "one", "QueryString": query, "WorkGroup": "primary"}
    resource = {"Type": "AWS::Athena::NamedQuery", "Properties": properties}
    return json.dumps({"Resources": {"Query": resource}})


def named(aws: TestAws, stack: str) -> Any:
    summaries = aws.client("cloudformation").list_stack_resources(StackName=stack)
    query = summaries["StackResourceSummaries"][0]["PhysicalResourceId"]
    return aws.client("athena").get_named_query(NamedQueryId=query)["NamedQuery"]


def test_a_query_is_made_changed_and_removed_with_its_stack(local_aws: TestAws) -> None:
    cloudformation, stack = local_aws.client("cloudformation"), f"query-{uuid.uuid4()}"
    quickly = {"Delay": 1, "MaxAttempts": 30}
    cloudformation.create_stack(StackName=stack, TemplateBody=body("SELECT 1"))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig=quickly)
    made = named(local_aws, stack)
    assert (made["Name"], made["QueryString"], made["Database"]) == ("one", "SELECT 1", "lake")

    cloudformation.update_stack(StackName=stack, TemplateBody=body("SELECT 2"))
    cloudformation.get_waiter("stack_update_complete").wait(StackName=stack, WaiterConfig=quickly)
    changed = named(local_aws, stack)
    assert changed["QueryString"] == "SELECT 2"
    ids = local_aws.client("athena").list_named_queries(WorkGroup="primary")["NamedQueryIds"]
    assert made["NamedQueryId"] not in ids

    cloudformation.delete_stack(StackName=stack)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig=quickly)
    ids = local_aws.client("athena").list_named_queries(WorkGroup="primary")["NamedQueryIds"]
    assert changed["NamedQueryId"] not in ids
