"""The events of a log group, page by page."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from miztiik_events.pipeline import log_events
from stubs import Answer, Refusal, stubbed

SINCE = datetime(2026, 11, 24, 15, 0, tzinfo=timezone.utc)
REQUEST = {"logGroupName": "group", "startTime": 1_795_532_400_000, "filterPattern": "failed"}


def page(*messages: str, token: str = "", after: str = "") -> Answer:
    response: dict[str, Any] = {"events": [{"message": message} for message in messages]}
    request = {**REQUEST, "nextToken": after} if after else REQUEST
    return Answer(
        "filter_log_events", {**response, **({"nextToken": token} if token else {})}, request
    )


def messages(*answers: Answer | Refusal, most_pages: int | None = None) -> list[str]:
    with stubbed("logs", *answers) as logs:
        events = log_events.read(logs, "group", SINCE, most_pages, filterPattern="failed")
        return [event["message"] for event in events]


def test_all_pages_are_read_the_empty_ones_too() -> None:
    pages = (page("one", token="a"), page(token="b", after="a"), page("two", after="b"))
    assert messages(*pages) == ["one", "two"]


def test_no_more_pages_are_read_than_are_wanted() -> None:
    assert messages(page("one", token="a"), most_pages=1) == ["one"]


def test_a_group_that_is_not_there_has_no_events() -> None:
    assert messages(Refusal("filter_log_events", "ResourceNotFoundException")) == []
