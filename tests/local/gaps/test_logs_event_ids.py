"""The ids of log events: every event has one, and no two have the same."""

from __future__ import annotations

import time
import uuid
from typing import Any

import small_functions
from shared_aws import TestAws

FUNCTION = """
def handler(event, context):
    for number in range(5):
        print("the same text")
"""


def events(aws: TestAws, group: str) -> list[dict[str, Any]]:
    pages = aws.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    return [event for page in pages for event in page["events"]]


def test_what_a_function_prints_has_ids_that_stay(local_aws: TestAws) -> None:
    function = small_functions.create(local_aws, FUNCTION)
    for _ in range(2):
        local_aws.client("lambda").invoke(FunctionName=function)
    group = f"/aws/lambda/{function.rpartition(':')[2]}"
    found = events(local_aws, group)
    assert [event["message"].strip() for event in found].count("the same text") == 10
    ids = [event["eventId"] for event in found]
    assert all(ids)
    assert len(set(ids)) == len(found)
    assert [event["eventId"] for event in events(local_aws, group)] == ids


def test_what_is_put_into_a_log_has_ids_as_well(local_aws: TestAws) -> None:
    logs, group = local_aws.client("logs"), f"/test/{uuid.uuid4()}"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="stream")
    same = {"timestamp": int(time.time() * 1000), "message": "the same text"}
    logs.put_log_events(logGroupName=group, logStreamName="stream", logEvents=[same] * 3)
    assert len({event["eventId"] for event in events(local_aws, group)}) == 3
