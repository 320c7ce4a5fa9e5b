"""`logs`, of a project's log groups."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

import command_line
from audited_project import AuditedProject, audited_project

if TYPE_CHECKING:
    from conftest import TestAws


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
    now = int(time.time() * 1000)
    messages = [
        json.dumps({"level": "INFO", "message": "all is well"}),
        "Traceback:\n\tline \x1b[31m1\n",
    ]
    events: list[dict[str, Any]] = [
        {"timestamp": now + number, "message": text} for number, text in enumerate(messages)
    ]
    project.aws.client("logs").put_log_events(
        logGroupName=log_group(project), logStreamName="stream", logEvents=events
    )
    return project


def test_a_silent_log_says_why(project: AuditedProject) -> None:
    done = project.run("logs", "--since=2999-01-01")
    assert (done.returncode, done.stdout) == (0, "")
    assert "miztiik-events start-analytics" in done.stderr


def test_messages_come_in_order_and_cannot_steer_the_terminal(spoken: AuditedProject) -> None:
    lines = spoken.run("logs").stdout.splitlines()
    assert lines[0].endswith("  INFO all is well")
    assert lines[1].endswith("  Traceback:")
    assert lines[2] == "        line \\x1b[31m1"


def test_only_what_matches_is_shown(spoken: AuditedProject) -> None:
    assert len(spoken.run("logs", "--grep=a.l is").stdout.splitlines()) == 1
    done = spoken.run("logs", "--grep=(")
    assert done.returncode == 2
    assert "no regular expression" in done.stderr


def test_json_lines_have_the_message_as_it_is(spoken: AuditedProject) -> None:
    lines = spoken.run("logs", "--output=ndjson").stdout.splitlines()
    assert [json.loads(line)["message"] for line in lines] == [
        '{"level": "INFO", "message": "all is well"}',
        "Traceback:\n\tline \x1b[31m1\n",
    ]


def test_before_deploy_it_says_what_comes_first(local_aws: TestAws) -> None:
    done = command_line.run(local_aws.environment, "logs", "--project", "nowhere")
    assert done.returncode == 1
    assert "miztiik-events deploy --project nowhere" in done.stderr
