"""`destroy`: killed at several points and run again, and run twice at once."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leftover import left
from live_project import LiveProject, said
from small_projects import queue_project

if TYPE_CHECKING:
    from shared_aws import TestAws


@pytest.fixture
def project(local_aws: TestAws, tmp_path: Path) -> LiveProject:
    """Three stacks, some objects, and a log group that no stack holds."""
    project = LiveProject(local_aws, queue_project(tmp_path))
    assert project.deploy().returncode == 0
    bucket = project.physical_id("artifacts", "Bucket")
    for number in range(20):
        local_aws.client("s3").put_object(Bucket=bucket, Key=str(number), Body=b"one")
    local_aws.client("logs").create_log_group(logGroupName=f"{project.name}-stream-Log")
    return project


@pytest.mark.parametrize(
    "point",
    [
        "Removal of project",
        "alarm  DELETE_IN_PROGRESS",
        "queue  DELETE_IN_PROGRESS",
        "object versions deleted",
        "artifacts  deleted",
        "log group deleted",
    ],
)
def test_killed_at_any_point_and_run_again_it_finishes(project: LiveProject, point: str) -> None:
    killed = project.start("destroy", "--yes")
    said(killed, point)
    killed.kill()
    killed.communicate(timeout=30)
    # It may have come to its end before the signal came.
    assert killed.returncode in (-signal.SIGKILL, 0)
    again = project.run("destroy", "--yes")
    assert again.returncode == 0, again.stderr
    assert left(project) == []


def test_two_at_once_both_end_well(project: LiveProject) -> None:
    both = [project.start("destroy", "--yes") for _ in range(2)]
    for process in both:
        _, told = process.communicate(timeout=60)
        assert process.returncode == 0, told
    assert left(project) == []
