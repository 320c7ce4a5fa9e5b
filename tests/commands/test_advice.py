from __future__ import annotations

import pytest

from miztiik_events.commands import advice


@pytest.mark.parametrize(
    ("words", "output"),
    [
        ("produce", "StreamDataProcessor"),
        ("start-analytics", "AnalyticsApplicationName"),
        ("open flink", "AnalyticsApplicationName"),
        ("dashboard", "FirehoseDataStore"),
    ],
)
def test_a_command_is_suggested_where_the_project_has_what_it_works_on(
    words: str, output: str
) -> None:
    assert advice.possible(words, {output: "x"}, "shop") == f"miztiik-events {words} --project shop"
    assert advice.possible(words, {"QueueUrl": "x"}, "shop") == ""
