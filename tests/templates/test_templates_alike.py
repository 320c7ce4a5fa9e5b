"""The templates of the package: what stands in several of them is the same in each.

A template reads alone and deploys alone, so parameters are copied, and the templates of the
recomputation are nearly copies of two others. What is meant to differ is here, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from template_trees import TREES, Tree

WORDS = ("Description", "ConstraintDescription")
PARAMETERS = {name for tree in TREES for name in tree.parameters}
SEVERAL = {
    name: trees
    for name in sorted(PARAMETERS)
    if len(trees := [tree for tree in TREES if name in tree.parameters]) > 1
}
# A person gives these to one template, which gives them to the others as an output.
GIVEN_ON = {
    name: owner
    for name, trees in SEVERAL.items()
    for owner in trees
    if name in owner.data["Outputs"]
}

# The names that the second template of a pair has for itself; those of the first are shorter.
OWN_NAME = re.compile(r"\bRecomput(?:ation|ed)(?=[A-Z])")
OTHER_NAMES = {
    "RecomputationRole": "ApplicationRole",
    "RecomputedRevenueStream": "RevenueAnalyticsStream",
}
APPLICATION = "Resources/Application/Properties"
CONFIGURATION = f"{APPLICATION}/ApplicationConfiguration"
GROUPS = f"{CONFIGURATION}/EnvironmentProperties/PropertyGroups"
ROLE = "Resources/ApplicationRole/Properties"
REVENUE, LATE = (
    f"Resources/{name}/Properties/ExtendedS3DestinationConfiguration"
    for name in ("RevenueAnalyticsStream", "LateEventsStream")
)
# By pair: where the two differ, and why.
MEANT: dict[tuple[str, str], dict[str, str]] = {
    ("analytics", "recomputation"): {
        "Parameters/RecomputeFrom": "the analytics computes every window",
        "Parameters/Parallelism/Description": "a recomputation is given its parallelism",
        f"{APPLICATION}/ApplicationDescription": "it says which of the two it is",
        f"{CONFIGURATION}/ApplicationSnapshotConfiguration/SnapshotsEnabled": (
            "each recomputation begins anew"
        ),
        f"{CONFIGURATION}/ApplicationSystemRollbackConfiguration": (
            "a recomputation that fails is begun anew"
        ),
        f"{GROUPS}/windows/PropertyMap/first.start": "the analytics leaves no window out",
        f"{GROUPS}/source/PropertyMap/scan.stream.initpos": "a recomputation begins at a time",
        f"{GROUPS}/source/PropertyMap/scan.stream.initpos-timestamp": "that time",
        f"{GROUPS}/source/PropertyMap/scan.shard.getrecords.intervalmillis": (
            "a shard answers 5 reads a second: 2 for the analytics, 1 for the recomputation"
        ),
        f"{ROLE}/Description": "it says whose role it is",
        f"{ROLE}/Policies/0/PolicyDocument/Statement/0/Resource": (
            "an update that is taken back needs the code of before; the recomputation has none"
        ),
    },
    ("firehose", "recomputed-delivery"): {
        "Parameters/LogRetentionDays": "firehose has the log group for both",
        "Parameters/DeliveryLogGroup": "that log group",
        "Resources/DeliveryLogGroup": "that log group",
        "Parameters/DeliveryRoleArn": "firehose has the role for both",
        "Resources/DeliveryRole": "that role",
        f"{REVENUE}/RoleARN": "that role",
        f"{LATE}/RoleARN": "that role",
        f"{REVENUE}/Prefix": "what was computed again is apart from the results",
        f"{LATE}/Prefix": "what was computed again is apart from the results",
        f"{REVENUE}/ErrorOutputPrefix": "what was computed again is apart from the results",
        f"{LATE}/ErrorOutputPrefix": "what was computed again is apart from the results",
        "Resources/RevenueLogStream/Properties/LogStreamName": "both are in one log group",
        "Resources/LateEventsLogStream/Properties/LogStreamName": "both are in one log group",
    },
}


@pytest.mark.parametrize("name", SEVERAL)
def test_a_parameter_is_declared_alike_wherever_it_is_taken(name: str) -> None:
    takers = [tree for tree in SEVERAL[name] if tree is not GIVEN_ON.get(name)]
    for taker in takers:
        assert taker.parameters[name] == takers[0].parameters[name], taker.name


@pytest.mark.parametrize("name", GIVEN_ON)
def test_what_a_template_gives_on_fits_where_it_is_taken(name: str) -> None:
    owner, *takers = sorted(SEVERAL[name], key=lambda tree: tree is not GIVEN_ON[name])
    declared = without(owner.parameters[name], *WORDS)
    for taker in takers:
        # Without a default, it is taken from the owner alone.
        taken = {"Default": declared["Default"], **without(taker.parameters[name], *WORDS)}
        assert taken == declared, taker.name


def without(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


@pytest.mark.parametrize("pair", MEANT, ids="/".join)
def test_two_templates_differ_where_they_are_meant_to_and_nowhere_else(
    pair: tuple[str, str],
) -> None:
    first, second = (next(tree for tree in TREES if tree.name == name) for name in pair)
    found = list(differences(sections(first), sections(with_shorter_names(second))))
    assert sorted(found) == sorted(MEANT[pair])


def with_shorter_names(tree: Tree) -> Tree:
    body = tree.body
    for name, other in OTHER_NAMES.items():
        body = re.sub(rf"\b{name}\b", other, body)
    return Tree(tree.name, OWN_NAME.sub("", body))


def sections(tree: Tree) -> dict[str, Any]:
    """All but the words about it, and what it gives to others."""
    return without(tree.data, "Description", "Outputs")


def differences(first: Any, second: Any, path: str = "") -> Iterator[str]:
    """The paths to what differs, and to what only one of the two has."""
    first, second = named(first), named(second)
    if isinstance(first, dict) and isinstance(second, dict):
        for name in first.keys() | second.keys():
            inner = f"{path}/{name}" if path else str(name)
            if name in first and name in second:
                yield from differences(first[name], second[name], inner)
            else:
                yield inner
    elif first != second:
        yield path


def named(value: Any) -> Any:
    """A list as a mapping: property groups by their ids, all else by its place.

    A function of CloudFormation is a value like a text, and not what it has inside.
    """
    if isinstance(value, dict) and any(re.match("Ref$|Fn::", str(name)) for name in value):
        return str(value)
    if not isinstance(value, list):
        return value
    return {
        one.get("PropertyGroupId", place) if isinstance(one, dict) else place: one
        for place, one in enumerate(value)
    }
