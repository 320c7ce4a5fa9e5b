"""`logs`, of a project's log groups."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import command_line
import terminal
from audited_project import AuditedProject, audited_project
from live_project import LiveProject
from miztiik_events.commands import completion
from recorded_endpoint import recorded
from small_projects import empty_project

if TYPE_CHECKING:
    from shared_aws import TestAws


@pytest.fixture(scope="module")
def project(local_aws: TestAws) -> Iterator[AuditedProject]:
    with audited_project(local_aws) as deployed:
        logs, group = local_aws.client("logs"), log_group(deployed)
        logs.create_log_stream(logGroupName=group, logStreamName="stream")
        yield deployed


def log_group(project: AuditedProject) -> str:
    resources = project.aws.client("cloudformation").list_stack_resources(
        StackName=f"{project.name}-stream"
    )["StackResourceSummaries"]
    [group] = [
        resource["PhysicalResourceId"]
        for resource in resources
        if resource["ResourceType"] == "AWS::Logs::LogGroup"
    ]
    return str(group)


@pytest.fixture(scope="module")
def spoken(project: AuditedProject) -> AuditedProject:
    say(
        project,
        json.dumps({"level": "INFO", "message": "all is well"}),
        "Traceback:\n\tline \x1b[31m1\n",
        "END RequestId: 1",
        json.dumps({"level": "ERROR", "message": "it failed"}),
    )
    return project


def say(project: AuditedProject, *messages: str) -> None:
    now = int(time.time() * 1000)
    events: list[dict[str, Any]] = [
        {"timestamp": now + number, "message": text} for number, text in enumerate(messages)
    ]
    project.aws.client("logs").put_log_events(
        logGroupName=log_group(project), logStreamName="stream", logEvents=events
    )


def test_a_silent_log_says_why(project: AuditedProject) -> None:
    done = project.run("logs", "--since=2999-01-01")
    assert (done.returncode, done.stdout) == (0, "")
    assert "The analytics application is READY" not in done.stderr
    assert "miztiik-events produce" in done.stderr


def test_messages_come_in_order_and_cannot_steer_the_terminal(spoken: AuditedProject) -> None:
    lines = spoken.run("logs").stdout.splitlines()
    assert lines[0].endswith("  stream  INFO all is well")
    assert lines[1].endswith("  stream  Traceback:")
    assert lines[2] == "        line \\x1b[31m1"
    assert lines[3].endswith("  stream  ERROR it failed")


def test_what_lambda_says_of_invocations_comes_with_all(spoken: AuditedProject) -> None:
    assert "END RequestId" not in spoken.run("logs").stdout
    assert "END RequestId: 1" in spoken.run("logs", "--all").stdout


def test_on_a_terminal_components_have_colours_and_errors_are_red(spoken: AuditedProject) -> None:
    arguments = ("logs", "--project", spoken.name)
    _, screen = terminal.run(spoken.aws.environment, *arguments, typed="")
    assert "\x1b[36mstream\x1b[0m  \x1b[31mERROR it failed\x1b[0m" in screen
    _, screen = terminal.run({**spoken.aws.environment, "NO_COLOR": "1"}, *arguments, typed="")
    assert "ERROR it failed" in screen
    assert "\x1b" not in screen


def test_a_component_is_asked_for_by_its_name(spoken: AuditedProject) -> None:
    assert "all is well" in spoken.run("logs", "stream").stdout
    done = spoken.run("logs", "stream", "shop")
    assert (done.returncode, done.stdout) == (2, "")
    assert "No component 'shop'. There are: stream" in done.stderr


def test_names_of_components_are_completed(local_aws: TestAws) -> None:
    words = {"COMP_WORDS": "miztiik-events logs pro", "COMP_CWORD": "2"}
    asked = {"_MIZTIIK_EVENTS_COMPLETE": "bash_complete", **words}
    assert command_line.run(asked).stdout.split() == ["plain,producer"]


def test_a_list_that_never_ends_is_refused(project: AuditedProject) -> None:
    assert project.run("logs", "--follow", "--output=json").returncode == 2


def test_only_what_matches_is_shown(spoken: AuditedProject) -> None:
    assert len(spoken.run("logs", "--grep=a.l is").stdout.splitlines()) == 1
    done = spoken.run("logs", "--grep=nothing like it")
    assert (done.returncode, done.stdout) == (0, "")
    assert "matches none of 4 messages" in done.stderr
    done = spoken.run("logs", "--grep=(")
    assert done.returncode == 2
    assert "no regular expression" in done.stderr


@pytest.mark.parametrize("form", ["ndjson", "json"])
def test_json_has_the_message_as_it_is(spoken: AuditedProject, form: str) -> None:
    text = spoken.run("logs", f"--output={form}").stdout
    found = json.loads(text) if form == "json" else list(map(json.loads, text.splitlines()))
    assert [one["message"] for one in found] == [
        '{"level": "INFO", "message": "all is well"}',
        "Traceback:\n\tline \x1b[31m1\n",
        '{"level": "ERROR", "message": "it failed"}',
    ]
    assert {one["component"] for one in found} == {"stream"}


def test_before_deploy_it_says_what_comes_first(local_aws: TestAws) -> None:
    done = command_line.run(local_aws.environment, "logs", "--project", "nowhere")
    assert done.returncode == 1
    assert "miztiik-events deploy --project nowhere" in done.stderr


def test_the_help_names_every_component() -> None:
    said = command_line.run({}, "logs", "--help").stdout
    assert all(name in said for name in completion.component_names())


def test_new_messages_are_followed_until_cancelled(project: AuditedProject) -> None:
    ours = ["--follow", "--since=10s", "--grep=a new one", "--project", project.name]
    following = subprocess.Popen(
        [command_line.PROGRAM, "logs", *ours],
        env={**os.environ, **command_line.NO_SETTINGS, **project.aws.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert following.stdout
    assert following.stderr
    assert following.stderr.readline().startswith("Nothing since ")
    say(project, "a new one")
    assert following.stdout.readline().endswith("  stream  a new one\n")
    following.send_signal(signal.SIGINT)
    rest, said = following.communicate(timeout=30)
    assert (following.returncode, rest) == (130, "")
    assert "Cancelled" not in said


def test_a_project_without_log_groups_or_the_systems_outputs_says_what_it_lacks(
    local_aws: TestAws, tmp_path: Path
) -> None:
    own = LiveProject(local_aws, empty_project(tmp_path))
    own.sources.template(
        "app", "Resources: {T: {Type: AWS::SNS::Topic}}\nOutputs: {A: {Value: b}}\n"
    )
    assert own.deploy().returncode == 0
    silent = own.run("logs")
    assert (silent.returncode, silent.stdout) == (0, "")
    reason = "its stacks have no log group."
    assert silent.stderr == f"Nothing logs in project {own.name!r}: {reason}\n"
    own.sources.template("log", "Resources: {L: {Type: AWS::Logs::LogGroup}}\n")
    assert own.deploy().returncode == 0
    for since, further in (("10m", ["1d"]), ("2d", ["7d"]), ("8d", [])):
        hints = own.run("logs", "--since", since).stderr.splitlines()[1:]
        assert hints == [f"--since {age} looks further back." for age in further]
    lacking = own.run("produce")
    assert lacking.returncode == 1
    assert f"None of the stacks of project {own.name!r} in account 0" in lacking.stderr


def test_only_what_there_is_advice_for_is_looked_up(local_aws: TestAws, tmp_path: Path) -> None:
    own = LiveProject(local_aws, empty_project(tmp_path))
    own.sources.template("log", "Resources: {L: {Type: AWS::Logs::LogGroup}}\n")
    assert own.deploy().returncode == 0
    [resource] = local_aws.client("cloudformation").list_stack_resources(
        StackName=f"{own.name}-log"
    )["StackResourceSummaries"]
    logs, group = local_aws.client("logs"), resource["PhysicalResourceId"]
    logs.create_log_stream(logGroupName=group, logStreamName="stream")
    event = {"timestamp": int(time.time() * 1000), "message": "END RequestId: 1"}
    logs.put_log_events(logGroupName=group, logStreamName="stream", logEvents=[event])
    with recorded(local_aws.endpoint) as record:
        done = own.run("logs", AWS_ENDPOINT_URL=record.url)
    assert done.stderr.splitlines()[1:] == [
        "Functions ran without logging anything (1 line with --all).",
        "--since 1d looks further back.",
    ]
    # The outputs would be asked for after the resources, by DescribeStacks once more.
    assert record.calls[-1] == "ListStackResources"
