"""`start-analytics` and `stop-analytics` of an application whose code is not there.

That one comes to run is for test_pipeline.py, which has the real one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

import command_line
from audited_project import AuditedProject, audited_project

if TYPE_CHECKING:
    from conftest import TestAws


@pytest.fixture(scope="module")
def project(local_aws: TestAws) -> Iterator[AuditedProject]:
    with audited_project(local_aws) as deployed:
        yield deployed


def test_a_start_that_fails_shows_the_states_and_the_cause(project: AuditedProject) -> None:
    done = project.run("start-analytics")
    assert (done.returncode, done.stdout) == (1, "")
    assert "STARTING" in done.stderr
    assert "did not start; it is READY" in done.stderr
    assert "GetObject" in done.stderr


def test_to_stop_what_is_at_rest_is_no_work(project: AuditedProject) -> None:
    done = project.run("stop-analytics", "--output=json")
    assert done.returncode == 0
    assert json.loads(done.stdout) == {
        "name": project.outputs["AnalyticsApplicationName"],
        "status": "READY",
        "parallelism": 1,
        "version": 1,
    }


@pytest.mark.parametrize("command", ["start-analytics", "stop-analytics"])
def test_before_deploy_it_says_what_comes_first(local_aws: TestAws, command: str) -> None:
    done = command_line.run(local_aws.environment, command, "--project", "nowhere")
    assert done.returncode == 1
    assert "miztiik-events deploy --project nowhere" in done.stderr
