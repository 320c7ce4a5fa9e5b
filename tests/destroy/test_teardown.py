"""The removal of one stack where AWS is stricter than the tests' own: with answers given before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

import pytest

from miztiik_events.cloudformation.operations import Operator
from miztiik_events.cloudformation.progress import ignore
from miztiik_events.cloudformation.stacks import PROJECT_TAG, Stack
from miztiik_events.destroy import inventory, log_groups, teardown
from miztiik_events.errors import StackError, UnhealthyError
from miztiik_events.patience import Patience
from shared_aws import TestAws
from stubs import ANY, Answer, Refusal, session_of, stubbed

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
ID = "arn:aws:cloudformation:eu-west-1:111122223333:stack/s/1"
STACK = Stack("s", ID, "CREATE_COMPLETE", "", {}, {}, {}, NOW)
NOT_EMPTY = "The bucket you tried to delete is not empty"

DELETE = Answer("delete_stack", {}, {"StackName": ID, "ClientRequestToken": ANY})
EMPTY = Answer("list_object_versions", {"IsTruncated": False}, {"Bucket": "b"})
ONE_OBJECT = Answer(
    "list_object_versions",
    {"Versions": [{"Key": "late", "VersionId": "1"}], "IsTruncated": False},
    {"Bucket": "b"},
)
ITS_DELETION = Answer(
    "delete_objects",
    {},
    {"Bucket": "b", "Delete": {"Objects": [{"Key": "late", "VersionId": "1"}], "Quiet": True}},
)


def events(*latest_first: tuple[str, str]) -> Answer:
    """(resource, status) each; the event ids count from the oldest."""
    found = [
        {
            "StackId": ID,
            "EventId": str(len(latest_first) - place),
            "StackName": "s",
            "LogicalResourceId": resource,
            "ResourceType": "AWS::S3::Bucket",
            "ResourceStatus": status,
            "ResourceStatusReason": NOT_EMPTY if status == "DELETE_FAILED" else "",
            "Timestamp": NOW,
        }
        for place, (resource, status) in enumerate(latest_first)
    ]
    return Answer("describe_stack_events", {"StackEvents": found})


def state(status: str, *, is_protected: bool = False) -> Answer:
    stack = {
        "StackName": "s",
        "StackId": ID,
        "StackStatus": status,
        "CreationTime": NOW,
        "EnableTerminationProtection": is_protected,
    }
    return Answer("describe_stacks", {"Stacks": [stack]})


CREATED = (("s", "CREATE_COMPLETE"),)
FAILED = (("s", "DELETE_FAILED"), ("Bucket", "DELETE_FAILED"), ("s", "DELETE_IN_PROGRESS"))
DELETED = (("s", "DELETE_COMPLETE"), ("s", "DELETE_IN_PROGRESS"))


def attempt(before: Sequence[tuple[str, str]], ending: Sequence[tuple[str, str]]) -> list[Answer]:
    """The calls of one deletion, which ends with the last of these events."""
    now = events(*ending, *before)
    return [events(*before), DELETE, now, state(ending[0][1]), now]


def remove(cloudformation: Any, s3: Any) -> None:
    held = [inventory.Resource("s", "Bucket", inventory.BUCKET, "b", is_retained=False)]
    teardown.remove(Operator(cloudformation, Patience(60), ignore), s3, STACK, held)


def listed(body: str = "Resources: {Bucket: {Type: AWS::S3::Bucket}}") -> list[Answer]:
    """What the stack holds, a bucket, and its template."""
    bucket = {
        "LogicalResourceId": "Bucket",
        "PhysicalResourceId": "b",
        "ResourceType": "AWS::S3::Bucket",
        "LastUpdatedTimestamp": NOW,
        "ResourceStatus": "CREATE_COMPLETE",
    }
    return [
        Answer("list_stack_resources", {"StackResourceSummaries": [bucket]}),
        Answer("get_template", {"TemplateBody": body}),
    ]


def test_objects_that_come_after_the_emptying_are_removed_too() -> None:
    calls = [
        *(state("CREATE_COMPLETE"), *attempt(CREATED, FAILED)),
        *(state("DELETE_FAILED"), *listed(), *attempt((*FAILED, *CREATED), FAILED)),
        *(state("DELETE_FAILED"), *attempt((*FAILED, *FAILED, *CREATED), DELETED)),
    ]
    with (
        stubbed("cloudformation", *calls) as cloudformation,
        stubbed("s3", EMPTY, ONE_OBJECT, ITS_DELETION, ONE_OBJECT, ITS_DELETION) as s3,
    ):
        remove(cloudformation, s3)


def test_a_stack_that_is_protected_after_a_failed_deletion_keeps_the_objects_that_came() -> None:
    calls = [
        *(state("CREATE_COMPLETE"), *attempt(CREATED, FAILED)),
        state("DELETE_FAILED", is_protected=True),
    ]
    with (
        stubbed("cloudformation", *calls) as cloudformation,
        stubbed("s3", EMPTY) as s3,
        pytest.raises(UnhealthyError, match="Termination protection is on for s"),
    ):
        remove(cloudformation, s3)


def test_another_stack_of_the_name_keeps_its_objects_when_ours_is_gone_meanwhile() -> None:
    by_its_id = Answer("describe_stacks", state("DELETE_COMPLETE").response, {"StackName": ID})
    calls = [state("CREATE_COMPLETE"), *attempt(CREATED, FAILED), by_its_id]
    with (
        stubbed("cloudformation", *calls) as cloudformation,
        stubbed("s3", EMPTY) as s3,
    ):
        remove(cloudformation, s3)


@pytest.mark.parametrize(
    ("attribute", "looks"),
    [
        ("Type: AWS::S3::Bucket", [EMPTY, EMPTY]),
        ("Type: AWS::S3::Bucket, DeletionPolicy: Retain", [EMPTY]),
        ("Type: AWS::S3::Bucket, DeletionPolicy: RetainExceptOnCreate", [EMPTY]),
    ],
)
def test_what_somebody_else_begins_in_between_is_waited_for_and_looked_at(
    attribute: str, looks: list[Answer]
) -> None:
    busy = f"Stack:{ID} is in UPDATE_IN_PROGRESS state and can not be deleted."
    update = (("s", "UPDATE_COMPLETE"), ("s", "UPDATE_IN_PROGRESS"))
    calls = [
        *(state("CREATE_COMPLETE"), events(*CREATED)),
        Refusal("delete_stack", "ValidationError", busy),
        *(state("UPDATE_COMPLETE"), *listed(f"Resources: {{Bucket: {{{attribute}}}}}")),
        *attempt((*update, *CREATED), DELETED),
    ]
    with (
        stubbed("cloudformation", *calls) as cloudformation,
        stubbed("s3", *looks) as s3,
    ):
        remove(cloudformation, s3)


def test_a_bucket_that_no_template_names_is_not_emptied() -> None:
    """As after an update that left out a retained bucket, and that could not be rolled back."""
    left_out = "Resources: {Topic: {Type: AWS::SNS::Topic}}"
    with stubbed("cloudformation", *listed(left_out)) as cloudformation:
        [bucket] = inventory.resources(cloudformation, STACK)
    assert (bucket.goes, bucket.is_retained) == (False, False)
    calls = [state("CREATE_COMPLETE"), *attempt(CREATED, DELETED)]
    with stubbed("cloudformation", *calls) as cloudformation, stubbed("s3") as s3:
        operator = Operator(cloudformation, Patience(60), ignore)
        teardown.remove(operator, s3, STACK, [bucket])


def test_what_a_creation_made_since_the_inventory_is_emptied_too() -> None:
    begun = Stack("s", ID, "CREATE_IN_PROGRESS", "", {}, {}, {}, NOW)
    found = inventory.Inventory(
        *("111122223333", "eu-west-1", "p", {"s": begun}, (), (), {}),
        names=frozenset(),
        others=frozenset(),
    )
    calls = [
        *(events(*CREATED), events(*CREATED), state("CREATE_COMPLETE"), events(*CREATED)),
        *(*listed(), *attempt(CREATED, DELETED)),
    ]
    groups = [Answer("describe_log_groups", {"logGroups": []})] * len(log_groups.PREFIXES)
    with (
        stubbed("cloudformation", *calls) as cloudformation,
        stubbed("s3", ONE_OBJECT, ITS_DELETION) as s3,
        stubbed("logs", *groups) as logs,
    ):
        clients = {"cloudformation": cloudformation, "s3": s3, "logs": logs}
        teardown.destroy(session_of(**clients, kinesisanalyticsv2=None), found)


def test_what_cannot_be_deleted_is_named_with_the_way_to_leave_it_behind() -> None:
    resources = [
        {
            "LogicalResourceId": logical_id,
            "ResourceType": "AWS::S3::Bucket",
            "LastUpdatedTimestamp": NOW,
            "ResourceStatus": "DELETE_FAILED",
            "ResourceStatusReason": reason,
        }
        for logical_id, reason in (("Bucket", NOT_EMPTY), ("Table", "denied"))
    ]
    failed_ones = Answer("list_stack_resources", {"StackResourceSummaries": resources})
    calls = [
        *(state("CREATE_COMPLETE"), *attempt(CREATED, FAILED)),
        *(state("DELETE_FAILED"), *listed(), failed_ones),
    ]
    with (
        stubbed("cloudformation", *calls) as cloudformation,
        stubbed("s3", EMPTY, EMPTY) as s3,
        pytest.raises(StackError) as failed,
    ):
        remove(cloudformation, s3)
    assert str(failed.value).splitlines() == [
        "stack s failed at Bucket (AWS::S3::Bucket)",
        f"  DELETE_FAILED: {NOT_EMPTY}",
        "  Table: DELETE_FAILED: denied",
        "  Next: remove the cause, then destroy again; or leave these resources behind:",
        "    aws cloudformation delete-stack --stack-name s --retain-resources Bucket Table",
    ]


def test_nothing_stands_against_the_removal_of_unprotected_stacks() -> None:
    teardown.refuse_protected([])


def test_protected_stacks_are_named_each_with_its_command() -> None:
    other = Stack("t", "t", "CREATE_COMPLETE", "", {}, {}, {}, NOW, is_protected=True)
    with pytest.raises(UnhealthyError) as refused:
        teardown.refuse_protected([STACK, other])
    told = str(refused.value).splitlines()
    assert told[0] == "Termination protection is on for s, t: destroy stops here"
    command = "aws cloudformation update-termination-protection"
    assert told[2:] == [
        f"    {command} --no-enable-termination-protection --stack-name {name}" for name in "st"
    ]


@pytest.mark.parametrize("outputs", [{}, {"FirehoseDataStore": "b"}])
def test_only_a_protected_data_store_can_be_kept(outputs: dict[str, str]) -> None:
    protected = Stack("s", ID, "CREATE_COMPLETE", "", {}, outputs, {}, NOW, is_protected=True)
    with pytest.raises(UnhealthyError) as refused:
        teardown.refuse_protected([protected])
    assert ("--keep-data" in str(refused.value)) is bool(outputs)


def test_a_stack_that_was_protected_meanwhile_keeps_its_objects(
    local_aws: TestAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", local_aws.endpoint)
    cloudformation, s3 = local_aws.client("cloudformation"), local_aws.client("s3")
    name = "meanwhile-one"
    cloudformation.create_stack(
        StackName=name,
        TemplateBody="Resources: {Bucket: {Type: AWS::S3::Bucket}}",
        Tags=[{"Key": PROJECT_TAG, "Value": "meanwhile"}],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1}
    )
    found = inventory.take(local_aws.session(), "meanwhile")
    [bucket] = found.going(inventory.BUCKET)
    s3.put_object(Bucket=bucket, Key="results", Body=b"one")
    cloudformation.update_termination_protection(StackName=name, EnableTerminationProtection=True)
    with pytest.raises(UnhealthyError, match=name):
        teardown.destroy(local_aws.session(), found)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
