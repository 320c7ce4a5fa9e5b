"""The live view on a real terminal: what stands there, what Ctrl-C asks, and how it is left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from live_project import WAITING, LiveProject
from screen import Terminal, terminal
from small_projects import AFTER_FAILING, FAILING, empty_project, queue_project

if TYPE_CHECKING:
    from shared_aws import TestAws

QUESTION = "Ctrl-C: d detach, c cancel and roll back, w wait"
ANSWERED = r"(?s)\A(?!.*Ctrl-C: ).*Signal"
CTRL_C = "\x03"
# As a shell starts its background jobs.
IGNORING_CTRL_C = ("sh", "-c", 'trap "" INT; exec "$@"', "sh")


@pytest.fixture
def project(local_aws: TestAws, tmp_path: Path) -> LiveProject:
    return LiveProject(local_aws, queue_project(tmp_path))


@pytest.fixture
def waiting(local_aws: TestAws, tmp_path: Path) -> LiveProject:
    project = LiveProject(local_aws, empty_project(tmp_path))
    project.sources.template("waiting", WAITING)
    return project


@contextmanager
def deploying(
    project: LiveProject, *arguments: str, environment: dict[str, str] | None = None, **how: Any
) -> Iterator[Terminal]:
    words = ("deploy", "--project", project.name, *project.sources.options, *arguments)
    variables = {**project.aws.environment, "XDG_CACHE_HOME": str(project.sources.folder)}
    with terminal({**variables, **(environment or {})}, *words, **how) as running:
        yield running


def test_a_line_for_each_stack_stays_and_the_cursor_is_shown_again(project: LiveProject) -> None:
    with deploying(project) as running:
        assert running.end() == 0
    for stack in ("artifacts", "queue", "alarm"):
        (line,) = re.findall(rf"^  {stack} .*$", running.shown, re.MULTILINE)
        assert re.fullmatch(rf"  {stack} +created  1 done  \d+\.\d s", line)
    (summary,) = re.findall(rf"^{project.name}  .*$", running.shown, re.MULTILINE)
    assert summary.endswith(" s  3 created")
    assert "one  uploaded" in running.shown
    assert "_IN_PROGRESS" not in running.shown
    assert "\x1b[?25l" in running.raw
    assert running.screen.is_cursor_shown


def test_what_did_not_change_has_no_block(project: LiveProject) -> None:
    assert project.deploy().returncode == 0
    with deploying(project) as running:
        assert running.end() == 0
    assert running.shown.splitlines()[:2] == [
        f"Project {project.name} in us-east-1 (the AWS on this machine)",
        "Nothing changed: 3 stacks up to date.",
    ]


def test_time_passes_although_nothing_happens(waiting: LiveProject) -> None:
    with deploying(waiting) as running:
        running.until(r"waiting  creating  1 of 2 done  \d s  Signal 1 s")
        running.until(r"waiting  creating  1 of 2 done  \d s  Signal 2 s")
        waiting.signal("waiting")
        assert running.end() == 0


def test_how_long_it_took_is_the_estimate_of_the_next_time(waiting: LiveProject) -> None:
    with deploying(waiting) as running:
        running.until("Signal 2 s")
        waiting.signal("waiting")
        assert running.end() == 0
    assert waiting.run("destroy", "--yes").returncode == 0
    with deploying(waiting) as running:
        running.until(r"~\d s left")
        running.until(r"usually \d s")


def test_a_failure_stays_above_the_block(local_aws: TestAws, tmp_path: Path) -> None:
    project = LiveProject(local_aws, empty_project(tmp_path))
    project.sources.template("failing", FAILING)
    project.sources.template("after", AFTER_FAILING)
    with deploying(project, columns=50) as running:
        assert running.end() == 1
    above, _, below = running.shown.partition("1 failed, 1 skipped")
    place = f"Project {project.name} in us-east-1 (the AWS on this machine) "
    assert " ".join(above.split()).startswith(place)
    assert "Signal CREATE_FAILED WaitCondition timed out" in " ".join(above.split())
    assert re.search(r"failing +failed .*\n  after +skipped\n", below)
    assert max(len(line) for line in above.splitlines()) < 50


def test_lines_are_cut_to_the_terminal_also_when_its_size_changes(waiting: LiveProject) -> None:
    with deploying(waiting, columns=80) as running:
        running.until(r"Signal \d s")
        running.resize(30, 24)
        running.until(r"waiting  creating  1 of 2 …")
        running.resize(80, 24)
        running.until(r"Signal \d s")
        waiting.signal("waiting")
        assert running.end() == 0


@pytest.mark.parametrize("answer", ["w", "\r", CTRL_C, "d"])
def test_ctrl_c_asks_whether_to_wait_or_to_detach(waiting: LiveProject, answer: str) -> None:
    with deploying(waiting) as running:
        running.until("Signal")
        running.press(CTRL_C)
        running.until(QUESTION)
        running.press(answer)
        if answer in ("w", "\r"):
            running.until(ANSWERED)
            waiting.signal("waiting")
            assert running.end() == 0
            assert waiting.statuses == {"waiting": "CREATE_COMPLETE"}
        else:
            assert running.end() == 130
            assert f"miztiik-events status --watch --project {waiting.name}" in running.shown
            assert running.shown.rstrip().endswith("\nDetached.")
            assert waiting.statuses == {"waiting": "CREATE_IN_PROGRESS"}
            assert running.screen.is_cursor_shown


def test_a_ctrl_c_that_is_ignored_from_the_start_stays_ignored(waiting: LiveProject) -> None:
    with deploying(waiting, starter=IGNORING_CTRL_C) as running:
        running.until("Signal 1 s")
        running.press(CTRL_C)
        running.until("Signal 2 s")
        waiting.signal("waiting")
        assert running.end() == 0
    assert QUESTION not in running.raw
    assert waiting.statuses == {"waiting": "CREATE_COMPLETE"}


def test_cancelled_a_creation_is_deleted_again(waiting: LiveProject) -> None:
    with deploying(waiting) as running:
        running.until("Signal")
        running.press(CTRL_C)
        running.until(QUESTION)
        running.press("c")
        assert running.end() == 130
    assert "its creation is cancelled: it is being deleted" in " ".join(running.shown.split())
    assert re.search(
        r"  waiting  cancelled .*\nCancelled after .* 1 cancelled\.$", running.shown, re.M
    )
    assert waiting.statuses == {}


def test_cancelled_an_update_is_rolled_back(waiting: LiveProject) -> None:
    waiting.sources.template("waiting", "Resources: {Topic: {Type: AWS::SNS::Topic}}\n")
    assert waiting.deploy().returncode == 0
    # The emulator looks whether it is to go back only before the next resource.
    later = "  Topic: {Type: AWS::SNS::Topic, DependsOn: Signal}\nOutputs:"
    waiting.sources.template("waiting", WAITING.replace("Outputs:", later))
    with deploying(waiting) as running:
        running.until("Signal")
        running.press(CTRL_C)
        running.until(QUESTION)
        running.press("c")
        running.until("its update is cancelled")
        waiting.signal("waiting")
        assert running.end() == 130
    assert re.search(
        r"  waiting  cancelled .*\nCancelled after .* 1 cancelled\.$", running.shown, re.M
    )
    assert waiting.statuses == {"waiting": "UPDATE_ROLLBACK_COMPLETE"}


def test_what_is_typed_meanwhile_does_not_get_into_the_block(waiting: LiveProject) -> None:
    with deploying(waiting) as running:
        running.until("Signal 1 s")
        running.press("typed ahead\n")
        assert "typed" not in running.until("Signal 2 s")


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [((), {"TERM": "dumb"}), (("--output=ndjson",), {})],
    ids=["a terminal that can only print", "records on the same terminal"],
)
def test_where_no_block_can_be_there_is_a_line_for_each_event(
    project: LiveProject, arguments: tuple[str, ...], environment: dict[str, str]
) -> None:
    with deploying(project, *arguments, environment=environment) as running:
        assert running.end() == 0
    assert "Queue  CREATE_COMPLETE" in running.shown
    assert "\x1b[?25l" not in running.raw


@pytest.mark.parametrize(
    ("arguments", "environment"), [(("--no-color",), {}), ((), {"NO_COLOR": "1"})]
)
def test_without_colours_the_block_is_the_same(
    project: LiveProject, arguments: tuple[str, ...], environment: dict[str, Any]
) -> None:
    with deploying(project, *arguments, environment=environment) as running:
        assert running.end() == 0
    assert re.search(r"  queue +created  1 done", running.shown)
    assert not re.search(r"\x1b\[[0-9;]*m", running.raw)
