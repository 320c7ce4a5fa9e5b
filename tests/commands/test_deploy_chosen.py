"""Stacks by name in `deploy` and `destroy`, and stacks whose template is gone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import command_line
from live_project import LiveProject
from small_projects import queue_project

if TYPE_CHECKING:
    from shared_aws import TestAws

TOPIC = "Resources: {Topic: {Type: AWS::SNS::Topic}}\n"
STORE = "Resources: {Store: {Type: AWS::S3::Bucket}}\n"


def test_stacks_are_deployed_and_destroyed_by_name(local_aws: TestAws, tmp_path: Path) -> None:
    project = LiveProject(local_aws, queue_project(tmp_path))
    refused = project.deploy("alarm", "--only")
    assert refused.returncode == 1
    assert f"there is no stack {project.name}-queue, which alarm needs" in refused.stderr
    assert project.deploy("queue").returncode == 0
    assert project.statuses.keys() == {"artifacts", "queue"}
    plan = json.loads(project.deploy("alarm", "--only", "--plan", "--output=json").stdout)
    assert [(stack["template"], stack["fate"]) for stack in plan["stacks"]] == [("alarm", "create")]
    assert project.deploy("alarm", "--only").returncode == 0
    assert project.statuses.keys() == {"artifacts", "queue", "alarm"}

    needed = project.run("destroy", "queue", "--yes")
    assert needed.returncode == 4
    assert f"{project.name}-alarm takes QueueArn from {project.name}-queue" in needed.stderr
    planned = project.run("destroy", "queue", "--plan")
    assert (planned.returncode, f"{project.name}-queue" in planned.stdout) == (4, True)
    mistyped = project.run("destroy", "qeue", "--yes")
    assert (mistyped.returncode, "Did you mean queue?" in mistyped.stderr) == (2, True)
    assert project.run("destroy", "alarm", "queue", "--yes").returncode == 0
    assert project.statuses.keys() == {"artifacts"}


def test_a_stack_without_a_template_is_named_and_pruned(local_aws: TestAws, tmp_path: Path) -> None:
    project = LiveProject(local_aws, queue_project(tmp_path))
    paths = [project.sources.template("report", TOPIC), project.sources.template("store", STORE)]
    assert project.deploy().returncode == 0
    assert project.deploy("--prune", "--yes").returncode == 0
    report, store = f"{project.name}-report", f"{project.name}-store"
    paths[0].unlink()
    said = project.deploy().stderr.splitlines()[0]
    assert said.startswith(f"Without a template any more, and left alone: {report}. To delete: ")
    assert f"left alone: {report}" in project.deploy("--plan").stdout
    plan = project.deploy("--plan", "--prune", "--exit-code")
    assert plan.returncode == 3
    assert f"{report}  delete\n  -  Topic  AWS::SNS::Topic" in plan.stdout
    assert project.deploy("--prune").returncode == 2
    assert "report" in project.statuses
    assert project.deploy("--prune", "--yes").returncode == 0
    assert "report" not in project.statuses

    paths[1].unlink()
    kept = project.deploy("--prune", "--yes")
    assert kept.returncode == 4
    assert f"{store}  Store  AWS::S3::Bucket" in kept.stderr
    assert project.deploy("--prune", "--yes", "--with-data").returncode == 0
    assert project.statuses.keys() == {"artifacts", "queue", "alarm"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("deploy", "--only"), "--only needs the names of stacks"),
        (("deploy", "--with-data"), "--with-data needs --prune"),
        (("deploy", "--prune", "stream"), "--prune is for a whole project"),
        (("destroy", "stream", "--keep-data"), "--keep-data is for a whole project"),
        (("deploy", "straem"), "Did you mean stream?"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_call(
    arguments: tuple[str, ...], said: str
) -> None:
    done = command_line.run({}, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
