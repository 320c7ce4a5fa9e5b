"""The lines of the live view, by what was heard and when."""

from __future__ import annotations

from datetime import datetime, timezone

import click
import pytest

from miztiik_events.cloudformation.progress import (
    Note,
    StackBegun,
    StackDone,
    StackEvent,
    Upload,
)
from miztiik_events.commands.terminal.board import Board, fitted, spelled

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


class Watched:
    """A board of project `p` by a clock that the test sets; every operation usually takes 10 s."""

    def __init__(self) -> None:
        self.now = 100.0
        self.board = Board("p", lambda operation: 10.0, lambda: self.now)

    def event(self, stack: str, resource: str, status: str) -> None:
        self.board.hear(StackEvent("1", stack, resource, "", "", status, "", NOW))

    def lines(self, width: int = 100, height: int = 24) -> list[str]:
        return [click.unstyle(line) for line in self.board.lines(width, height)]


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_before_there_is_a_stack_there_is_no_line(watched: Watched) -> None:
    watched.board.hear(Note("one", "packaging"))
    watched.board.hear(StackDone("p-a", "unchanged", 0.1))
    assert watched.lines() == []


def test_a_stack_in_work_has_its_slowest_resource_and_the_time_left(watched: Watched) -> None:
    watched.board.hear(StackDone("p-a", "unchanged", 0.1))
    watched.board.hear(StackBegun("p-stream", "create", 9))
    watched.event("p-stream", "Slow", "CREATE_IN_PROGRESS")
    watched.now += 2
    watched.event("p-stream", "Quick", "CREATE_IN_PROGRESS")
    watched.event("p-stream", "Slow", "CREATE_IN_PROGRESS")
    watched.event("p-stream", "Other", "CREATE_COMPLETE")
    watched.now += 1
    assert watched.lines() == [
        "p  3 s  1 in work, 1 unchanged",
        "  stream  creating  1 of 9 done  3 s  ~7 s left  Slow 3 s",
    ]
    watched.now += 9
    watched.event("p-stream", "Slow", "CREATE_COMPLETE")
    assert watched.lines()[1] == "  stream  creating  2 of 9 done  12 s  usually 10 s  Quick 10 s"


def test_an_upload_has_its_bytes_until_it_is_done(watched: Watched) -> None:
    watched.board.hear(StackBegun("p-stream", "create", 9))
    watched.board.hear(Upload("analytics", 12_000_000, 62_000_000))
    assert watched.lines()[1:] == [
        "  stream             creating   0 of 9 done         0 s  ~10 s left",
        "  code of analytics  uploading  12.0 MB of 62.0 MB",
    ]
    watched.board.hear(Upload("analytics", 62_000_000, 62_000_000))
    assert len(watched.lines()) == 2


def test_of_an_update_it_is_not_known_how_many_resources_it_touches(watched: Watched) -> None:
    watched.board.hear(StackBegun("p-stream", "update", 9))
    watched.event("p-stream", "Stream", "UPDATE_COMPLETE")
    assert watched.lines()[1] == "  stream  updating  1 done  0 s  ~10 s left"


def test_what_was_under_way_before_has_no_estimate(watched: Watched) -> None:
    watched.board.hear(StackBegun("p-stream", "create", 0, is_ours=False))
    assert watched.lines()[1] == "  stream  creating  0 done  0 s"
    watched.board.hear(StackDone("p-stream", "unchanged", 1))
    assert watched.lines() == []


@pytest.mark.parametrize("status", ["ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS"])
def test_a_failed_creation_is_rolled_back(watched: Watched, status: str) -> None:
    watched.board.hear(StackBegun("p-stream", "create", 9))
    watched.event("p-stream", "Stream", "CREATE_FAILED")
    watched.event("p-stream", "p-stream", status)
    assert watched.lines()[1] == "  stream  rolling back  0 done  0 s"
    watched.now += 75
    watched.board.hear(StackDone("p-stream", "failed", 75))
    watched.board.hear(StackDone("p-analytics", "skipped", 0, "stream failed"))
    assert watched.lines() == [
        "p  1 m 15 s  1 failed, 1 skipped",
        "  stream     failed   1 m 15 s",
        "  analytics  skipped",
    ]


def test_where_not_all_have_room_those_in_work_come_first_then_the_failed(
    watched: Watched,
) -> None:
    for number in range(8):
        watched.board.hear(StackBegun(f"p-{number}", "create", 3))
    for number in (0, 1, 2, 3):
        watched.now += 1
        outcome = "failed" if number == 1 else "created"
        watched.board.hear(StackDone(f"p-{number}", outcome, 1))  # type: ignore[arg-type]
    assert [line.split()[0] for line in watched.lines(height=9)] == ["p", *"01234567"]
    assert [line.split()[0] for line in watched.lines(height=8)][1:-1] == list("456713")
    assert watched.lines(height=8)[-1] == "  … and 2 more"


@pytest.mark.parametrize("width", [1, 2, 10, 30, 59, 79])
@pytest.mark.parametrize("height", [0, 1, 2, 5, 23])
def test_no_line_is_wider_and_the_block_no_taller_than_there_is_room(
    watched: Watched, width: int, height: int
) -> None:
    for number in range(6):
        watched.board.hear(StackBegun(f"p-a-long-name-{number}", "create", 30))
        watched.event(f"p-a-long-name-{number}", "A" * 60, "CREATE_IN_PROGRESS")
    lines = watched.lines(width, height)
    assert len(lines) == min(height, 7)
    assert all(len(line) <= width for line in lines)


def test_only_creations_and_updates_can_be_cancelled(watched: Watched) -> None:
    watched.board.hear(StackBegun("p-a", "create", 1))
    watched.board.hear(StackBegun("p-b", "update", 1))
    watched.board.hear(StackBegun("p-c", "delete", 1))
    watched.board.hear(StackBegun("p-d", "create", 1))
    watched.board.hear(StackDone("p-d", "created", 1))
    assert watched.board.revocable == ["p-a", "p-b"]


def test_a_cut_line_says_that_there_is_more() -> None:
    assert fitted([("stream", ""), ("  creating", "")], 12) == "stream  cre…"
    assert fitted([("stream", ""), ("  creating", "")], 16) == "stream  creating"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.4, "59 s"), (60, "1 m 00 s"), (754, "12 m 34 s")]
)
def test_a_time_is_spelled_for_a_person(seconds: float, text: str) -> None:
    assert spelled(seconds) == text
