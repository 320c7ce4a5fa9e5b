"""Tries each row of docs/comparison.md with each tool, and prints the table of what was seen.

    .venv/bin/python bench/comparison.py --tools miztiik,cdk --cases plan,killed

All on one AWS on this machine, each in a folder of its own with the same raw templates. What a tool
printed is kept in .bench/comparison/, a file for each cell. An hour or two for all; cells that were
tried are kept, and tried again with `--again`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any

import boto3
import contenders
import gateway
import tools
from contenders import Contender

from miztiik_events.local import launch

TIMEOUT = 240
SEEN = tools.FOLDER / "comparison"

STORE = """\
Resources:
  Store: {Type: AWS::S3::Bucket}
Outputs:
  StoreName: {Value: !Ref Store}
"""
QUEUE = """\
Parameters:
  StoreName: {Type: String}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {Tags: [{Key: store, Value: !Ref StoreName}]}
Outputs:
  QueueArn: {Value: !GetAtt Queue.Arn}
"""
TOPIC = """\
Parameters:
  QueueArn: {Type: String}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {Tags: [{Key: queue, Value: !Ref QueueArn}]}
"""
ALONE = """\
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {VisibilityTimeout: 30}
"""
TABLE = """\
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: NAME
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
"""
# As long as nobody signals the handle, the stack is in progress.
WAITING = """\
Resources:
  Handle: {Type: AWS::CloudFormation::WaitConditionHandle}
  Signal:
    Type: AWS::CloudFormation::WaitCondition
    Properties: {Handle: !Ref Handle, Timeout: "SECONDS", Count: 1}
"""
FAILING = (
    WAITING.replace("SECONDS", "1")
    + """\
Outputs:
  SignalData: {Value: !GetAtt Signal.Data}
"""
)
AFTER_FAILING = """\
Parameters:
  SignalData: {Type: String}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !Ref SignalData}
"""
BUCKET = """\
Resources:
  Filled:
    Type: AWS::S3::Bucket
    Properties: {BucketName: NAME, VersioningConfiguration: {Status: Enabled}}
"""
NAMED = """\
Resources:
  Named:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Retain
    Properties: {LogGroupName: NAME}
"""
NESTED = """\
Resources:
  Child:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: CHILD}
"""
FUNCTION = """\
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Handler: handler.handler
      Runtime: python3.12
      Architectures: [arm64]
      Role: !GetAtt Role.Arn
      Code: CODE
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}
"""
CODE_PARAMETERS = """\
Parameters:
  ArtifactBucket: {Type: String}
  FunctionCode: {Type: String}
"""


@dataclass(frozen=True)
class Run:
    """What became of a command; the CPU seconds are those of all its processes."""

    code: int | None
    output: str
    cpu: float

    @property
    def ending(self) -> str:
        """How it ended, in a word."""
        return "does not end" if self.code is None else f"exit {self.code}"

    def last(self, count: int) -> str:
        lines = [line for line in self.output.splitlines() if line.strip()]
        return "\n".join(lines[-count:])


@dataclass
class Trial:
    """One tool and one case: a folder, a project, an AWS behind a gateway."""

    tool: Contender
    folder: Path
    project: str
    bucket: str
    gate: gateway.Gateway
    environment: dict[str, str]
    log: Path

    def client(self, service: str) -> Any:
        """Past the gateway."""
        return boto3.client(service, endpoint_url=self.gate.target)

    def template(self, name: str, text: str) -> None:
        path = self.folder / "templates" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.settings = self.tool.settings(self.folder, self.project, self.bucket)

    def stack(self, name: str) -> str:
        return f"{self.project}-{name}"

    def command(self, command: str, name: str) -> str:
        return command.format(
            stack=self.stack(name),
            template=f"templates/{name}.yaml",
            project=self.project,
            name=name,
            bucket=self.bucket,
            role="arn:aws:iam::000000000000:role/deployer",
        )

    def run(self, command: str, name: str = "", timeout: float = TIMEOUT) -> Run:
        """The command, run to its end, its output added to the trial's file."""
        return self.started(command, name)(timeout)

    def started(self, command: str, name: str = "") -> Callable[[float], Run]:
        """The command, started; to be called for its end."""
        text = self.command(command, name)
        self.note(f"$ {text}\n")
        start = self.log.stat().st_size
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                ["sh", "-c", text],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return partial(self._ended, process, start)

    def _ended(self, process: subprocess.Popen[bytes], start: int, timeout: float) -> Run:
        code, usage = None, resource.getrusage(resource.RUSAGE_CHILDREN)
        deadline = time.monotonic() + timeout
        while code is None and time.monotonic() < deadline:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                code = process.returncode = os.waitstatus_to_exitcode(status)
            else:
                time.sleep(0.05)
        if code is None:
            os.killpg(process.pid, signal.SIGKILL)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        output = self.log.read_bytes()[start:].decode(errors="replace")
        self.note(f"[{'killed' if code is None else code}]\n")
        return Run(code, output, usage.ru_utime + usage.ru_stime)

    def note(self, text: str) -> None:
        with self.log.open("a") as log:
            log.write(text)

    def status(self, name: str) -> str:
        """The stack's status, or "" when there is none."""
        with contextlib.suppress(Exception):
            stacks = self.client("cloudformation").describe_stacks(StackName=self.stack(name))
            return str(stacks["Stacks"][0]["StackStatus"])
        return ""

    def until(self, *statuses: str, name: str, seconds: float = 60) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.status(name) in statuses:
                return True
            time.sleep(0.2)
        return False

    def is_well(self, name: str) -> bool:
        return self.status(name) in ("CREATE_COMPLETE", "UPDATE_COMPLETE")


def together(trial: Trial) -> str:
    """Three raw templates, each of which takes an output of the one before, in one command."""
    if not trial.tool.deploy_all:
        return "no: a command for each stack, its values by hand"
    for name, text in (("store", STORE), ("queue", QUEUE), ("topic", TOPIC)):
        trial.template(name, text)
    run = trial.run(trial.tool.deploy_all)
    if not all(map(trial.is_well, ("store", "queue", "topic"))):
        return f"no: {run.ending}"
    count = len(trial.settings)
    return f"yes, {count} files of its own" if count else "yes, no file of its own"


def middle(trial: Trial) -> str:
    """One stack fails: what becomes of the one that needs it, and of the one that does not."""
    if not trial.tool.deploy_all:
        return "-"
    for name, text in (("failing", FAILING), ("after", AFTER_FAILING), ("beside", STORE)):
        trial.template(name, text)
    run = trial.run(trial.tool.deploy_all)
    beside = "the other is deployed" if trial.is_well("beside") else "the other is not deployed"
    after = "" if not trial.status("after") else ", the dependent one is tried"
    return f"{run.ending}, {beside}{after}"


def plan(trial: Trial) -> str:
    """A table gets another name, which replaces it: is that said before it happens?"""
    if not trial.tool.plan:
        return "no"
    trial.template("orders", TABLE.replace("NAME", f"{trial.project}-a"))
    trial.run(trial.tool.deploy, "orders")
    trial.template("orders", TABLE.replace("NAME", f"{trial.project}-b"))
    trial.gate.reset()
    output = trial.run(trial.tool.plan, "orders").output
    names = "Orders" in output
    replaced = any(word in output.lower() for word in ("replace", '"true"', " true"))
    values = f"{trial.project}-b" in output
    if trial.gate.count("ExecuteChangeSet", "UpdateStack"):
        return "no: it deployed"
    said = ["resource"] * names + ["replacement"] * replaced + ["values"] * values
    left = trial.client("cloudformation").list_change_sets(StackName=trial.stack("orders"))
    is_left = any(one["ExecutionStatus"] == "AVAILABLE" for one in left["Summaries"])
    note = "; leaves a change set" if is_left else ""
    return (", ".join(said) or "no: neither resource nor replacement") + note


def unchanged(trial: Trial) -> str:
    """The same deploy again, the median of five."""
    trial.template("alone", ALONE)
    trial.run(trial.tool.deploy, "alone")
    trial.gate.reset()
    runs = [trial.run(_measured(trial.tool.deploy), "alone") for _ in range(5)]
    asked = ["change set"] * bool(trial.gate.count("CreateChangeSet"))
    asked += ["update call"] * bool(trial.gate.count("UpdateStack"))
    return f"{runs[-1].ending}, {', '.join(asked) or 'no change set'}, {_cost(runs)}"


def cause(trial: Trial) -> str:
    """A wait condition that nobody signals: do the last five lines have resource and reason?"""
    trial.template("failing", FAILING)
    run = trial.run(trial.tool.deploy, "failing")
    last = run.last(5)
    named, why = "Signal" in last, "timed out" in last.lower() or "signal" in last.lower()
    if named and why:
        place = "; file and line" if "failing.yaml:" in last else ""
        return f"in the last five lines{place}"
    if "timed out" in run.output.lower():
        return "further up"
    return f"no ({run.ending})"


def killed(trial: Trial) -> str:
    """kill -9 in the middle of a creation, and the same command at once."""
    trial.template("waiting", WAITING.replace("SECONDS", "200"))
    ended = trial.started(trial.tool.deploy, "waiting")
    begun = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")
    if not trial.until(*begun, name="waiting", seconds=120):
        return f"not tried: nothing began ({ended(1).ending})"
    ended(1)
    again = trial.started(trial.tool.deploy, "waiting")
    time.sleep(15)
    _signal(trial)
    run = again(TIMEOUT)
    if run.code == 0 and trial.is_well("waiting"):
        return "waits for it, exit 0"
    return f"{run.ending} while AWS goes on"


def _signal(trial: Trial) -> None:
    """Nothing, when the stack has gone meanwhile."""
    cloudformation = trial.client("cloudformation")
    with contextlib.suppress(cloudformation.exceptions.ClientError):
        resources = cloudformation.describe_stack_resources(StackName=trial.stack("waiting"))
        for one in resources["StackResources"]:
            if one["LogicalResourceId"] == "Handle":
                body = json.dumps({"Status": "SUCCESS", "UniqueId": "1"}).encode()
                # Neither here nor on AWS may it have a type.
                headers = {"Content-Type": ""}
                url = one["PhysicalResourceId"]
                request = urllib.request.Request(url, body, headers, method="PUT")
                urllib.request.urlopen(request).close()


def shell(trial: Trial) -> str:
    """A stack in REVIEW_IN_PROGRESS, which somebody's change set has left."""
    trial.template("alone", ALONE)
    trial.client("cloudformation").create_change_set(
        StackName=trial.stack("alone"),
        ChangeSetName="left",
        ChangeSetType="CREATE",
        TemplateBody=ALONE,
    )
    run = trial.run(trial.tool.deploy, "alone")
    return "yes" if trial.is_well("alone") and run.code == 0 else f"no: {run.ending}"


def rolled_back(trial: Trial) -> str:
    """A stack in ROLLBACK_COMPLETE, and its template mended."""
    cloudformation = trial.client("cloudformation")
    cloudformation.create_stack(
        StackName=trial.stack("alone"),
        TemplateBody=FAILING,
        # So that it is the project's own for this program.
        Tags=[{"Key": "miztiik-events:project", "Value": trial.project}],
    )
    trial.until("ROLLBACK_COMPLETE", name="alone")
    trial.template("alone", ALONE)
    run = trial.run(trial.tool.deploy, "alone")
    return "yes" if trial.is_well("alone") and run.code == 0 else f"no: {run.ending}"


def throttled(trial: Trial) -> str:
    """Forty seconds in which CloudFormation answers "Rate exceeded", from the creation on."""
    trial.template("alone", ALONE)
    trial.gate.throttle_seconds = 40
    run = trial.run(trial.tool.deploy, "alone")
    count = trial.gate.throttled
    result = "waits on" if run.code == 0 else f"{run.ending}, though the stack is well"
    return f"{result} ({count} calls refused)"


def large(trial: Trial) -> str:
    """A template of 60 kB."""
    trial.template("alone", f"{ALONE}Metadata:\n  Long: {'x' * 60_000}\n")
    if trial.run(trial.tool.deploy, "alone").code == 0 and trial.is_well("alone"):
        return "yes, as it is"
    if trial.tool.large != trial.tool.deploy:
        run = trial.run(trial.tool.large, "alone")
        if run.code == 0 and trial.is_well("alone"):
            option = set(trial.tool.large.split()) - set(trial.tool.deploy.split())
            return f"with {min(option)}"
    return "no"


def nested(trial: Trial) -> str:
    """A nested stack whose template is a file beside it."""
    child = trial.folder / "templates" / "nested" / "child.yaml"
    child.parent.mkdir(parents=True)
    child.write_text(ALONE)
    trial.template("parent", NESTED.replace("CHILD", trial.tool.child))
    run = trial.run(trial.tool.packaged, "parent")
    return "yes" if trial.is_well("parent") and run.code == 0 else f"no: {run.ending}"


def same_zip(trial: Trial) -> str:
    """A function's folder in another checkout, of other times and modes; then with byte code."""
    sums = []
    for age, mode, has_byte_code in ((0, 0o644, False), (1, 0o600, False), (1, 0o600, True)):
        _function(trial, mode, age=age * 86400)
        if has_byte_code:
            cache = trial.folder / "functions" / "function" / "__pycache__"
            cache.mkdir()
            (cache / "handler.cpython-311.pyc").write_bytes(b"byte code")
        run = trial.run(trial.tool.packaged, "function")
        if run.code or not trial.is_well("function"):
            return f"no: {run.ending}"
        sums.append(_live_function(trial)["Configuration"]["CodeSha256"])
    first, other, compiled = sums
    if first != other:
        return "no: another zip"
    return "yes" if other == compiled else "yes, but another with byte code beside it"


def _live_function(trial: Trial) -> Any:
    """The function as Lambda has it."""
    resources = trial.client("cloudformation").describe_stack_resources(
        StackName=trial.stack("function")
    )["StackResources"]
    (name,) = [
        one["PhysicalResourceId"]
        for one in resources
        if one["ResourceType"] == "AWS::Lambda::Function"
    ]
    return trial.client("lambda").get_function(FunctionName=name)


def _function(trial: Trial, mode: int = 0o644, age: int = 0, requirements: str = "") -> None:
    folder = trial.folder / "functions" / "function"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "handler.py").write_text("def handler(event, context):\n    return event\n")
    if requirements:
        (folder / "requirements.txt").write_text(requirements)
    for path in folder.iterdir():
        path.chmod(mode)
        os.utime(path, (time.time() - age - 60,) * 2)
    parameters = CODE_PARAMETERS if "!Ref FunctionCode" in trial.tool.code else ""
    trial.template("function", parameters + FUNCTION.replace("CODE", trial.tool.code))


def built(trial: Trial) -> str:
    """A requirements.txt with a package in C, for python3.12 on arm64, from this machine."""
    _function(trial, requirements="markupsafe==3.0.2\n")
    run = trial.run(trial.tool.built, "function")
    if run.code or not trial.is_well("function"):
        return f"no: {run.ending}"
    location = _live_function(trial)["Code"]["Location"]
    with urllib.request.urlopen(location) as answer:
        files = zipfile.ZipFile(BytesIO(answer.read())).namelist()
    libraries = [file for file in files if file.endswith(".so")]
    if any("312-aarch64" in file for file in libraries):
        return "yes"
    return f"no: {'a wheel for another machine' if libraries else 'left out in silence'}"


def removed(trial: Trial) -> str:
    """A stack whose bucket has objects and versions: asked first, and then?"""
    name = f"{trial.project}-filled"
    trial.template("filled", BUCKET.replace("NAME", name))
    trial.run(trial.tool.deploy, "filled")
    for body in (b"1", b"2"):
        trial.client("s3").put_object(Bucket=name, Key="one", Body=body)
    asking = trial.run(trial.tool.destroy_asking, "filled", 90)
    began = trial.status("filled") not in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    asked = "does not ask" if began else "asks"
    run = asking if began else trial.run(trial.tool.destroy, "filled")
    trial.until("", "DELETE_FAILED", name="filled", seconds=20)
    left = trial.status("filled")
    return f"{asked}; {'removed' if not left else f'{left}, {run.ending}'}"


def role(trial: Trial) -> str:
    """Does CloudFormation act as a role that one names?"""
    if not trial.tool.role:
        return "no"
    trial.template("alone", ALONE)
    run = trial.run(trial.tool.role, "alone")
    is_given = any(call.parameters.get("RoleARN") for call in trial.gate.calls)
    return "yes" if is_given and trial.is_well("alone") else f"no: {run.ending}"


def imported(trial: Trial) -> str:
    """A log group of that name is there already: does a deploy take it into the stack?"""
    if not trial.tool.imports:
        return "no"
    name = f"{trial.project}-named"
    trial.client("logs").create_log_group(logGroupName=name)
    trial.template("alone", NAMED.replace("NAME", name))
    run = trial.run(trial.tool.imports, "alone")
    return "yes" if trial.is_well("alone") else f"no: {run.ending}"


def drift(trial: Trial) -> str:
    """A queue was changed past its stack: is it named, with the property?"""
    if not trial.tool.drift:
        return "no command"
    trial.template("alone", ALONE)
    trial.run(trial.tool.deploy, "alone")
    sqs = trial.client("sqs")
    resources = trial.client("cloudformation").describe_stack_resources(
        StackName=trial.stack("alone")
    )
    url = resources["StackResources"][0]["PhysicalResourceId"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "77"})
    run = trial.run(trial.tool.drift, "alone")
    if "VisibilityTimeout" in run.output and "77" in run.output:
        return f"yes, with the values, {run.ending}"
    return f"named, {run.ending}" if "VisibilityTimeout" in run.output else f"no: {run.ending}"


def local(trial: Trial) -> str:
    """What it can run on this machine, without an account and, here, without Docker."""
    if not trial.tool.local:
        return "no command"
    _function(trial)
    run = trial.run(trial.tool.local, "function")
    return "yes" if run.code == 0 else f"no: {run.ending}, {run.last(1)[:60]}"


def help_text(trial: Trial) -> str:
    """What `--help` costs, the median of five."""
    return _cost([trial.run(_measured(trial.tool.help)) for _ in range(5)])


def _measured(command: str) -> str:
    """The command, after which its peak of memory is told where `time` is installed."""
    # Our own peak would count as that of a process that is begun by us.
    timer = shutil.which("time")
    return f"{timer} -f 'peak %M' sh -c {shlex.quote(command)}" if timer else command


def _cost(runs: list[Run]) -> str:
    peaks = [int(peak[1]) for run in runs if (peak := re.search(r"^peak (\d+)$", run.output, re.M))]
    memory = f", {median(peaks) / 1024:.0f} MB" if peaks else ""
    return f"{median(run.cpu for run in runs):.2f} s CPU{memory}"


CASES: dict[str, Callable[[Trial], str]] = {
    "together": together,
    "middle": middle,
    "plan": plan,
    "unchanged": unchanged,
    "cause": cause,
    "killed": killed,
    "shell": shell,
    "rolled-back": rolled_back,
    "throttled": throttled,
    "large": large,
    "nested": nested,
    "same-zip": same_zip,
    "built": built,
    "removed": removed,
    "role": role,
    "imported": imported,
    "drift": drift,
    "local": local,
    "help": help_text,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tools", default="", help="only these, by the beginnings of their names")
    parser.add_argument("--cases", default=",".join(CASES), help="only these: %(default)s")
    parser.add_argument("--again", action="store_true", help="also what was tried before")
    asked = parser.parse_args()
    cases = asked.cases.split(",")
    if unknown := [case for case in cases if case not in CASES]:
        parser.error(f"no case {', '.join(unknown)}; there are {', '.join(CASES)}")
    found = contenders.chosen(asked.tools)
    SEEN.mkdir(parents=True, exist_ok=True)
    with launch.local_aws() as aws, aws.in_effect(), gateway.before(aws.endpoint) as gate:
        for tool in found:
            new = [case for case in cases if asked.again or not _kept(tool, case).exists()]
            if new and tool.prepare:
                preparation = _trial(tool, "preparation", gate, aws.environment)
                preparation.template("alone", ALONE)
                preparation.run(tool.prepare)
            for case in new:
                seen = CASES[case](_trial(tool, case, gate, aws.environment))
                _kept(tool, case).write_text(seen)
                print(f"{tool.name:<16}{case:<14}{seen}", file=sys.stderr)
    print(_shown(found, cases))


def _kept(tool: Contender, case: str) -> Path:
    return SEEN / f"{tool.name} {tool.version} {case}.txt"


def _trial(tool: Contender, case: str, gate: gateway.Gateway, variables: dict[str, str]) -> Trial:
    """A new one: an empty folder, a project of a new name, and a bucket for what it uploads."""
    folder = SEEN / "folders" / f"{tool.name}-{case}".replace(" ", "-")
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "functions").mkdir(parents=True)
    log = _kept(tool, case).with_suffix(".log")
    log.write_text("")
    project = f"c{uuid.uuid4().hex[:8]}"
    bucket = f"{project}-artifacts"
    through_gateway = {**variables, "AWS_ENDPOINT_URL": gate.endpoint}
    environment = {**tools.environment(through_gateway), **tool.variables, "CI": ""}
    trial = Trial(tool, folder, project, bucket, gate, environment, log)
    trial.client("s3").create_bucket(Bucket=bucket)
    gate.reset()
    return trial


def _shown(found: list[Contender], cases: list[str]) -> str:
    """The table in Markdown."""
    rows = [
        ["", *(f"{tool.name} {tool.version}" for tool in found)],
        ["---"] * (len(found) + 1),
        *([case, *(_kept(tool, case).read_text() for tool in found)] for case in cases),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    main()
