"""`graph`: which stack takes what from which."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from miztiik_events.main import cli
from small_projects import queue_project

TEXT = """\
artifacts
queue
    ArtifactBucket  from artifacts
    code of functions/one
alarm
    QueueArn  from queue
"""
DOT = """\
digraph stacks {
  rankdir=LR; node [shape=box];
  "artifacts";
  "queue";
  "artifacts" -> "queue" [label="ArtifactBucket"];
  "alarm";
  "queue" -> "alarm" [label="QueueArn"];
}
"""


@pytest.mark.parametrize(("form", "shown"), [("table", TEXT), ("dot", DOT)])
def test_it_is_shown_to_a_person_and_to_graphviz(tmp_path: Path, form: str, shown: str) -> None:
    done = CliRunner().invoke(cli, ["graph", *queue_project(tmp_path).options, "-o", form])
    assert (done.exit_code, done.output) == (0, shown)


def test_a_program_gets_it_as_data(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["graph", *queue_project(tmp_path).options, "--json"])
    assert json.loads(done.output)[1] == {
        "stack": "queue",
        "takes": {"artifacts": ["ArtifactBucket"]},
        "functions": ["one"],
    }
