"""`outputs`: all of them, or the value of one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

import command_line
import screen
from audited_project import AuditedProject, audited_project
from miztiik_events.text import breadth

if TYPE_CHECKING:
    from shared_aws import TestAws


@pytest.fixture(scope="module")
def project(local_aws: TestAws) -> Iterator[AuditedProject]:
    with audited_project(local_aws) as deployed:
        yield deployed


def test_all_are_shown_in_each_form(project: AuditedProject) -> None:
    assert json.loads(project.run("outputs", "--output=json").stdout) == project.outputs
    lines = project.run("outputs", "--output=ndjson").stdout.splitlines()
    assert {one["output"]: one["value"] for one in map(json.loads, lines)} == project.outputs
    table = project.run("outputs").stdout.splitlines()
    assert dict(line.split() for line in table[2:]) == project.outputs


def test_one_is_its_bare_value(project: AuditedProject) -> None:
    value = project.outputs["FirehoseDataStore"]
    assert project.run("outputs", "FirehoseDataStore").stdout == f"{value}\n"
    as_json = project.run("outputs", "FirehoseDataStore", "--output=json").stdout
    assert json.loads(as_json) == value
    as_line = project.run("outputs", "FirehoseDataStore", "--output=ndjson").stdout
    assert json.loads(as_line) == {"output": "FirehoseDataStore", "value": value}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("firehosedatastore", "Did you mean FirehoseDataStore?"),
        ("SalesStream", "Did you mean SalesStreamName"),
        ("queueurl", "RejectedEventsQueueUrl"),
        ("xyz", "There are: AnalyticsApplicationName, FirehoseDataStore, "),
    ],
)
def test_another_name_is_a_wrong_usage_that_names_near_ones(
    project: AuditedProject, name: str, said: str
) -> None:
    done = project.run("outputs", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_a_value_is_whole_on_every_terminal(project: AuditedProject, columns: int) -> None:
    command = ("outputs", "--project", project.name)
    with screen.terminal(project.aws.environment, *command, columns=columns) as terminal:
        assert terminal.end() == 0
    assert all(value in terminal.raw for value in project.outputs.values())
    names = [line for line in terminal.raw.split("\r\n") if not line.startswith("  ")]
    assert columns > 100 or max(map(breadth, names)) <= columns


def test_before_deploy_it_says_what_comes_first(local_aws: TestAws) -> None:
    done = command_line.run(local_aws.environment, "outputs", "--project", "nowhere")
    assert done.returncode == 1
    assert "miztiik-events deploy --project nowhere" in done.stderr
