"""What people are used to from other programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import click_version
import command_line
from live_project import LiveProject
from miztiik_events.main import cli
from shared_aws import TestAws
from small_projects import FAILING, empty_project


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("deplyo", "deploy"),
        ("stat", "status"),
        ("Start", "start-analytics"),
        ("result", "results"),
        ("local strat", "start"),
    ],
)
def test_a_mistyped_command_gets_a_guess(typed: str, meant: str) -> None:
    refused = CliRunner().invoke(cli, typed.split())
    assert refused.exit_code == 2
    assert f"Did you mean {meant}?" in refused.output


@click_version.QUOTES_OPTIONS
@pytest.mark.parametrize(
    ("typed", "said"),
    [("--store", "Did you mean '--stores'?"), ("--rtae", "Did you mean '--rate'?")],
)
def test_a_mistyped_option_gets_the_likely_ones_alone(typed: str, said: str) -> None:
    done = command_line.run({}, "produce", typed, "5")
    assert done.returncode == 2
    assert done.stderr.rstrip().endswith(f"Error: No such option '{typed}'. {said}")


def test_what_is_like_nothing_gets_none() -> None:
    assert "Did you mean" not in CliRunner().invoke(cli, ["xyzzy"]).output


@pytest.mark.parametrize("words", [["-V"], ["--version"], ["version"]])
def test_the_version_is_where_people_look_for_it(words: list[str]) -> None:
    assert CliRunner().invoke(cli, words).output.startswith("miztiik-events, version ")


def test_shared_options_may_stand_before_the_command(tmp_path: Path) -> None:
    sources = empty_project(tmp_path)
    sources.template("topic", "Resources: {Topic: {Type: AWS::SNS::Topic}}")

    def packaged(*before: str, after: tuple[str, ...] = ()) -> str:
        words = ["package", "--output-dir", str(tmp_path / "out"), *sources.options, *after]
        done = CliRunner().invoke(cli, [*before, *words])
        assert done.exit_code == 0, done.output
        return done.stdout

    assert "early-topic.json" in packaged("--project", "early")
    assert "late-topic.json" in packaged("--project", "early", after=("--project=late",))
    for before, after in ((("-o", "json"), ()), (("--json",), ()), ((), ("-ojson",))):
        assert json.loads(packaged("-q", *before, after=after))
    refused = CliRunner().invoke(cli, ["--project", "7up", "status"])
    assert (refused.exit_code, "letters, digits" in refused.output) == (2, True)


def test_with_json_an_error_is_an_object_on_stdout(local_aws: TestAws, tmp_path: Path) -> None:
    unknown = command_line.run({}, "deploy", "straem", "--json")
    assert json.loads(unknown.stdout)["error"]["exit_code"] == 2
    assert "Did you mean stream?" in unknown.stderr
    usage = command_line.run({}, "deploy", "--json", "--only")
    assert json.loads(usage.stdout)["error"] == {
        "message": "--only needs the names of stacks",
        "exit_code": 2,
    }
    for words in (("-o", "json", "deplyo"), ("status", "--nonsense", "--output=json")):
        early = command_line.run({}, *words)
        assert json.loads(early.stdout)["error"]["exit_code"] == early.returncode == 2
    project = LiveProject(local_aws, empty_project(tmp_path))
    project.sources.template("failing", FAILING)
    failed = project.deploy("--output=json")
    cause = json.loads(failed.stdout)["error"]["root_cause"]
    assert (failed.returncode, cause["logical_id"]) == (1, "Signal")
    # What has its own object on stdout says it there.
    differs = project.deploy("--output=json", "--plan", "--exit-code")
    assert (differs.returncode, "stacks" in json.loads(differs.stdout)) == (3, True)
