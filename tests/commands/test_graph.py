"""`graph`: which stack takes what from which."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

import many_stacks
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


def test_an_export_and_the_bucket_for_a_large_template_are_lines_too(tmp_path: Path) -> None:
    project = queue_project(tmp_path)
    exported = "Outputs:\n  Arn: {Value: x, Export: {Name: the-queue}}\n"
    project.template("alarm", f"Resources: {{Topic: {{Type: AWS::SNS::Topic}}}}\n{exported}")
    imported = "Properties: {DisplayName: !ImportValue the-queue}"
    topic = f"Resources: {{Topic: {{Type: AWS::SNS::Topic, {imported}}}}}\n"
    project.template("taker", f"{topic}#{'x' * 51_200}\n")
    done = CliRunner().invoke(cli, ["graph", *project.options, "--json"])
    (taker,) = (record for record in json.loads(done.output) if record["stack"] == "taker")
    assert taker["takes"] == {"artifacts": ["ArtifactBucket"]}
    assert taker["imports"] == ["alarm"]


SVG = "{http://www.w3.org/2000/svg}"


def test_in_the_picture_arrows_go_to_the_right_and_no_box_is_over_another(tmp_path: Path) -> None:
    sources = many_stacks.write(tmp_path, many_stacks.Shape())
    done = CliRunner().invoke(cli, ["graph", *sources.options, "-o", "svg"])
    root = ElementTree.fromstring(done.output)
    page, *rectangles = root.findall(f"{SVG}rect")
    names = [text.text for text in root.findall(f"{SVG}text")]
    boxes = {
        name: [float(rectangle.attrib[side]) for side in ("x", "y", "width", "height")]
        for name, rectangle in zip(names, rectangles)
    }
    assert sorted(map(str, boxes)) == sorted(path.stem for path in sources.templates.iterdir())
    for name, (x, y, width, height) in boxes.items():
        assert min(x, y) > 0
        assert x + width < float(page.attrib["width"])
        assert y + height < float(page.attrib["height"])
        for other, (left, top, *_) in boxes.items():
            is_over = x <= left < x + width and y <= top < y + height
            assert not is_over or other == name
    assert boxes["chain-01"][0] < boxes["chain-08"][0] < boxes["join-01"][0] < boxes["end-01"][0]
    labels = [path.findtext(f"{SVG}title") for path in root.findall(f"{SVG}path[@class='arrow']")]
    assert labels.count("Chain08Name") == 13


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
