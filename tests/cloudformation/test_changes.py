"""The changes of a change set, as CloudFormation describes them."""

from __future__ import annotations

from typing import Any

import pytest

from miztiik_events.cloudformation import changes
from miztiik_events.cloudformation.change_sets import ChangeSet
from miztiik_events.cloudformation.changes import PropertyChange, ResourceChange
from stubs import Answer, stubbed

CHANGE_SET = ChangeSet("arn:change-set", "sales-stream", "arn:stack", "UPDATE")
STREAM = "AWS::Kinesis::Stream"


def found(*described: dict[str, Any]) -> tuple[ResourceChange, ...]:
    asked = {"ChangeSetName": "arn:change-set", "IncludePropertyValues": True}
    listed = [{"Type": "Resource", "ResourceChange": change} for change in described]
    with stubbed("cloudformation", Answer("describe_change_set", {"Changes": listed}, asked)) as it:
        return changes.of(it, CHANGE_SET)


def change(action: str, kind: str = STREAM, **fields: Any) -> dict[str, Any]:
    return {"Action": action, "LogicalResourceId": "Stream", "ResourceType": kind, **fields}


def detail(name: str, recreation: str, **target: str) -> dict[str, Any]:
    where = {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreation, **target}
    return {"Target": where}


@pytest.mark.parametrize(
    ("described", "action", "is_perhaps"),
    [
        (change("Add"), "create", False),
        (change("Import"), "create", False),
        (change("Remove"), "remove", False),
        (change("Modify", Replacement="False"), "update", False),
        (change("Modify", Replacement="True"), "replace", False),
        (change("Modify", Replacement="Conditional"), "replace", True),
        (change("Dynamic"), "replace", False),
    ],
)
def test_each_action_has_a_name_of_ours(
    described: dict[str, Any], action: str, is_perhaps: bool
) -> None:
    [one] = found(described)
    assert (one.action, one.is_perhaps) == (action, is_perhaps)


def test_a_property_comes_with_its_values_and_once() -> None:
    [one] = found(
        change(
            "Modify",
            Replacement="True",
            Details=[
                detail("Name", "Always", BeforeValue="a", AfterValue="b"),
                {**detail("Name", "Always"), "CausingEntity": "Prefix"},
                {"Target": {"Attribute": "Tags", "RequiresRecreation": "Never"}},
            ],
        )
    )
    assert one.properties == (
        PropertyChange("Name", "a", "b", cause="Prefix", replaces=True),
        PropertyChange("Tags"),
    )


@pytest.mark.parametrize(
    ("described", "loses"),
    [
        (change("Modify", Replacement="True"), True),
        (change("Remove"), True),
        (change("Modify", Replacement="False"), False),
        (change("Modify", "AWS::IAM::Role", Replacement="True"), False),
        (change("Remove", "AWS::Lambda::Function"), False),
    ],
)
def test_what_holds_data_is_known(described: dict[str, Any], loses: bool) -> None:
    [one] = found(described)
    assert one.loses_data is loses


def test_what_stays_behind_is_said() -> None:
    [one] = found(change("Remove", PolicyAction="Retain"))
    assert one.note == "what is there now is kept"


def test_only_what_is_replaced_is_listed_as_such() -> None:
    some = found(change("Add"), change("Modify", Replacement="True"))
    assert changes.replaced(some) == ["Stream"]
