"""What `results --follow` says about the next result."""

from __future__ import annotations

import pytest

from miztiik_events.commands.follow_results import Outlook
from miztiik_events.pipeline import windowing
from miztiik_events.pipeline.windowing import Windowing

DAY = windowing.read("2026-11-26 00:00:00.000")
# Five seconds of lateness, three of margin, sixty of Firehose's buffer.
OUTLOOK = Outlook(Windowing(60_000, 5_000), 60_000)


def at(clock: str) -> int:
    return windowing.read(f"2026-11-26 {clock}.000")


@pytest.mark.parametrize(
    ("now", "shown", "text"),
    [
        ("14:47:10", "14:45:00", "Window until 14:47:00 due in 58 s"),
        ("14:48:07", "14:46:00", "Window until 14:47:00 due in 1 s"),
        # It has come before the buffer was full.
        ("14:47:10", "14:47:00", "Window until 14:48:00 due in 118 s"),
        # Nothing was sold: nobody waits for it any more.
        ("14:49:09", "14:40:00", "Window until 14:49:00 due in 59 s"),
    ],
)
def test_it_names_the_next_window_and_when_its_result_is_due(
    now: str, shown: str, text: str
) -> None:
    assert OUTLOOK.next(at(now), at(shown)) == text


def test_without_an_application_that_runs_nothing_is_due() -> None:
    stopped = Outlook(OUTLOOK.windowing, 60_000, "READY", "start-analytics --from TIME")
    assert stopped.next(DAY, 0) == Outlook().next(DAY, 0) == "Waiting"
    assert stopped.text.endswith("The application is READY. Next: start-analytics --from TIME")
    assert Outlook(OUTLOOK.windowing, 60_000, "STARTING").text.endswith("is STARTING")
    assert Outlook(OUTLOOK.windowing, 60_000, "AUTOSCALING").text == OUTLOOK.text
    assert "start-analytics" not in OUTLOOK.text
    assert "windows of 60 s, written some 68 s after" in OUTLOOK.text
