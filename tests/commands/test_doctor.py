"""`doctor`: what it says of the AWS on this machine, and of one that is out of reach."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from subprocess import CompletedProcess
from typing import TYPE_CHECKING

import pytest

import command_line
import small_roles
from live_project import LiveProject
from small_projects import empty_project

if TYPE_CHECKING:
    from shared_aws import TestAws

SETTINGS = {
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}
ROLE = """\
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}
"""


def levels(done: CompletedProcess[str]) -> dict[str, str]:
    findings = [json.loads(line) for line in done.stdout.splitlines()]
    return {finding["subject"]: finding["level"] for finding in findings}


def test_an_account_with_room_is_well_and_what_it_lacks_is_said(local_aws: TestAws) -> None:
    done = command_line.run(local_aws.environment, "doctor", "--project=unborn", "--output=table")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == (
        "well     credentials  arn:aws:iam::000000000000:root in account 000000000000"
    )
    assert "well     region       us-east-1 has all 12 services" in lines
    assert "well     stacks       not deployed yet" in lines
    assert "unknown  shards       could not be looked at: this AWS has no DescribeLimits" in lines
    assert len(lines) == 9


def test_a_quota_that_the_parameters_exceed_needs_care(local_aws: TestAws) -> None:
    arguments = ("doctor", "-pConsumerConcurrency=1000", "--output=ndjson")
    done = command_line.run(local_aws.environment, *arguments)
    assert done.returncode == 4
    assert done.stderr == "Error: 1 finding to take care of: concurrency\n"
    found = [json.loads(line) for line in done.stdout.splitlines()]
    (bad,) = (finding for finding in found if finding["level"] == "wrong")
    assert bad["text"].endswith("this project needs 2,006")
    assert "ConsumerConcurrency=2" in bad["next_step"]


def test_maven_and_java_are_looked_for_when_the_jar_is_to_be_built(
    local_aws: TestAws, tmp_path: Path
) -> None:
    machine = {"XDG_CACHE_HOME": str(tmp_path), "PATH": str(tmp_path), "JAVA_HOME": str(tmp_path)}
    environment = {**local_aws.environment, **machine}
    done = command_line.run(environment, "doctor", "--project=unborn")
    assert done.returncode == 4
    found = levels(done)
    assert (found["Maven"], found["Java"]) == ("wrong", "wrong")
    assert "apt-get install maven" in done.stdout


def test_a_role_that_was_deleted_past_its_stack_is_named(
    local_aws: TestAws, tmp_path: Path
) -> None:
    project = LiveProject(local_aws, empty_project(tmp_path))
    project.sources.template("role", ROLE)
    assert project.deploy().returncode == 0
    assert levels(project.run("doctor", *project.sources.options))["roles"] == "well"
    name = project.physical_id("role", "Role")
    local_aws.client("iam").delete_role(RoleName=name)
    done = project.run("doctor", *project.sources.options)
    assert done.returncode == 4
    assert f"deleted past the stacks: {name}" in done.stdout


def test_without_any_permission_it_says_which_it_needs(local_aws: TestAws) -> None:
    keys = small_roles.create(local_aws).credentials()
    person = {
        "AWS_ACCESS_KEY_ID": keys.access_key,
        "AWS_SECRET_ACCESS_KEY": keys.secret_key,
        "AWS_SESSION_TOKEN": str(keys.token),
    }
    done = command_line.run({**local_aws.environment, **person}, "doctor")
    assert (done.returncode, done.stderr) == (0, "")
    assert levels(done)["stacks"] == "unknown"
    assert "needs cloudformation:DescribeStacks" in done.stdout
    assert "roles" not in levels(done)


@contextmanager
def refusing(code: str, hours_behind: float = 0) -> Iterator[dict[str, str]]:
    """The environment of an AWS that refuses every call, and whose clock may be another one."""
    date = format_datetime(datetime.now(timezone.utc) - timedelta(hours=hours_behind), usegmt=True)
    body = f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"

    class Refuse(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response_only(403)
            self.send_header("Date", date)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Refuse) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield {**SETTINGS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}"}
        finally:
            server.shutdown()


def test_credentials_that_have_expired_end_it_with_what_to_do() -> None:
    with refusing("ExpiredToken") as environment:
        done = command_line.run(environment, "doctor")
    assert (done.returncode, done.stdout) == (5, "")
    assert (
        "AWS refused the credentials (GetCallerIdentity: ExpiredToken: no). Log in" in done.stderr
    )


def test_a_clock_that_aws_refuses_is_told_as_the_cause() -> None:
    with refusing("SignatureDoesNotMatch", hours_behind=2) as environment:
        done = command_line.run(environment, "doctor")
    assert (done.returncode, done.stdout) == (5, "")
    said = "Error: this machine's clock is 2 h 0 min ahead of AWS's, and AWS refuses it. Set it\n"
    assert done.stderr == said


@pytest.mark.parametrize(
    ("missing", "said"),
    [("AWS_DEFAULT_REGION", "No region"), ("AWS_ACCESS_KEY_ID", "No AWS credentials")],
)
def test_without_region_or_credentials_it_ends_at_once(missing: str, said: str) -> None:
    settings = {name: value for name, value in SETTINGS.items() if name != missing}
    done = command_line.run(settings, "doctor")
    assert (done.returncode, done.stdout) == (5, "")
    assert said in done.stderr
