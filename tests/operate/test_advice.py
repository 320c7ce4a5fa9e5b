from __future__ import annotations

import pytest

from miztiik_events.operate import advice


@pytest.mark.parametrize(
    ("words", "output"),
    [
        ("produce", "StreamDataProcessor"),
        ("start-analytics", "AnalyticsApplicationName"),
        ("open flink", "AnalyticsApplicationName"),
        ("dashboard", "FirehoseDataStore"),
        ("verify", "SalesStreamName"),
        (advice.AGAIN, "RecomputationApplicationName"),
    ],
)
def test_a_command_is_suggested_where_the_project_has_what_it_works_on(
    words: str, output: str
) -> None:
    assert advice.possible(words, {output: "x"}, "shop") == f"miztiik-events {words} --project shop"
    assert advice.possible(words, {"QueueUrl": "x"}, "shop") == ""


@pytest.mark.parametrize("status", [None, "STARTING", "RUNNING", "AUTOSCALING", "UPDATING"])
def test_only_an_application_that_rests_is_to_be_started(status: str | None) -> None:
    there = {"AnalyticsApplicationName": "x"}
    assert advice.of_rest(status, there, "shop") == ""
    assert advice.of_rest("READY", {}, "shop") == ""
    assert advice.of_rest("READY", there, "shop") == advice.possible(
        "start-analytics", there, "shop"
    )
