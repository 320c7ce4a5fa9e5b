"""Why the application failed, out of its log."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from miztiik_events.application_log import LogStream, cause, innermost
from stubs import Answer, Refusal, stubbed

SINCE = datetime(2026, 11, 24, 15, 0, tzinfo=timezone.utc)
REQUEST = {"logGroupName": "group", "logStreamNames": ["flink"], "startTime": 1_795_532_400_000}
TRACE = "a.B: outer\n\tat c\nCaused by: d.E: the cause\nof two lines\n\tat f\n\t... 3 more"


def found(*messages: Any) -> str | None:
    events = [{"message": json.dumps(message), "timestamp": 1} for message in messages]
    answer = Answer("filter_log_events", {"events": events}, REQUEST)
    with stubbed("logs", answer) as logs:
        return cause(logs, LogStream("group", "flink"), SINCE)


def test_the_newest_error_tells_more_than_exceptions_after_it() -> None:
    assert (
        found(
            {"messageType": "ERROR", "message": "first"},
            {"messageType": "ERROR", "message": "second"},
            {"messageType": "WARN", "message": "later", "throwableInformation": TRACE},
        )
        == "second"
    )


def test_without_an_error_the_newest_exception_counts() -> None:
    assert (
        found(
            {"messageType": "WARN", "throwableInformation": "old.X: old"},
            {"messageType": "INFO", "throwableInformation": TRACE.splitlines()},
            {"messageType": "INFO", "message": "all is well", "throwableInformation": ""},
        )
        == "d.E: the cause of two lines"
    )


def test_a_log_without_either_has_no_cause() -> None:
    assert found({"messageType": "INFO", "message": "all is well"}, "text", [1]) is None


def test_a_log_that_is_not_there_has_no_cause() -> None:
    with stubbed("logs", Refusal("filter_log_events", "ResourceNotFoundException")) as logs:
        assert cause(logs, LogStream("group", "flink"), SINCE) is None


@pytest.mark.parametrize(
    ("trace", "expected"),
    [(TRACE, "d.E: the cause of two lines"), ("a.B: alone\n\tat c", "a.B: alone"), ("", "")],
)
def test_the_innermost_cause_of_a_stack_trace(trace: str, expected: str) -> None:
    assert innermost(trace) == expected
