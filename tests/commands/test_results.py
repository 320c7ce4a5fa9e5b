"""`results`, in each of its forms."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

import command_line
from audited_project import AuditedProject, audited_project
from result_line import FIELDS

if TYPE_CHECKING:
    from shared_aws import TestAws

# A number of which a float would lose digits.
FIRST = json.dumps(FIELDS).replace("8671.31", "12345678901234567.80")
SECOND = json.dumps({**FIELDS, "store_id": "store_2", "revenue": 1000.5})


@pytest.fixture(scope="module")
def project(local_aws: TestAws) -> Iterator[AuditedProject]:
    with audited_project(local_aws) as deployed:
        deployed.store([SECOND, FIRST, "no json"])
        deployed.store([FIRST])
        yield deployed


@pytest.fixture
def empty(local_aws: TestAws) -> Iterator[AuditedProject]:
    with audited_project(local_aws) as deployed:
        yield deployed


def test_a_pipe_gets_the_lines_as_they_were_written(project: AuditedProject) -> None:
    done = project.run("results")
    assert done.returncode == 0
    assert done.stdout == f"{FIRST}\n{SECOND}\n"
    assert "Not a result: 1 line, the first in" in done.stderr


def test_json_is_an_array_of_the_same_lines(project: AuditedProject) -> None:
    text = project.run("results", "--output=json").stdout
    assert json.loads(text) == [json.loads(FIRST), json.loads(SECOND)]
    assert "12345678901234567.80" in text


def test_the_table_has_a_total(project: AuditedProject) -> None:
    lines = project.run("results", "--output=table").stdout.splitlines()
    assert lines[0].split("  ")[0] == "Window's end (UTC)"
    assert lines[-1].split() == ["Total", "12,345,678,901,235,568.30", "40", "4", "200.00"]


def test_windows_of_two_lengths_are_shown_with_their_start(empty: AuditedProject) -> None:
    empty.store([FIRST, json.dumps({**FIELDS, "window_start": "2021-01-31 14:45:00.000"})])
    done = empty.run("results", "--output=table")
    heading, _, first, second, _, total = done.stdout.splitlines()
    assert heading.startswith("Window's start (UTC)     Window's end (UTC)")
    assert [text[11:16] for text in (first, second)] == ["14:45", "14:46"]
    assert total.startswith("Total")
    assert "Contradicting" not in done.stderr


def test_one_store_alone(project: AuditedProject) -> None:
    assert project.run("results", "--store=store_2").stdout == f"{SECOND}\n"
    done = project.run("results", "--store=store_3")
    assert (done.returncode, done.stdout) == (0, "")
    assert "No results for that store" in done.stderr


def test_only_what_was_written_since_then(project: AuditedProject) -> None:
    assert len(project.run("results", "--since=1h").stdout.splitlines()) == 2
    assert project.run("results", "--since=2999-01-01").stdout == ""


def test_a_time_that_is_none_is_a_wrong_usage(project: AuditedProject) -> None:
    done = project.run("results", "--since=yesterday")
    assert done.returncode == 2
    assert "'yesterday'" in done.stderr


@pytest.mark.parametrize(("form", "output"), [("ndjson", ""), ("json", "[\n]\n"), ("table", "")])
def test_no_data_is_no_failure_and_says_what_to_do(
    empty: AuditedProject, form: str, output: str
) -> None:
    done = empty.run("results", f"--output={form}")
    assert (done.returncode, done.stdout) == (0, output)
    assert "miztiik-events produce" in done.stderr


def test_before_deploy_it_says_what_comes_first(local_aws: TestAws) -> None:
    done = command_line.run(local_aws.environment, "results", "--project", "nowhere")
    assert done.returncode == 1
    assert "miztiik-events deploy --project nowhere" in done.stderr


def test_followed_results_come_as_they_are_written_until_cancelled(empty: AuditedProject) -> None:
    empty.store([FIRST])
    following = subprocess.Popen(
        [command_line.PROGRAM, "results", "--follow", "--project", empty.name],
        env={**os.environ, **command_line.NO_SETTINGS, **empty.aws.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert following.stdout
    assert following.stdout.readline() == f"{FIRST}\n"
    empty.store([FIRST, SECOND])
    assert following.stdout.readline() == f"{SECOND}\n"
    following.send_signal(signal.SIGINT)
    rest, said = following.communicate(timeout=30)
    assert (following.returncode, rest) == (130, "")
    assert "Cancelled" in said
