"""What happens, in words; and where there is no terminal, a line for each."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from live_project import WAITING, LiveProject
from miztiik_events.cloudformation.progress import (
    Note,
    StackBegun,
    StackDone,
    StackEvent,
    is_failure,
    line,
    verb,
)
from small_projects import empty_project, queue_project

if TYPE_CHECKING:
    from shared_aws import TestAws

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
EVENT = StackEvent("1", "s", "Queue", "q", "AWS::SQS::Queue", "CREATE_FAILED", "denied", NOW)


def test_each_event_is_one_line() -> None:
    assert line(EVENT) == "s  Queue  CREATE_FAILED  denied"
    assert line(replace(EVENT, resource="s", reason="")) == "s  CREATE_FAILED"
    assert line(replace(EVENT, reason="two\n lines\x1b[2J")) == (
        r"s  Queue  CREATE_FAILED  two lines\x1b[2J"
    )
    assert line(Note("one", "packaging")) == "one  packaging"
    assert line(StackBegun("s", "create", 3)) == "s  create begins"
    assert line(StackDone("s", "failed", 1.23, "denied")) == "s  failed  (1.2 s)  denied"


def test_failures_and_what_is_skipped_for_them_are_failures() -> None:
    assert is_failure(EVENT)
    assert is_failure(StackDone("s", "failed", 1))
    assert is_failure(StackDone("s", "skipped", 0))
    assert not is_failure(replace(EVENT, status="CREATE_COMPLETE"))
    assert not is_failure(StackDone("s", "cancelled", 1))
    assert not is_failure(Note("s", "failed"))


@pytest.mark.parametrize(
    ("status", "operation"),
    [
        ("CREATE_IN_PROGRESS", "create"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "update"),
        ("DELETE_IN_PROGRESS", "delete"),
        ("CREATE", "create"),
        ("IMPORT_IN_PROGRESS", "update"),
    ],
)
def test_a_status_belongs_to_an_operation(status: str, operation: str) -> None:
    assert verb(status) == operation


def test_without_a_terminal_there_is_a_line_for_each_event_in_their_order(
    local_aws: TestAws, tmp_path: Path
) -> None:
    project = LiveProject(local_aws, queue_project(tmp_path))
    told = project.deploy().stderr
    stack = f"{project.name}-queue"
    lines = [one.partition(" s  ")[2] for one in told.splitlines() if f" {stack} " in one]
    assert lines[:-1] == [
        f"{stack}  CREATE_IN_PROGRESS",
        f"{stack}  Queue  CREATE_IN_PROGRESS",
        f"{stack}  Queue  CREATE_COMPLETE",
        f"{stack}  CREATE_COMPLETE",
    ]
    assert lines[-1].startswith(f"{stack}  created  (")
    assert "begins" not in told
    assert "\x1b" not in told


def test_a_time_out_tells_how_to_watch_what_goes_on(local_aws: TestAws, tmp_path: Path) -> None:
    project = LiveProject(local_aws, empty_project(tmp_path))
    project.sources.template("waiting", WAITING)
    done = project.deploy("--timeout=0.5", "--region=us-east-1")
    assert done.returncode == 124
    assert done.stderr.splitlines()[-2] == (
        f"To watch it: miztiik-events status --watch --project {project.name} --region us-east-1"
    )
