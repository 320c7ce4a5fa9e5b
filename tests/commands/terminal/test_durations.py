"""How long operations took, kept in the user's cache folder."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from miztiik_events.commands.terminal.durations import FILE, MOST_ENTRIES, Durations, Operation

pytestmark = pytest.mark.usefixtures("no_collection")

CREATE: Operation = ("p-stream", "create")


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "miztiik-events" / FILE


def durations(place: str = "aws", project: str = "p") -> Durations:
    return Durations(place, project)


def test_what_was_never_done_has_no_usual_time(file: Path) -> None:
    assert durations().usual(CREATE) is None
    assert not file.exists()


def test_the_usual_time_is_the_median_of_the_last_five(file: Path) -> None:
    for seconds in (500.0, 1.0, 2.0, 3.0, 4.0, 100.0):
        durations().keep({CREATE: seconds})
    assert durations().usual(CREATE) == 3.0


def test_places_projects_and_verbs_are_kept_apart(file: Path) -> None:
    durations().keep({CREATE: 7})
    assert durations("local").usual(CREATE) is None
    assert durations(project="q").usual(CREATE) is None
    assert durations().usual(("p-stream", "delete")) is None
    assert durations().usual(CREATE) == 7


def test_what_another_run_has_written_meanwhile_stays(file: Path) -> None:
    one, other = durations(), durations()
    one.keep({CREATE: 7})
    other.keep({("p-queue", "create"): 3})
    assert durations().usual(CREATE) == 7


def test_the_oldest_entries_go_first(file: Path) -> None:
    durations().keep({CREATE: 1, ("p-queue", "create"): 1})
    durations().keep({(f"p-{number}", "create"): 1 for number in range(MOST_ENTRIES - 2)})
    durations().keep({CREATE: 1, ("p-new", "create"): 1})
    assert len(json.loads(file.read_text())) == MOST_ENTRIES
    assert durations().usual(CREATE) == 1
    assert durations().usual(("p-queue", "create")) is None


@pytest.mark.parametrize(
    "content",
    ["", "[1]", '"x"', "{", "[" * 100_000, '{"aws p p-stream create": "7"}', "\udc80",
     '{"aws p p-stream create": [true, null, "7", -1, NaN, Infinity, 1e99, []]}'],
)  # fmt: skip
def test_garbage_in_the_file_is_ignored_and_written_over(file: Path, content: str) -> None:
    file.parent.mkdir()
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    assert durations().usual(CREATE) is None
    durations().keep({CREATE: 7})
    assert durations().usual(CREATE) == 7


def test_a_folder_that_cannot_be_written_is_no_error(file: Path) -> None:
    file.parent.write_text("a file where the folder should be")
    durations().keep({CREATE: 7})
    assert durations().usual(CREATE) is None


def test_nothing_is_left_beside_the_file(file: Path) -> None:
    durations().keep({CREATE: 7})
    assert os.listdir(file.parent) == [FILE]
    file.unlink()
    file.mkdir()
    durations().keep({CREATE: 7})
    assert os.listdir(file.parent) == [FILE]
