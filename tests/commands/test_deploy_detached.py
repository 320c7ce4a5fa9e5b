"""`deploy --no-wait`: what can be begun is begun, and the next deploy does the rest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from live_project import WAITING, LiveProject
from small_projects import AFTER_FAILING, empty_project

if TYPE_CHECKING:
    from shared_aws import TestAws

TOPIC = "Resources: {Topic: {Type: AWS::SNS::Topic}}\n"


def test_what_aws_goes_on_with_is_not_waited_for(local_aws: TestAws, tmp_path: Path) -> None:
    project = LiveProject(local_aws, empty_project(tmp_path))
    project.sources.template("waiting", WAITING)
    project.sources.template("after", AFTER_FAILING)
    project.sources.template("topic", TOPIC)
    begun = project.deploy("--no-wait")
    assert begun.returncode == 0
    assert project.statuses.keys() == {"waiting", "topic"}
    assert project.statuses["waiting"] == "CREATE_IN_PROGRESS"
    assert f"{project.name}-after  needs waiting first" in begun.stderr
    watch, again = begun.stderr.splitlines()[-2:]
    assert watch.endswith(f"miztiik-events status --watch --project {project.name}")
    assert again == f"Next, when it is done: miztiik-events deploy --project {project.name}"
    # What is under way is left alone.
    assert project.deploy("--no-wait").returncode == 0
    project.signal("waiting")
    assert project.deploy().returncode == 0
    assert set(project.statuses.values()) == {"CREATE_COMPLETE"}
    assert len(project.statuses) == 3
