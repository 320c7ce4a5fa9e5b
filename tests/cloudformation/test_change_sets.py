from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError

from miztiik_events.cloudformation import change_sets
from miztiik_events.cloudformation.change_sets import ChangeSet, Desired
from miztiik_events.cloudformation.template import Parameter, Template
from miztiik_events.errors import StackError
from miztiik_events.patience import Patience
from stubs import ANY, Answer, Refusal, stubbed

TEMPLATE = Template("stream", "stream.yaml", "Resources: {}", {}, {"Stream": 3}, {})
DESIRED = Desired("sales-stream", TEMPLATE, {"Size": "3"}, frozenset({"Age"}), {"project": "sales"})
ID = "arn:aws:cloudformation:eu-west-1:111122223333:changeSet/c/1"
STACK_ID = "arn:aws:cloudformation:eu-west-1:111122223333:stack/sales-stream/1"
CREATED = Answer("create_change_set", {"Id": ID, "StackId": STACK_ID})
REMOVED = Answer("delete_change_set", {}, {"ChangeSetName": ID})
DELETED = Answer("delete_stack", {}, {"StackName": STACK_ID, "ClientRequestToken": ANY})


def state(status: str, reason: str = "") -> Answer:
    return Answer("describe_change_set", {"Status": status, "StatusReason": reason})


def stack(status: str) -> Answer:
    found = {
        "StackName": "sales-stream",
        "StackId": STACK_ID,
        "StackStatus": status,
        "CreationTime": datetime(2026, 1, 1, tzinfo=timezone.utc),
    }
    return Answer("describe_stacks", {"Stacks": [found]}, {"StackName": STACK_ID})


SHELL_REMOVED = (stack("REVIEW_IN_PROGRESS"), DELETED)


def create(kind: change_sets.Kind, *answers: Any) -> ChangeSet | None:
    with stubbed("cloudformation", *answers) as cloudformation:
        return change_sets.create(cloudformation, DESIRED, kind, Patience(60))


@pytest.mark.parametrize(
    "reason",
    [
        "The submitted information didn't contain changes. Submit different information to "
        "create a change set.",
        "No updates are to be performed.",
    ],
)
def test_an_empty_change_set_is_recognised_and_removed(reason: str) -> None:
    assert create("UPDATE", CREATED, state("FAILED", reason), REMOVED) is None


def test_a_change_set_is_waited_for() -> None:
    answers = (CREATED, state("CREATE_PENDING"), state("CREATE_COMPLETE"))
    assert create("UPDATE", *answers) == ChangeSet(ID, "sales-stream", STACK_ID, "UPDATE")


def test_an_update_keeps_the_values_that_nobody_gives() -> None:
    request = {
        "StackName": "sales-stream",
        "ChangeSetName": ANY,
        "ClientToken": ANY,
        "ChangeSetType": "UPDATE",
        "TemplateBody": "Resources: {}",
        "Parameters": [
            {"ParameterKey": "Size", "ParameterValue": "3"},
            {"ParameterKey": "Age", "UsePreviousValue": True},
        ],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Tags": [{"Key": "project", "Value": "sales"}],
    }
    created = Answer("create_change_set", CREATED.response, request)
    assert create("UPDATE", created, state("CREATE_COMPLETE"))


def test_a_first_create_leaves_nothing_when_it_fails() -> None:
    request = {
        "StackName": "sales-stream",
        "ChangeSetName": ANY,
        "ClientToken": ANY,
        "ChangeSetType": "CREATE",
        "TemplateBody": "Resources: {}",
        "Parameters": [{"ParameterKey": "Size", "ParameterValue": "3"}],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Tags": [{"Key": "project", "Value": "sales"}],
        "OnStackFailure": "DELETE",
    }
    created = Answer("create_change_set", CREATED.response, request)
    assert create("CREATE", created, state("CREATE_COMPLETE"))


def test_an_impossible_change_is_told_and_leaves_no_shell_behind() -> None:
    told = Answer("describe_events", {"OperationEvents": []})
    answers = (CREATED, state("FAILED", "Circular dependency"), told, REMOVED, *SHELL_REMOVED)
    with pytest.raises(StackError, match="stack sales-stream failed\n  Circular dependency"):
        create("CREATE", *answers)


def test_a_change_that_fails_validation_names_the_resource_and_its_place() -> None:
    event = {
        "LogicalResourceId": "Stream",
        "ResourceType": "AWS::Kinesis::Stream",
        "ValidationStatus": "FAILED",
        "ValidationStatusReason": "Value is out of range.",
        "ValidationPath": "/Resources/Stream/Properties/ShardCount",
    }
    told = Answer("describe_events", {"OperationEvents": [event]})
    reason = "Validation failed. Use DescribeEvents."
    with pytest.raises(StackError) as failed:
        create("CREATE", CREATED, state("FAILED", reason), told, REMOVED, *SHELL_REMOVED)
    assert str(failed.value).splitlines() == [
        "stack sales-stream failed at Stream (AWS::Kinesis::Stream)",
        "  Value is out of range. /Resources/Stream/Properties/ShardCount",
        "  stream.yaml:3",
        "  Next: correct the template or the parameter, then deploy again",
    ]


def test_who_may_not_read_events_gets_the_change_sets_own_reason() -> None:
    refusal = Refusal("describe_events", "AccessDenied")
    answers = (CREATED, state("FAILED", "Circular dependency"), refusal, REMOVED, *SHELL_REMOVED)
    with pytest.raises(StackError, match="Circular dependency"):
        create("CREATE", *answers)


def test_an_interrupted_wait_leaves_no_shell_behind() -> None:
    refusal = Refusal("describe_change_set", "AccessDenied")
    with pytest.raises(ClientError):
        create("CREATE", CREATED, refusal, REMOVED, *SHELL_REMOVED)


@pytest.mark.parametrize("status", ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"])
def test_what_somebody_else_made_of_the_shell_meanwhile_stays(status: str) -> None:
    refusal = Refusal("describe_change_set", "ChangeSetNotFound")
    with pytest.raises(ClientError):
        create("CREATE", CREATED, refusal, REMOVED, stack(status))


def test_a_wrong_value_is_told_with_the_template() -> None:
    refusal = Refusal("create_change_set", "ValidationError", "Parameter Size must be a number")
    with pytest.raises(StackError, match=r"Size must be a number\n  stream\.yaml\n  Next: correct"):
        create("UPDATE", refusal)


def test_a_refusal_for_other_reasons_stays_what_it_is() -> None:
    with pytest.raises(ClientError):
        create("UPDATE", Refusal("create_change_set", "AccessDenied"))


@pytest.mark.parametrize("kind", ["CREATE", "UPDATE"])
def test_a_role_and_what_is_there_already_are_asked_for(kind: change_sets.Kind) -> None:
    role = "arn:aws:iam::111122223333:role/deployer"
    desired = replace(DESIRED, role_arn=role, imports=True)
    asked: dict[str, Any] = {
        **dict.fromkeys(("StackName", "ChangeSetName", "ClientToken", "TemplateBody"), ANY),
        **dict.fromkeys(("Parameters", "Capabilities", "Tags"), ANY),
        "ChangeSetType": kind,
        "RoleARN": role,
        # Without OnStackFailure, which would delete what was imported with a failed creation.
        "ImportExistingResources": True,
    }
    request = Answer("create_change_set", CREATED.response, asked)
    with stubbed("cloudformation", request, state("CREATE_COMPLETE")) as cloudformation:
        assert change_sets.create(cloudformation, desired, kind, Patience(60))


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        ("Parameters: [Colour, Size] must have values", 7),
        ("Parameter 'Size' must be one of AllowedValues", 7),
        ("Unable to fetch parameters [/path/of/age] from parameter store for this account.", 8),
        ("Template error: resource Stream does not support attribute type Name in Fn::GetAtt", 3),
        ("Circular dependency between resources: [Other, Stream]", 3),
        ("No transform named 000000000000::Stream found.", None),
    ],
)
def test_a_refusal_has_the_line_of_what_it_names(reason: str, line: int | None) -> None:
    parameters = {
        "Size": Parameter("Size", "Number", None, 7),
        "Age": Parameter("Age", "AWS::SSM::Parameter::Value<String>", "/path/of/age", 8),
    }
    desired = replace(DESIRED, template=replace(TEMPLATE, parameters=parameters))
    refusal = Refusal("create_change_set", "ValidationError", reason)
    with stubbed("cloudformation", refusal) as cloudformation, pytest.raises(StackError) as refused:
        change_sets.create(cloudformation, desired, "CREATE", Patience(60))
    assert refused.value.place == (f"stream.yaml:{line}" if line else "stream.yaml")
