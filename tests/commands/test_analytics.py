"""What start-analytics and stop-analytics tell while they wait."""

from __future__ import annotations

from pathlib import Path

import pytest

from miztiik_events.commands.analytics import WAITS, Wait
from miztiik_events.commands.terminal.durations import Durations


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Wait:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return Wait(Durations("aws", "p"))


def test_each_state_that_passes_says_what_is_waited_for(wait: Wait) -> None:
    for status, reason in WAITS.items():
        wait.turn(status)
        assert wait.reason == reason
        assert wait.told(0) == f"      0 s  {reason}"


@pytest.mark.parametrize("status", ["READY", "RUNNING", "UNHEARD_OF"])
def test_nothing_is_waited_for_in_a_state_that_stays(wait: Wait, status: str) -> None:
    wait.turn(status)
    assert (wait.reason, wait.told(0)) == ("", "")


def test_how_long_it_usually_takes_is_that_of_the_last_times(wait: Wait) -> None:
    for seconds in (30.0, 31.0, 90.0):
        wait.durations.keep({("analytics", "STARTING"): seconds})
    wait = Wait(Durations("aws", "p"))
    wait.turn("STARTING")
    assert wait.reason.endswith("(usually 31 s)")
    wait.turn("RUNNING")
    assert wait.took.keys() == {("analytics", "STARTING")}
