"""`validate`: this package's templates have no findings, and how it tells of those that have."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest

import command_line
from miztiik_events.cloudformation import template
from small_programs import SQL, counting_project
from small_projects import SmallProject, queue_project

FAULTY = """\
Parameters:
  Unused: {Type: String, Default: x}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      Colour: red
"""


@pytest.fixture
def sources(tmp_path: Path) -> SmallProject:
    return queue_project(tmp_path)


@pytest.fixture
def faulty(sources: SmallProject) -> SmallProject:
    sources.template("faulty", FAULTY)
    return sources


def validate(sources: SmallProject, *arguments: str) -> CompletedProcess[str]:
    """Without any settings: it has to do without AWS."""
    return command_line.run({}, "validate", *sources.options, *arguments)


def test_the_templates_of_this_package_are_sound(tmp_path: Path) -> None:
    done = command_line.run({"JAVA_HOME": str(tmp_path)}, "validate")
    assert (done.returncode, done.stdout) == (0, "")
    not_planned, last = done.stderr.splitlines()
    assert not_planned.startswith("functions/analytics/windows.sql was not planned: ")
    assert last == f"No findings in {len(template.names())} templates."


@pytest.mark.aws
def test_flink_takes_the_program_of_this_package() -> None:
    done = command_line.run({}, "validate")
    assert (done.returncode, done.stdout) == (0, "")
    assert "not planned" not in done.stderr


@pytest.mark.aws
def test_what_flink_refuses_is_a_finding_too(tmp_path: Path) -> None:
    sources = counting_project(tmp_path, SQL.replace("amount > 1000", "price > 1000"))
    done = validate(sources)
    assert done.returncode == 1
    assert done.stderr.endswith("Error: 1 finding in 2 templates\n")
    path = f"{sources.functions}/counts/windows.sql"
    assert f"Flink plans {path}\n" in done.stderr
    assert done.stdout == f"{path}:12: Flink Column 'price' not found in any table (column 7)\n"


def test_sound_templates_of_ones_own_are_told_by_their_number(sources: SmallProject) -> None:
    done = validate(sources)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "No findings in 3 templates.\n")


def test_each_finding_is_a_line_with_file_line_rule_and_message(faulty: SmallProject) -> None:
    done = validate(faulty)
    assert done.returncode == 1
    assert done.stderr == "Error: 2 findings in 4 templates\n"
    unused, colour = done.stdout.splitlines()
    place = f"{faulty.templates}/faulty.yaml"
    assert unused.startswith(f"{place}:2: W2001 ")
    assert "Unused" in unused
    assert colour.startswith(f"{place}:7: E3002 ")
    assert "'Colour' was unexpected" in colour


def test_findings_are_objects_for_a_program(faulty: SmallProject) -> None:
    findings = json.loads(validate(faulty, "--output=json").stdout)
    place = f"{faulty.templates}/faulty.yaml"
    found = [(one["path"], one["line"], one["rule"]) for one in findings]
    assert found == [(place, 2, "W2001"), (place, 7, "E3002")]
    assert all(one["message"] for one in findings)
    lines = validate(faulty, "--output=ndjson").stdout.splitlines()
    assert [json.loads(line) for line in lines] == findings


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Resources:\n  A: {Type: [x}\n", "faulty.yaml:2: not valid YAML"),
        (FAULTY.replace("Unused", "OneCode"), "faulty.yaml:2: parameter OneCode is a key in"),
    ],
    ids=["syntax", "wiring"],
)
def test_syntax_and_wiring_are_checked_before_the_rules(
    sources: SmallProject, body: str, said: str
) -> None:
    sources.template("faulty", body)
    done = validate(sources)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: {sources.templates}/{said}")
