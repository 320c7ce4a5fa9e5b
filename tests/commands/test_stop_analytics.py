"""`stop-analytics` while the application is on its way; test_pipeline.py stops one that runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from audited_project import AuditedProject, audited_project

if TYPE_CHECKING:
    from shared_aws import TestAws


@pytest.fixture(scope="module")
def project(local_aws: TestAws) -> Iterator[AuditedProject]:
    with audited_project(local_aws) as deployed:
        yield deployed


@pytest.fixture
def starting(project: AuditedProject) -> AuditedProject:
    """Its code is not there: the start that is under way comes to nothing."""
    assert json.loads(project.run("start-analytics", "--no-wait").stdout)["status"] == "STARTING"
    return project


def test_a_start_that_is_under_way_is_waited_for(starting: AuditedProject) -> None:
    done = starting.run("stop-analytics")
    assert done.returncode == 0
    states = [line.split()[-1] for line in done.stderr.splitlines() if " s  " in line]
    # On a slow machine the start is over before the first look.
    assert states in (["STARTING", "READY"], ["READY"])
    assert json.loads(done.stdout)["status"] == "READY"


def test_by_force_a_start_is_broken_off(starting: AuditedProject) -> None:
    done = starting.run("stop-analytics", "--force", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["status"] == "READY"


def test_without_waiting_it_only_asks(starting: AuditedProject) -> None:
    done = starting.run("stop-analytics", "--force", "--no-wait", "--output=table")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split()[:4] == ["Name", "Status", "Parallelism", "Version"]
    # READY when it was over before it was asked for.
    assert "FORCE_STOPPING" in done.stdout or "READY" in done.stdout
    assert starting.run("stop-analytics").returncode == 0


def test_at_rest_there_is_nothing_to_ask_for(project: AuditedProject) -> None:
    done = project.run("stop-analytics", "--force", "--no-wait")
    assert done.returncode == 0
    assert json.loads(done.stdout)["status"] == "READY"


def test_no_time_at_all_is_a_wrong_usage(project: AuditedProject) -> None:
    done = project.run("stop-analytics", "--timeout=0")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'--timeout'" in done.stderr
