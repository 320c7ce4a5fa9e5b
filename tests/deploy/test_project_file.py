"""miztiik-events.yaml: what it says, for which environment, and where it is wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from miztiik_events.deploy import project_file
from miztiik_events.deploy.project_file import ProjectFile
from miztiik_events.errors import ConfigurationError

FILE = """\
name: shop
templates: stacks
region: eu-west-1
parameters:
  Size: 3
  Zones: [a, b]
  Flag: true
tags: {team: red}
environments:
  prod:
    region: eu-central-1
    parameters: {Size: 007}
  test:
    name: trial
  bare:
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "stacks").mkdir()
    path = tmp_path / project_file.NAME
    path.write_text(FILE)
    return path


def texts(values: object) -> dict[str, str]:
    assert isinstance(values, dict)
    return {name: value.text for name, value in values.items()}


def test_it_is_found_from_the_folders_below(path: Path) -> None:
    below = path.parent / "stacks" / "deep"
    below.mkdir()
    assert project_file.find(below) == path
    assert project_file.find(path.parent) == path


def test_one_that_somebody_else_put_above_is_not_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: me + 1)
    if me:
        with pytest.raises(ConfigurationError, match="belongs to another user"):
            project_file.find(path.parent / "stacks")
    assert project_file.find(path.parent) == path


def test_one_that_would_be_passed_over_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "miztiik-events.yml"
    other.write_text(FILE)
    with pytest.raises(
        ConfigurationError, match=r"\.yml is not read. Next: call it miztiik-events"
    ):
        project_file.find(tmp_path / "functions")
    other.unlink()
    (tmp_path / project_file.NAME).symlink_to("nowhere")
    with pytest.raises(ConfigurationError, match="is a link to nowhere"):
        project_file.find(tmp_path)


def test_templates_may_be_a_folder_with_those_below(path: Path) -> None:
    path.write_text(FILE.replace("stacks", "stacks/**"))
    assert project_file.read(path).settings["templates"].text == str(path.parent / "stacks/**")


def test_values_are_the_texts_that_stand_there(path: Path) -> None:
    file = project_file.read(path)
    assert texts(file.settings) == {
        "name": "shop",
        "region": "eu-west-1",
        "templates": str(path.parent / "stacks"),
    }
    assert texts(file.parameters) == {"Size": "3", "Zones": "a,b", "Flag": "true"}
    assert file.parameters["Zones"].place == f"{path}:6"
    assert texts(file.tags) == {"team": "red"}


def test_an_environment_goes_before_the_file_and_has_a_name_of_its_own(path: Path) -> None:
    assert project_file.environments(path) == ["bare", "prod", "test"]
    prod = project_file.read(path, "prod")
    assert prod.settings["name"].text == "shop-prod"
    assert prod.settings["region"].text == "eu-central-1"
    assert texts(prod.parameters) == {"Size": "007", "Zones": "a,b", "Flag": "true"}
    assert project_file.read(path, "bare").settings["name"].text == "shop-bare"
    assert project_file.read(path, "test").settings["name"].text == "trial"


def refused(file: ProjectFile, name: str) -> str:
    with pytest.raises(ConfigurationError) as error:
        project_file.refuse_other_name(file, name)
    return str(error.value)


def test_the_name_of_another_environment_is_no_project_for_these_parameters(path: Path) -> None:
    assert refused(project_file.read(path), "shop-prod").endswith("give --env prod")
    assert refused(project_file.read(path, "prod"), "shop").endswith("leave --env out")
    for name in ("shop-prod", "elsewhere"):
        project_file.refuse_other_name(project_file.read(path, "prod"), name)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ": the file is empty"),
        ("region: x", ": it has no name"),
        ("name: x\nregoin: y", ":2: regoin: no such setting. Did you mean region?"),
        ("name: x\ncolour: y", ":2: colour: no such setting. There are: name, region,"),
        ("name: x\nenvironments:\n  a:\n    zone: y", ":4: zone: no such setting"),
        ("name: x\nname: y", ":2: name is given twice"),
        ("name: x\ntemplates: nowhere", ":2: templates: there is no folder nowhere"),
        ("name: x\nparameters:\n  A:", ":3: parameters: A: it has no value"),
        (
            "name: x\nparameters:\n  A: !Ref B",
            ":3: parameters: A: a value belongs here, and !Ref is",
        ),
        ("name: x\nparameters:\n  A: {b: c}", ":3: parameters: A: a value belongs here"),
        ("name: x\nparameters: 3", ":2: parameters: expected a mapping"),
        ("name: x\nenvironments: [a]", ":2: environments: expected a mapping"),
        ("name: x\n? [a]\n: b", ":2: the file: a name belongs here"),
        ("- x", ":1: the file: expected a mapping"),
        ("name: [", ":2: not valid YAML"),
        ("name: &a [*a]", ":1: name: one value belongs here"),
        ("name: x\nregion: [a]", ":2: region: one value belongs here"),
        ("name: x\nparameters:\n  A: [[b]]", ":3: parameters: A: expected plain values in this"),
        ("name: x\nenvironments: {a: {environments: {}}}", ":2: environments: no such setting"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(path: Path, text: str, said: str) -> None:
    path.write_text(text)
    with pytest.raises(ConfigurationError) as error:
        project_file.read(path)
    assert str(error.value).startswith(f"{path}{said}")


def test_another_encoding_is_told(path: Path) -> None:
    path.write_bytes("name: caf\xe9".encode("latin-1"))
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        project_file.read(path)
