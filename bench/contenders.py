"""The tools of docs/comparison.md, each with the command for what a case asks of it.

Every tool gets the same raw templates, and beside them the files of its own that it needs. A
command is one that its manual has; "" is a thing for which it has none. {stack}, {template},
{project}, {name} and {bucket} are filled in for each case.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import tools

from miztiik_events.cloudformation import template

SHORT = "--stack-name {stack} --template-file {template} --capabilities CAPABILITY_NAMED_IAM"
PACKAGED = "--stack-name {stack} --template-file packaged.yaml --capabilities CAPABILITY_NAMED_IAM"
SAM = " --no-confirm-changeset --region us-east-1"


@dataclass(frozen=True)
class Contender:
    """A tool; `settings` writes its own files for the templates of a folder, and names them."""

    name: str
    version: str
    deploy: str
    deploy_all: str = ""
    plan: str = ""
    # Without the option that answers its question, and with it.
    destroy_asking: str = ""
    destroy: str = ""
    large: str = ""
    packaged: str = ""
    built: str = ""
    drift: str = ""
    local: str = ""
    help: str = ""
    role: str = ""
    imports: str = ""
    prepare: str = ""
    # What a template has for a function's folder and for a nested stack's template.
    code: str = "../functions/function"
    child: str = "nested/child.yaml"
    settings: Callable[[Path, str, str], list[str]] = field(default=lambda *_: [])
    variables: Mapping[str, str] = field(default_factory=dict)


def chosen(names: str = "") -> list[Contender]:
    """Those that are named, by the beginnings of their names, or all; installed where need be.

    What cannot be installed here is left out.
    """
    wanted = tuple(filter(None, names.lower().split(",")))
    made = {
        "miztiik-events": _ours,
        "awscli": _awscli,
        "sam": _sam,
        "cdk": _cdk,
        "sceptre": _sceptre,
        "rain": _rain,
        "osls": _osls,
    }
    return [
        contender
        for name, make in made.items()
        if (not wanted or name.startswith(wanted)) and (contender := make())
    ]


def _ours() -> Contender:
    run = "miztiik-events {} --project {{project}}"
    deploy = run.format("deploy") + " --templates templates --functions functions"
    return Contender(
        "miztiik-events",
        tools.said("miztiik-events --version").split()[-1],
        deploy=deploy,
        deploy_all=deploy,
        plan=deploy + " --plan",
        destroy_asking=run.format("destroy"),
        destroy=run.format("destroy --yes"),
        large=deploy + " -p ArtifactBucket={bucket}",
        packaged=deploy + " -p ArtifactBucket={bucket}",
        built=deploy + " -p ArtifactBucket={bucket}",
        drift=run.format("status --drift"),
        local="miztiik-events local start && miztiik-events local stop",
        help="miztiik-events --help",
        role=deploy + " --role-arn {role}",
        imports=deploy + " --import-existing",
    )


def _awscli() -> Contender:
    tools.installed("awscli", "awscli")
    deploy = f"aws cloudformation deploy {SHORT}"
    package = "aws cloudformation package --template-file {template} --s3-bucket {bucket} "
    package += "--output-template-file packaged.yaml && "
    packaged = f"{package} aws cloudformation deploy {PACKAGED}"
    delete = "aws cloudformation delete-stack --stack-name {stack} && "
    delete += "aws cloudformation wait stack-delete-complete --stack-name {stack}"
    drift = "aws cloudformation detect-stack-drift --stack-name {stack} && sleep 3 && "
    drift += "aws cloudformation describe-stack-resource-drifts --stack-name {stack}"
    return Contender(
        "awscli",
        tools.said("aws --version").split()[0].partition("/")[2],
        deploy=deploy,
        # It prints the command that shows the change set.
        plan=deploy + " --no-execute-changeset | grep describe-change-set | sh",
        destroy_asking=delete,
        destroy=delete,
        large=deploy + " --s3-bucket {bucket}",
        packaged=f"{packaged} --no-fail-on-empty-changeset",
        built=packaged,
        drift=drift,
        help="aws help",
        role=deploy + " --role-arn {role}",
    )


def _sam() -> Contender:
    tools.installed("sam", "aws-sam-cli")
    deploy = f"sam deploy {SHORT}{SAM}"
    delete = "sam delete --region us-east-1 --stack-name {stack}"
    build = "sam build --template-file {template} && sam deploy --stack-name {stack} "
    build += f"--capabilities CAPABILITY_NAMED_IAM --s3-bucket {{bucket}}{SAM}"
    return Contender(
        "SAM CLI",
        tools.said("sam --version").split()[-1],
        deploy=deploy,
        plan=deploy + " --no-execute-changeset",
        destroy_asking=delete,
        destroy=delete + " --no-prompts",
        large=deploy + " --s3-bucket {bucket}",
        packaged=deploy + " --s3-bucket {bucket} --no-fail-on-empty-changeset",
        built=build,
        local="sam local invoke Function --template-file {template}",
        help="sam --help",
        role=deploy + " --role-arn {role}",
    )


def _cdk() -> Contender | None:
    if not shutil.which("npm"):
        return None
    folder = tools.installed_modules("cdk", *tools.CDK)
    deploy = "cdk deploy {stack} --require-approval never"
    return Contender(
        "CDK CLI",
        tools.said("cdk --version").split()[0],
        deploy=deploy,
        deploy_all="cdk deploy --all --require-approval never --concurrency 8",
        plan="cdk diff {stack}",
        destroy_asking="cdk destroy {stack}",
        destroy="cdk destroy {stack} --force",
        large=deploy,
        packaged=deploy,
        built=deploy,
        drift="cdk drift {stack}",
        help="cdk --help",
        role=deploy + " --role-arn {role}",
        imports=deploy + " --import-existing-resources",
        prepare="cdk bootstrap aws://000000000000/us-east-1",
        # CfnInclude takes code as parameters.
        code="{S3Bucket: !Ref ArtifactBucket, S3Key: !Ref FunctionCode}",
        settings=_cdk_settings,
        variables={"NODE_PATH": f"{folder}/node_modules"},
    )


def _cdk_settings(folder: Path, project: str, _: str) -> list[str]:
    shutil.copy(Path(__file__).with_name("cdk_app.js"), folder / "app.js")
    (folder / "cdk.json").write_text(json.dumps(tools.CDK_SETTINGS))
    stacks = [template.load(path) for path in _in_order(folder)]
    plan = [
        {
            "stack": f"{project}-{stack.name}",
            "template": f"templates/{stack.name}.yaml",
            "parameters": list(stack.parameters),
            "outputs": list(stack.outputs),
            "code": {
                name: f"functions/{name[:-4].lower()}"
                for name in stack.parameters
                if name.endswith("Code")
            },
            "nested": {
                name: {"templateFile": "templates/nested/child.yaml"}
                for name, type in stack.types.items()
                if type == template.NESTED
            },
        }
        for stack in stacks
    ]
    (folder / "plan.json").write_text(json.dumps(plan))
    return ["app.js", "cdk.json"]


def _in_order(folder: Path) -> list[Path]:
    """The templates as they were written: those that need others after them."""
    return sorted((folder / "templates").glob("*.yaml"), key=lambda path: path.stat().st_mtime_ns)


def _sceptre() -> Contender:
    tools.installed("sceptre", "sceptre")
    one = "{name}.yaml"
    return Contender(
        "Sceptre",
        tools.said("sceptre --version").split()[-1],
        deploy=f"sceptre launch -y {one}",
        deploy_all="sceptre launch -y ''",
        plan=f"sceptre create -y {one} shown && sceptre describe change-set {one} shown",
        destroy_asking=f"sceptre delete {one}",
        destroy=f"sceptre delete -y {one}",
        large=f"sceptre launch -y {one}",
        packaged=f"sceptre launch -y {one}",
        built=f"sceptre launch -y {one}",
        drift=f"sceptre drift show {one}",
        help="sceptre --help",
        role="sed -i '$ a cloudformation_service_role: {role}' "
        f"config/{one} && sceptre launch -y {one}",
        settings=_sceptre_settings,
    )


def _sceptre_settings(folder: Path, project: str, bucket: str) -> list[str]:
    """A file for each stack; a value of another stack is taken by `!stack_output`."""
    config = folder / "config"
    config.mkdir(exist_ok=True)
    settings = f"project_code: {project}\nregion: us-east-1\ntemplate_bucket_name: {bucket}\n"
    (config / "config.yaml").write_text(settings)
    givers: dict[str, str] = {}
    for path in _in_order(folder):
        stack = template.load(path)
        lines = [f"template: {{path: {path.name}, type: file}}"]
        taken = [name for name in stack.parameters if name in givers]
        lines += ["parameters:"] if taken else []
        lines += [f"  {name}: !stack_output {givers[name]}::{name}" for name in taken]
        (config / path.name).write_text("\n".join(lines) + "\n")
        givers.update(dict.fromkeys(stack.outputs, path.name))
    return ["config/config.yaml", *(f"config/{path.name}" for path in _in_order(folder))]


def _rain() -> Contender | None:
    folder = tools.FOLDER / "rain"
    if not (folder / "bin" / "rain").exists():
        if not shutil.which("go"):
            return None
        source = "github.com/aws-cloudformation/rain/cmd/rain@latest"
        environment = {**os.environ, "GOBIN": str(folder / "bin")}
        subprocess.run(["go", "install", source], env=environment, check=True)
    deploy = "rain deploy {template} {stack} -y"
    return Contender(
        "rain",
        tools.said("rain --version").split()[1].lstrip("v"),
        deploy=deploy,
        plan="rain deploy {template} {stack} -y -x",
        destroy_asking="rain rm {stack}",
        destroy="rain rm {stack} -y",
        large=deploy,
        packaged=deploy,
        built=deploy,
        help="rain --help",
        role=deploy + " --role-arn {role}",
        code="!Rain::S3 {Path: ../functions/function, Zip: true, BucketProperty: S3Bucket, "
        "KeyProperty: S3Key}",
        child="!Rain::S3Http nested/child.yaml",
    )


def _osls() -> Contender | None:
    if not shutil.which("npm"):
        return None
    tools.installed_modules("osls", "osls")
    version = json.loads((tools.FOLDER / "osls/node_modules/osls/package.json").read_text())
    deploy = "osls deploy --config {name}.yml"
    return Contender(
        "osls",
        version["version"],
        deploy=deploy,
        destroy_asking="osls remove --config {name}.yml",
        destroy="osls remove --config {name}.yml",
        large=deploy,
        packaged=deploy,
        built=deploy,
        help="osls --help",
        role="sed -i '/name: aws/a \\  iam: {{deploymentRole: {role}}}' {name}.yml && " + deploy,
        settings=_osls_settings,
    )


def _osls_settings(folder: Path, project: str, _: str) -> list[str]:
    for path in _in_order(folder):
        lines = [f"service: {project}", "provider:", "  name: aws", "  region: us-east-1"]
        lines += [f"  stackName: {project}-{path.stem}"]
        # A function is one of its own settings, not a resource of the template.
        if (folder / "functions" / path.stem).exists():
            lines += ["  runtime: python3.12", "  architecture: arm64", "functions:"]
            lines += [f"  {path.stem}: {{handler: functions/{path.stem}/handler.handler}}"]
        else:
            lines += [f"resources: ${{file(templates/{path.name})}}"]
        (folder / f"{path.stem}.yml").write_text("\n".join(lines) + "\n")
    return [f"{path.stem}.yml" for path in _in_order(folder)]
