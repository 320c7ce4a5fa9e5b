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
        "imports": [],
        "functions": ["one"],
    }


def test_what_is_imported_and_what_goes_through_a_bucket_is_in_it(tmp_path: Path) -> None:
    bodies = {
        "bucket": "Resources: {A: {Type: B}}\nOutputs: {ArtifactBucket: {Value: x}}",
        "child": "Resources: {A: {Type: B}}",
        "net": "Resources: {A: {Type: B}}\nOutputs: {Id: {Value: x, Export: {Name: net-id}}}",
        "root": "Resources: {A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: "
        "child.yaml}}, B: {Type: C, Properties: {D: !ImportValue net-id}}}",
    }
    (tmp_path / "templates").mkdir()
    (tmp_path / "functions").mkdir()
    for name, body in bodies.items():
        (tmp_path / "templates" / f"{name}.yaml").write_text(body)
    folders = [f"--{name}={tmp_path / name}" for name in ("templates", "functions")]
    text = CliRunner().invoke(cli, ["graph", *folders, "-o", "table"]).output
    assert text.endswith("root\n    ArtifactBucket  from bucket\n    exports  from net\n")
    edges = CliRunner().invoke(cli, ["graph", *folders, "-o", "dot"]).output
    assert '"net" -> "root" [label="exports"];' in edges
