"""The pages of FilterLogEvents: all of a log comes, each event once."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from shared_aws import TestAws


@pytest.fixture
def group(local_aws: TestAws) -> str:
    """Of 10,500 events in two streams, three of which at a time have the same time."""
    logs, name, now = local_aws.client("logs"), f"/test/{uuid.uuid4()}", int(time.time() * 1000)
    logs.create_log_group(logGroupName=name)
    for stream in range(2):
        logs.create_log_stream(logGroupName=name, logStreamName=str(stream))
        events = [
            {"timestamp": now - 5000 + number // 3, "message": f"{stream} {number}"}
            for number in range(5250)
        ]
        logs.put_log_events(logGroupName=name, logStreamName=str(stream), logEvents=events)
    return name


def messages(aws: TestAws, group: str, **how: Any) -> list[str]:
    pages = (
        aws.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group, **how)
    )
    return [event["message"] for page in pages for event in page["events"]]


def test_more_than_a_page_comes_in_pages(local_aws: TestAws, group: str) -> None:
    found = messages(local_aws, group)
    assert len(found) == len(set(found)) == 10_500


def test_a_page_may_be_smaller(local_aws: TestAws, group: str) -> None:
    found = messages(local_aws, group, logStreamNames=["1"], limit=1000)
    assert found == [f"1 {number}" for number in range(5250)]


def test_a_log_that_fits_has_one_page(local_aws: TestAws, group: str) -> None:
    answer = local_aws.client("logs").filter_log_events(logGroupName=group, logStreamNames=["0"])
    assert (len(answer["events"]), "nextToken" in answer) == (5250, False)
