"""The options of `deploy`, read without AWS: files of parameters in each form, and tags."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from miztiik_events.commands.deploy_options import deploy_options
from miztiik_events.deploy.project import Settings


@click.command()
@deploy_options
def command(settings: Settings, limits: object) -> None:
    for name, value in {**settings.overrides, **settings.tags}.items():
        click.echo(f"{name}={value}")


def read(*arguments: str | Path) -> Any:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def written(folder: Path, content: str, name: str = "values.json") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(content)
    return path


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ('{"A": 1.10, "B": 1e3, "C": true}', "A=1.10\nB=1e3\nC=true\n"),
        ('{"A": 123456789012345678901234567890.0}', "A=123456789012345678901234567890.0\n"),
        ('{"A": ["x", 2]}', "A=x,2\n"),
        ('[{"ParameterKey": "A", "UsePreviousValue": true}]', ""),
        ('["A=b=c"]', "A=b=c\n"),
    ],
)
def test_a_value_is_the_text_that_stands_in_the_file(
    tmp_path: Path, content: str, shown: str
) -> None:
    assert read("-p", written(tmp_path, content)).output == shown


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("values.yaml", "template: {path: a.yaml}\nparameters:\n  A: 1\n  B: [x, y]\n"),
        ("values.yaml", "Parameters:\n  A: 1\n  B: x,y\nTags: {C: d}\n"),
        (
            "values.json",
            '{"StackName": "s", "Parameters": [{"ParameterKey": "A", '
            '"ParameterValue": "1"}, {"ParameterKey": "B", "ParameterValue": "x,y"}]}',
        ),
        ("values.env", "# of dev\nexport A=1\n\nB='x,y'\n"),
        ("values.properties", "A = 1\nB=x,y\n"),
        ("values.params", '{"A": 1, "B": "x,y"}'),
    ],
)
def test_values_may_be_in_the_files_of_other_tools(tmp_path: Path, name: str, content: str) -> None:
    assert read("-p", f"file://{written(tmp_path, content, name)}").output == "A=1\nB=x,y\n"


def test_values_may_be_written_as_for_the_aws_cli() -> None:
    assert read("-p", "ParameterKey=A,ParameterValue=b=c,d").output == "A=b=c,d\n"
    assert read("--tags", "Key=team,Value=a b").output == "team=a b\n"
    # Each in its own place.
    assert read("-p", "Key=a,Value=b").output == "Key=a,Value=b\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "there is nothing in it"),
        ("A=1\n[default]\n", "line 2 is not NAME=VALUE"),
        ("=1\n", "line 1 is not NAME=VALUE"),
    ],
)
def test_a_file_of_lines_is_told_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    refused = read("-p", f"file://{written(tmp_path, content, 'values.toml')}")
    assert refused.exit_code == 2
    assert f"values.toml: {message}" in " ".join(refused.output.split())


def test_a_path_may_have_what_stands_in_a_value(tmp_path: Path) -> None:
    path = written(tmp_path / "a=b", '{"A": "1"}', "values.params")
    assert read("-p", f"file://{path}").output == "A=1\n"
    # Without file:// it is the value of a parameter.
    assert read("-p", "Config=prod.json").output == "Config=prod.json\n"


@pytest.mark.parametrize(
    ("arguments", "content", "message"),
    [
        (["-p"], '{"A": null}', "values.json: A is nothing (null): give a value"),
        (["-p"], '{"A": {"B": 1}}', "values.json: A is an object: give a value"),
        (["-p"], '{"A" 1}', "values.json: Expecting ':' delimiter"),
        (["-p"], '["A"]', "values.json has no parameters"),
        (["--tags"], '{"Tags": {"a": ""}}', "tag a: its value has to have 1 to 256 characters"),
        (["--tags"], '{"aws:a": "b"}', "tag aws:a: names that begin with aws: are AWS's own"),
        (["--tags"], '{"' + "a" * 129 + '": "b"}', "its name may have up to 128 characters"),
        (
            ["--tags"],
            "{" + ",".join(f'"t{number}": "x"' for number in range(49)) + "}",
            "there are 49 tags, and a stack takes 48 beside the two of this program",
        ),
        (["A=1", "-p"], '{"B": "2"}', "A=1 is no stack. A value has a -p of its own: -p A=1"),
    ],
)
def test_what_is_wrong_is_told_with_its_name_before_any_call(
    tmp_path: Path, arguments: list[str], content: str, message: str
) -> None:
    refused = read(*arguments, written(tmp_path, content))
    assert refused.exit_code == 2
    assert message in " ".join(refused.output.split())


@pytest.mark.parametrize(("typed", "shown"), [("\xe9", "A=\xe9"), ("\udcc3\udca9", "A=\xe9")])
def test_what_is_typed_is_utf_8_in_every_locale(typed: str, shown: str) -> None:
    assert read("-p", f"A={typed}").output.splitlines() == [shown]


def test_what_is_typed_in_another_encoding_is_refused() -> None:
    refused = read("-p", "A=caf\udce9")
    assert refused.exit_code == 2
    assert "caf\\xe9 is not UTF-8" in refused.output
