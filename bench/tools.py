"""The tools that are compared: how each is installed, and how it does what is measured.

Each is put into .bench/, or $BENCH_FOLDER, by its registry's own client and is used as its manual
has it: the AWS CLI and SAM stack by stack, by the script that `package` writes; CDK all stacks at
once, as an app.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from miztiik_events.deploy import package, project
from miztiik_events.deploy.project import Draft
from miztiik_events.deploy.wiring import Code, Step

ROOT = Path(__file__).parent.parent
FOLDER = Path(os.environ.get("BENCH_FOLDER", ROOT / ".bench"))
CDK = ("aws-cdk", "aws-cdk-lib", "constructs")
CDK_SETTINGS = {"app": "node app.js", "versionReporting": False, "notices": False}


@dataclass(frozen=True)
class Tool:
    """A tool, and a shell command for each operation; one that it does not have is not there."""

    name: str
    version: str
    prepare: str = ""
    operations: Mapping[str, str] = field(default_factory=dict)


def every() -> list[Tool]:
    """All four, installed when they are not yet."""
    return [_ours(), _awscli(), _sam(), _cdk()]


def environment(aws: Mapping[str, str]) -> dict[str, str]:
    """The variables for every tool: this AWS, no settings of the person, no telemetry."""
    folders = [sys.prefix, *(FOLDER / name for name in ("awscli", "sam", "sceptre", "rain"))]
    modules = [FOLDER / name / "node_modules" / ".bin" for name in ("cdk", "osls")]
    paths = [*(f"{folder}/bin" for folder in folders), *map(str, modules)]
    return {
        "HOME": str(FOLDER),
        # Where the connector jar is kept; none of the others reads it.
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")),
        "PATH": os.pathsep.join([*paths, os.environ["PATH"]]),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "SAM_CLI_TELEMETRY": "0",
        **aws,
    }


def _ours() -> Tool:
    run = "miztiik-events {} --project bench-ours"
    operations = {
        "--help": "miztiik-events --help",
        "--version": "miztiik-events --version",
        "status": run.format("status"),
        "deploy": run.format("deploy"),
        "deploy, no change": run.format("deploy"),
        "destroy": run.format("destroy --yes"),
    }
    return Tool("miztiik-events", said("miztiik-events --version"), "", operations)


def _awscli() -> Tool:
    installed("awscli", "awscli")
    draft, folder = _packaged("aws")
    delete = "aws cloudformation delete-stack --stack-name {0} && "
    delete += "aws cloudformation wait stack-delete-complete --stack-name {0}"
    operations = {
        "--help": "aws help",
        "--version": "aws --version",
        "status": "aws cloudformation describe-stacks",
        "deploy": f"{folder}/deploy.sh",
        "deploy, no change": f"{folder}/deploy.sh",
        "destroy": _for_each(delete, draft),
    }
    return Tool("awscli", said("aws --version"), "", operations)


def _sam() -> Tool:
    installed("sam", "aws-sam-cli")
    draft, folder = _packaged("sam")
    # The two take the same options. The upload and the outputs stay with the AWS CLI.
    script = (folder / "deploy.sh").read_text()
    (folder / "deploy.sh").write_text(script.replace("aws cloudformation deploy", "sam deploy"))
    operations = {
        "--help": "sam --help",
        "--version": "sam --version",
        "status": f"sam list stack-outputs --stack-name {draft.name}-stream",
        "deploy": f"{folder}/deploy.sh",
        "deploy, no change": f"{folder}/deploy.sh",
        "destroy": _for_each("sam delete --no-prompts --region us-east-1 --stack-name {0}", draft),
    }
    return Tool("aws-sam-cli", said("sam --version"), "", operations)


def _cdk() -> Tool:
    if not shutil.which("npm"):
        return Tool("cdk", "not compared: npm, which installs it, is not there")
    folder = installed_modules("cdk", *CDK)
    draft, packaged = _packaged("cdk")
    shutil.copy(Path(__file__).with_name("cdk_app.js"), folder / "app.js")
    (folder / "cdk.json").write_text(json.dumps(CDK_SETTINGS))
    plan = [_for_cdk(draft, step, packaged) for step in draft.steps]
    (folder / "plan.json").write_text(json.dumps(plan))
    deploy = f"cd {folder} && cdk deploy --all --require-approval never --concurrency 8"
    operations = {
        "--help": "cdk --help",
        "--version": "cdk --version",
        "deploy": deploy,
        "deploy, no change": deploy,
        "destroy": f"cd {folder} && cdk destroy --all --force --concurrency 8",
    }
    prepare = f"cd {folder} && cdk bootstrap aws://000000000000/us-east-1"
    return Tool("cdk", said("cdk --version"), prepare, operations)


def _for_cdk(draft: Draft, step: Step, packaged: Path) -> dict[str, object]:
    return {
        "stack": f"{draft.name}-{step.name}",
        "template": step.template.path,
        "parameters": list(step.template.parameters),
        "outputs": list(step.template.outputs),
        "code": {
            name: str(packaged / draft.bundles[source.function].key)
            for name, source in step.sources.items()
            if isinstance(source, Code)
        },
    }


def _packaged(tool: str) -> tuple[Draft, Path]:
    draft, folder = project.draft(f"bench-{tool}"), FOLDER / f"package-{tool}"
    shutil.rmtree(folder, ignore_errors=True)
    package.write(folder, draft.name, draft.steps, draft.bundles)
    return draft, folder


def _for_each(command: str, draft: Draft) -> str:
    """The command for each stack, those that need others first."""
    stacks: Iterable[str] = (f"{draft.name}-{step.name}" for step in reversed(draft.steps))
    return " && ".join(command.format(stack) for stack in stacks)


def installed(folder: str, requirement: str) -> Path:
    """The Python of an environment in .bench/ that has the package."""
    target = FOLDER / folder
    if not target.exists():
        subprocess.run([sys.executable, "-m", "venv", target], check=True)
    python = target / "bin" / "python"
    pip: Sequence[str | Path] = [python, "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--disable-pip-version-check", requirement], check=True)
    return python


def installed_modules(folder: str, *packages: str) -> Path:
    """A folder in .bench/ that has the packages of npm."""
    target = FOLDER / folder
    target.mkdir(parents=True, exist_ok=True)
    if not (target / "node_modules" / ".bin" / folder).exists():
        (target / "package.json").write_text("{}")
        subprocess.run(["npm", "install", "--silent", "--prefix", target, *packages], check=True)
    return target


def said(command: str) -> str:
    run = subprocess.run(
        command, shell=True, env=environment({}), check=True, capture_output=True, text=True
    )
    return run.stdout.strip().splitlines()[-1]
