"""A parameter's pattern is Java's, and one that would never end holds up nobody."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared_aws import TestAws


def changed(aws: TestAws, pattern: str | None, value: str, kind: str = "String") -> Any:
    """A change set for a new stack with a parameter of this pattern, if any, and value."""
    held = {} if pattern is None else {"AllowedPattern": pattern}
    template = {
        "Parameters": {"Name": {"Type": kind, **held}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
    }
    return aws.client("cloudformation").create_change_set(
        StackName=f"pattern-{uuid.uuid4()}",
        ChangeSetName="one",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": "Name", "ParameterValue": value}],
    )


@pytest.mark.parametrize(
    ("pattern", "value", "kind"),
    [
        ("[a-z]+", "ab1", "String"),
        (r"\d+", "٤٢", "String"),
        ("[a-z]", "a, 1", "CommaDelimitedList"),
        # By itself it takes for ever.
        ("(a|aa)+", "a" * 60 + "b", "String"),
    ],
)
def test_what_does_not_match_is_refused(
    local_aws: TestAws, pattern: str, value: str, kind: str
) -> None:
    with pytest.raises(ClientError, match=r"Name.* must match pattern"):
        changed(local_aws, pattern, value, kind)


@pytest.mark.parametrize(
    ("pattern", "value"),
    [("[a-z]+", "ab"), (r"\p{Alpha}+", "ab"), ("(a|aa)+", "a" * 60), (None, "two\nlines")],
)
def test_what_matches_or_only_java_can_tell_is_taken(
    local_aws: TestAws, pattern: str | None, value: str
) -> None:
    assert changed(local_aws, pattern, value)["Id"]
