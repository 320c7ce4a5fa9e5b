"""`deploy` asks before something is removed or replaced, and whenever it is told to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import terminal
from live_project import LiveProject
from small_projects import empty_project

if TYPE_CHECKING:
    from shared_aws import TestAws

TWO = "Resources: {One: {Type: AWS::SNS::Topic}, Two: {Type: AWS::SNS::Topic}}\n"
ONE = "Resources: {One: {Type: AWS::SNS::Topic}}\n"


def test_what_would_be_removed_is_shown_and_asked_for(local_aws: TestAws, tmp_path: Path) -> None:
    project = LiveProject(local_aws, empty_project(tmp_path))
    project.sources.template("topics", TWO)

    def typed(answer: str, *arguments: str) -> tuple[int, str]:
        words = ("deploy", "--project", project.name, *project.sources.options, *arguments)
        return terminal.run(project.aws.environment, *words, typed=answer)

    # Nothing can be lost by a first deploy.
    code, screen = typed("")
    assert (code, "Deploy this?" in screen) == (0, False)
    project.sources.template("topics", ONE)
    code, screen = typed("n\n")
    assert code == 130
    assert "-  Two  AWS::SNS::Topic" in screen
    assert project.statuses == {"topics": "CREATE_COMPLETE"}
    assert project.deploy("--confirm").returncode == 2
    assert typed("y\n")[0] == 0
    assert project.statuses == {"topics": "UPDATE_COMPLETE"}
    # What adds something is asked for when one says so.
    project.sources.template("topics", TWO)
    code, screen = typed("n\n", "--confirm")
    assert (code, "+  Two  AWS::SNS::Topic" in screen) == (130, True)
    code, screen = typed("", "--confirm", "--yes")
    assert (code, "Deploy this?" in screen) == (0, False)
    project.sources.template("topics", ONE)
    assert typed("", "--no-confirm")[0] == 0


def test_nothing_is_drawn_in_ci(local_aws: TestAws, tmp_path: Path) -> None:
    project = LiveProject(local_aws, empty_project(tmp_path))
    project.sources.template("topics", TWO)
    words = ("deploy", "--project", project.name, *project.sources.options, "--no-color")
    environment = {**project.aws.environment, "CI": "true"}
    code, screen = terminal.run(environment, *words, typed="")
    assert (code, "\x1b" in screen) == (0, False)
    assert f"{project.name}-topics  created" in screen
