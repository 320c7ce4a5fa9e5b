"""What `package` writes deploys the whole project with the AWS CLI; deploy.sh is no less exact."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import aws_cli
import command_line
from small_projects import QUEUE, SmallProject, queue_project

if TYPE_CHECKING:
    from shared_aws import TestAws

# Notes how it was called, tells two outputs, and fails for the stack that is to fail.
STAND_IN = """\
#!/bin/sh
echo "$*" >>"$CALLS"
case "$*" in
  *describe-stacks*) printf 'ArtifactBucket\\tthe-bucket\\nQueueArn\\tthe arn\\n' ;;
  *"--stack-name ${FAILING:-none}"*) exit 255 ;;
esac
"""


@pytest.fixture(scope="module")
def aws_folder() -> Path:
    """The folder of the program `aws`."""
    return aws_cli.folder()


def package(folder: Path, *arguments: str) -> Path:
    """A folder of what `package` wrote."""
    target = folder / "out"
    done = command_line.run({}, "package", f"--output-dir={target}", *arguments)
    assert done.returncode == 0, done.stderr
    return target


def run_script(
    folder: Path, path: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """deploy.sh with the program `aws` of `path`."""
    return subprocess.run(
        [folder / "deploy.sh", *arguments],
        env={**command_line.NO_SETTINGS, "PATH": f"{path}:{os.environ['PATH']}", **variables},
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.mark.scenario
def test_the_aws_cli_deploys_the_whole_project_as_we_do(
    local_aws: TestAws, aws_folder: Path, tmp_path: Path
) -> None:
    project = f"--project=by-aws-{uuid.uuid4().hex[:8]}"
    folder = package(tmp_path, project)
    done = run_script(folder, aws_folder, "WindowSeconds=10", **local_aws.environment)
    assert done.returncode == 0, done.stderr
    given = ("--parameter-overrides", "WindowSeconds=10", "--output=ndjson")
    deployed = command_line.run(local_aws.environment, "deploy", project, *given)
    assert deployed.returncode == 0, deployed.stderr
    result = json.loads(deployed.stdout.splitlines()[-1])
    assert (result["type"], result["outcomes"].keys()) == ("result", {"unchanged"})
    # Its schedules and pollers would go on for as long as the tests' AWS.
    destroyed = command_line.run(local_aws.environment, "destroy", project, "--yes")
    assert destroyed.returncode == 0, destroyed.stderr


CONDITIONAL = """\
Parameters:
  Extra: {Type: String, Default: "no"}
Conditions:
  HasExtra: !Equals [!Ref Extra, "yes"]
Resources:
  Bucket: {Type: AWS::S3::Bucket}
Outputs:
  ArtifactBucket: {Value: !Ref Bucket}
  ExtraName: {Condition: HasExtra, Value: extra}
"""
PARENT = """\
Parameters:
  ExtraName: {Type: String, Default: "none of it"}
Resources:
  Name: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !Ref ExtraName}}
  Nested: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: nested/child.yaml}}
Outputs:
  Value: {Value: !GetAtt Name.Value}
"""
CHILD = "Resources:\n  Topic: {Type: AWS::SNS::Topic}\n"


@pytest.mark.scenario
def test_the_aws_cli_deploys_nested_and_large_templates_and_defaults_of_missing_outputs(
    local_aws: TestAws, aws_folder: Path, tmp_path: Path
) -> None:
    sources = SmallProject(tmp_path)
    (sources.templates / "nested").mkdir(parents=True)
    (tmp_path / "functions").mkdir(exist_ok=True)
    sources.template("first", CONDITIONAL)
    sources.template("parent", PARENT)
    sources.template("nested/child", CHILD)
    sources.template("large", CHILD + "# filling\n" * 6000)
    project = f"--project=by-aws-{uuid.uuid4().hex[:8]}"
    folder = package(tmp_path, project, *sources.options)
    for arguments, value in (((), "none of it"), (("Extra=yes",), "extra")):
        done = run_script(folder, aws_folder, *arguments, **local_aws.environment)
        assert done.returncode == 0, done.stderr
        outputs = command_line.run(local_aws.environment, "outputs", project, "--output=json")
        assert json.loads(outputs.stdout)["Value"] == value


@pytest.fixture
def sources(tmp_path: Path) -> SmallProject:
    return queue_project(tmp_path)


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """The folder of a program `aws` that notes in `calls` beside it how it was called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "aws").write_text(STAND_IN)
    (folder / "aws").chmod(0o755)
    return folder


def calls(folder: Path, stand_in: Path, *arguments: str, failing: str = "") -> list[str]:
    noted = stand_in / "calls"
    done = run_script(folder, stand_in, *arguments, CALLS=str(noted), FAILING=failing)
    assert done.returncode == (255 if failing else 0), done.stderr
    return noted.read_text().splitlines()


def test_the_script_gives_each_stack_the_outputs_of_those_before(
    sources: SmallProject, stand_in: Path, tmp_path: Path
) -> None:
    folder = package(tmp_path, "--project=shop", *sources.options)
    found = calls(folder, stand_in, "Patience=5")
    deployed = [call.partition("--parameter-overrides ")[2] for call in found if " deploy " in call]
    key = json.loads((folder / "shop-queue.json").read_text())["Parameters"]["OneCode"]
    assert deployed == [
        "Patience=5",
        f"ArtifactBucket=the-bucket OneCode={key} Patience=5",
        "QueueArn=the arn Patience=5",
    ]
    first = "cloudformation deploy --template-file templates/artifacts.yaml --stack-name shop-"
    assert found[0].startswith(first)
    assert "--tags miztiik-events:project=shop miztiik-events:template=artifacts" in found[0]
    upload = f"s3 sync . s3://the-bucket --size-only --exclude * --include {key}"
    assert found.index(upload) == 2


def test_the_script_asks_for_no_parameters_where_there_are_none(
    sources: SmallProject, stand_in: Path, tmp_path: Path
) -> None:
    found = calls(package(tmp_path, *sources.options), stand_in)
    assert "--parameter-overrides" not in found[0]


def test_the_script_takes_the_bucket_that_is_a_default(
    sources: SmallProject, stand_in: Path, tmp_path: Path
) -> None:
    (sources.templates / "artifacts.yaml").unlink()
    bucket = "ArtifactBucket: {Type: String, Default: ours}"
    sources.template("queue", QUEUE.replace("ArtifactBucket: {Type: String}", bucket))
    found = calls(package(tmp_path, *sources.options), stand_in)
    assert found[0].startswith("s3 sync . s3://ours ")


def test_what_is_secret_is_in_no_file_and_comes_from_the_environment(
    sources: SmallProject, stand_in: Path, tmp_path: Path
) -> None:
    """Also where the project's file has it."""
    secret = "  Password: {Type: String, NoEcho: true}\nResources:"
    sources.template("queue", QUEUE.replace("Resources:", secret, 1))
    project = sources.folder / "miztiik-events.yaml"
    project.write_text("name: shop\nparameters: {Password: tell-nobody}\n")
    done = subprocess.run(
        [command_line.PROGRAM, "package", f"--output-dir={tmp_path}/out", *sources.options],
        env={**os.environ, **command_line.NO_SETTINGS},
        cwd=sources.folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert not any(b"tell-nobody" in path.read_bytes() for path in files)
    noted = stand_in / "calls"
    missing = run_script(tmp_path / "out", stand_in, CALLS=str(noted))
    assert (missing.returncode, "Password" in missing.stderr) == (2, True)
    given = run_script(tmp_path / "out", stand_in, CALLS=str(noted), Password="by hand")
    assert given.returncode == 0, given.stderr
    assert "Password=by hand" in noted.read_text()


def test_the_script_ends_with_the_first_stack_that_fails(
    sources: SmallProject, stand_in: Path, tmp_path: Path
) -> None:
    folder = package(tmp_path, "--project=shop", *sources.options)
    found = calls(folder, stand_in, failing="shop-queue")
    assert "--stack-name shop-queue" in found[-1]


def test_no_name_gets_out_of_the_words_of_the_script(
    sources: SmallProject, stand_in: Path, tmp_path: Path
) -> None:
    """The templates may be somebody else's: a parameter's name, an output's."""
    (sources.templates / "queue.yaml").unlink()
    attack = "a'$(touch pwned); touch pwned #"
    body = (
        f'Parameters:\n  "{attack}": {{Type: String}}\nResources:\n  R: {{Type: AWS::SNS::Topic}}\n'
    )
    sources.template("evil", body)
    output = f'Resources:\n  R: {{Type: AWS::SNS::Topic}}\nOutputs:\n  "{attack}": {{Value: x}}\n'
    sources.template("first", output)
    sources.template("alarm", "Resources:\n  R: {Type: AWS::SNS::Topic}\n")
    folder = package(tmp_path, "--project=shop", *sources.options)
    found = calls(folder, stand_in)
    assert "templates/evil.yaml --stack-name shop-evil" in "\n".join(found)
    assert f"{attack}=" in "\n".join(found)
    assert not list(tmp_path.rglob("pwned"))
