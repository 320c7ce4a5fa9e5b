"""Entries of PutEvents that are no events are refused one by one, and the others taken."""

from __future__ import annotations

from typing import Any

import pytest

from shared_aws import TestAws

GOOD = {"Source": "shop", "DetailType": "sale", "Detail": '{"a": [1, {"b": null}]}'}


def put(aws: TestAws, *entries: dict[str, Any]) -> Any:
    return aws.client("events").put_events(Entries=list(entries))


@pytest.mark.parametrize(
    "detail",
    ["hello", "[1]", '"text"', "null", "{} {}", '{"a": NaN}', '{"a": "b\tc"}', "{'a': 1}", '{"a":'],
)
def test_a_detail_that_is_no_json_object_is_malformed(local_aws: TestAws, detail: str) -> None:
    answer = put(local_aws, GOOD, {**GOOD, "Detail": detail}, GOOD)
    assert answer["FailedEntryCount"] == 1
    first, refused, last = answer["Entries"]
    assert refused == {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    assert first["EventId"] != last["EventId"]


@pytest.mark.parametrize("name", GOOD)
def test_what_an_event_needs_is_named_when_it_is_missing(local_aws: TestAws, name: str) -> None:
    lacking = {key: value for key, value in GOOD.items() if key != name}
    for entry in (lacking, {**GOOD, name: ""}):
        answer = put(local_aws, entry)
        (refused,) = answer["Entries"]
        assert (answer["FailedEntryCount"], refused["ErrorCode"]) == (1, "InvalidArgument")
        assert refused["ErrorMessage"].endswith(f"Reason: {name} is a required argument.")
