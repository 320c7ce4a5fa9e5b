"""`open`, before there is anything to open, and on the AWS on this machine.

The dashboard of a Flink that runs is opened by tests/local/flink/test_data_plane.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import command_line
from live_project import LiveProject
from small_projects import empty_project
from waiting import until

if TYPE_CHECKING:
    from shared_aws import TestAws

APPLICATION = """\
Resources:
  Application:
    Type: AWS::KinesisAnalyticsV2::Application
    Properties:
      RuntimeEnvironment: FLINK-1_20
      ServiceExecutionRole: arn:aws:iam::000000000000:role/none
Outputs:
  AnalyticsApplicationName: {Value: !Ref Application}
  DashboardName: {Value: sales}
"""


@pytest.fixture
def project(local_aws: TestAws, tmp_path: Path) -> Iterator[LiveProject]:
    project = LiveProject(local_aws, empty_project(tmp_path))
    project.create("analytics", APPLICATION)
    until(lambda: project.statuses["analytics"] == "CREATE_COMPLETE")
    yield project
    local_aws.client("cloudformation").delete_stack(StackName=f"{project.name}-analytics")


def test_flink_has_no_dashboard_before_it_runs(project: LiveProject) -> None:
    done = project.run("open", "flink")
    assert (done.returncode, done.stdout) == (1, "")
    assert "is READY, and has a dashboard while it is RUNNING" in done.stderr
    assert "miztiik-events start-analytics" in done.stderr


@pytest.mark.parametrize("page", ["dashboard", "console"])
def test_the_aws_on_this_machine_has_no_console(project: LiveProject, page: str) -> None:
    done = project.run("open", page)
    assert (done.returncode, done.stdout) == (1, "")
    page = f"miztiik-events open flink --project {project.name}"
    assert done.stderr.endswith(f"has no console. Next: {page}\n")


@pytest.mark.parametrize("page", ["dashboard", "console", "flink"])
def test_before_deploy_it_says_what_comes_first(local_aws: TestAws, page: str) -> None:
    done = command_line.run(local_aws.environment, "open", page, "--project", "nowhere")
    assert done.returncode == 1
    assert "miztiik-events deploy --project nowhere" in done.stderr
