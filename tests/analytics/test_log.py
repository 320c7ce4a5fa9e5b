"""Why the application failed, out of its log."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from miztiik_events.analytics.log import PYTHON_OUTPUT, LogStream, cause, task_failure
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


def test_of_a_python_program_that_ended_its_own_words_tell_why() -> None:
    """As Managed Flink logs it: the program's words as INFO, its end as ERROR."""
    ended = "java.lang.RuntimeException: Python process exits with code: 1"
    said = ["Traceback (most recent call last):", '  File "main.py"', "ValueError: no stream"]
    program = [{"messageType": "INFO", "logger": PYTHON_OUTPUT, "message": line} for line in said]
    end = {"messageType": "ERROR", "message": "Run failed", "throwableInformation": ended}
    assert found({"messageType": "INFO", "message": "other"}, *program, end) == said[-1]


def test_a_task_that_failed_tells_why_and_other_exceptions_do_not() -> None:
    failed = {"message": "Source (1/1) switched from RUNNING to FAILED", "messageType": "WARN"}
    harmless = {"message": "no such file", "throwableInformation": "java.io.X: none"}
    for lines, expected in (
        ([{**failed, "throwableInformation": TRACE}, harmless], "d.E: the cause of two lines"),
        ([harmless], None),
    ):
        events = [{"message": json.dumps(line), "timestamp": 1} for line in lines]
        with stubbed("logs", Answer("filter_log_events", {"events": events}, REQUEST)) as logs:
            assert task_failure(logs, LogStream("group", "flink"), SINCE) == expected
