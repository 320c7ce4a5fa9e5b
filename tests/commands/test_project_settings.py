"""miztiik-events.yaml in force: what goes before it, what it is for, what it refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from live_project import LiveProject
from miztiik_events import text
from miztiik_events.commands.deploy_options import deploy_options
from miztiik_events.commands.options import source_options
from miztiik_events.commands.shared_options import Options, assign_variables, shared_options
from miztiik_events.deploy.project import Settings
from miztiik_events.main import cli
from shared_aws import TestAws
from small_projects import ARTIFACTS, SmallProject, empty_project, queue_project

FILE = """\
name: shop
templates: templates
functions: functions
region: eu-west-1
parameters:
  Patience: 40
tags: {team: red}
environments:
  prod:
    region: eu-central-1
    parameters: {Patience: 50}
"""


@click.command("probe")
@deploy_options
@source_options
@shared_options
def probe(
    options: Options, settings: Settings, limits: object, templates: Path, functions: Path
) -> None:
    given = {"project": options.project, "region": options.region, "templates": str(templates)}
    print(json.dumps({**given, "tags": settings.tags, "parameters": settings.overrides}))


assign_variables(probe, "probe")


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallProject:
    """A project with a file, and we are in a folder of it."""
    sources = queue_project(tmp_path)
    (tmp_path / "miztiik-events.yaml").write_text(FILE)
    monkeypatch.chdir(sources.templates)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return sources


def run(*arguments: str, **variables: str) -> Result:
    return CliRunner(env=variables).invoke(probe, arguments)


def given(*arguments: str, **variables: str) -> Mapping[str, object]:
    result = run(*arguments, **variables)
    assert result.exit_code == 0, result.output
    answer: Mapping[str, object] = json.loads(result.output)
    return answer


def test_the_file_gives_what_would_be_options(sources: SmallProject) -> None:
    assert given() == {
        "project": "shop",
        "region": "eu-west-1",
        "templates": str(sources.templates),
        "tags": {"team": "red"},
        "parameters": {"Patience": "40"},
    }
    assert text.command("deploy", "shop") == "miztiik-events deploy"


def test_the_command_line_goes_before_variables_before_the_environment_before_the_file(
    sources: SmallProject,
) -> None:
    region = "MIZTIIK_EVENTS_REGION"
    assert given("--env=prod")["region"] == "eu-central-1"
    assert given("--env=prod", **{region: "us-east-1"})["region"] == "us-east-1"
    assert given("--region=sa-east-1", **{region: "us-east-1"})["region"] == "sa-east-1"
    # AWS's own variable is looked at where the session is made.
    assert given(AWS_REGION="us-west-2")["region"] is None
    assert given(MIZTIIK_EVENTS_ENV="prod")["project"] == "shop-prod"
    assert text.command("deploy", "shop-prod") == "miztiik-events deploy --env prod"


def test_parameters_and_tags_are_merged_name_by_name(sources: SmallProject) -> None:
    both = given("-p", "Other=1", "--tags", "team=blue", "--env=prod")
    assert both["parameters"] == {"Patience": "50", "Other": "1"}
    assert both["tags"] == {"team": "blue"}
    assert given("-p", "Patience=60", "--env=prod")["parameters"] == {"Patience": "60"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--env", "prd"), "There is no environment prd. Did you mean prod? There are: prod"),
        (("--project", "shop-prod"), "shop-prod is another environment of"),
    ],
)
def test_a_choice_that_is_none_is_refused(
    sources: SmallProject, arguments: tuple[str, ...], said: str
) -> None:
    result = run(*arguments)
    assert said in result.output + str(result.exception)


def test_an_environment_needs_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "--env needs a miztiik-events.yaml; there is none from" in run("--env=prod").output


def test_a_name_that_no_project_can_have_is_told_with_its_line(sources: SmallProject) -> None:
    path = sources.folder / "miztiik-events.yaml"
    path.write_text("name: 7up\n")
    assert f"({path}:1)" in " ".join(run().output.split())


def test_a_parameter_that_no_template_has_is_told_with_its_line(sources: SmallProject) -> None:
    path = sources.folder / "miztiik-events.yaml"
    path.write_text(FILE.replace("Patience: 40", "Patients: 40"))
    result = CliRunner().invoke(cli, ["deploy"])
    assert str(result.exception) == (
        f"{path}:6: No template has a parameter Patients. Did you mean Patience? "
        "There are: ArtifactBucket, OneCode, Patience, QueueArn"
    )


def test_what_calls_no_aws_checks_and_writes_the_files_values(sources: SmallProject) -> None:
    out = str(sources.folder / "out")
    done = CliRunner().invoke(cli, ["package", "--output-dir", out, "--env=prod"])
    assert done.exit_code == 0, done.output
    assert "Patience=50" in (sources.folder / "out" / "deploy.sh").read_text()
    path = sources.folder / "miztiik-events.yaml"
    path.write_text(FILE.replace("Patience: 40", "Patience: long"))
    for command in ("validate", "graph", "doctor", "deploy"):
        said = str(CliRunner().invoke(cli, [command]).exception)
        assert said.startswith(f"{path}:6: 'long' is not a number"), command


def test_a_folder_out_of_the_file_is_none_that_somebody_gave(sources: SmallProject) -> None:
    # Of the commands that take templates for one purpose alone.
    said = str(CliRunner(env={"AWS_EC2_METADATA_DISABLED": "true"}).invoke(cli, ["status"]).output)
    assert "--templates needs --why" not in said
    given = CliRunner().invoke(cli, ["status", "--templates", str(sources.templates)])
    assert "--templates needs --why" in given.output


def test_what_has_no_project_of_its_own_needs_no_good_file(sources: SmallProject) -> None:
    (sources.folder / "miztiik-events.yaml").write_text("nonsense: 1\n")
    assert CliRunner().invoke(cli, ["local", "status"]).exit_code == 0
    assert "nonsense: no such setting" in str(CliRunner().invoke(cli, ["validate"]).exception)


def test_a_deploy_from_other_templates_is_refused(local_aws: TestAws, tmp_path: Path) -> None:
    project = LiveProject(local_aws, queue_project(tmp_path))
    assert project.deploy().returncode == 0
    # The folder was forgotten.
    refused = project.run("deploy", "--plan")
    assert refused.returncode == 4
    assert f"only in the project: {project.name}-alarm, {project.name}-queue" in refused.stderr
    assert "data-store" in refused.stderr
    project.sources.template("artifacts-two", ARTIFACTS.replace("ArtifactBucket", "Another"))
    assert project.deploy().returncode == 0
    stack = f"{project.name}-artifacts-two"
    other = LiveProject(local_aws, project.sources, name=f"{project.name}-artifacts")
    for path in other.sources.templates.iterdir():
        path.unlink()
    other.sources.template("two", ARTIFACTS)
    foreign = other.deploy()
    assert foreign.returncode == 4
    assert f"{stack} belongs to project {project.name}" in foreign.stderr
    assert other.deploy("--take-over").returncode == 0


def test_a_renamed_template_is_named_and_what_the_message_advises_replaces_its_stack(
    local_aws: TestAws, tmp_path: Path
) -> None:
    project = LiveProject(local_aws, empty_project(tmp_path))
    renamed = project.sources.template("app", "Resources: {Topic: {Type: AWS::SNS::Topic}}\n")
    assert project.deploy().returncode == 0
    renamed.rename(renamed.with_name("shop.yaml"))
    refused = project.deploy()
    assert (refused.returncode, refused.stdout) == (4, "")
    assert f"only in the project: {project.name}-app\n    only here: shop\n" in refused.stderr
    assert "the same command with --take-over --prune\n" in refused.stderr
    assert project.deploy("--take-over", "--prune", "--yes").returncode == 0
    assert project.statuses == {"shop": "CREATE_COMPLETE"}
