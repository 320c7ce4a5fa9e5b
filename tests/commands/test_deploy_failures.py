"""`deploy` when something is wrong: found early when it can be, and told by its first cause."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import command_line
from live_project import LiveProject
from small_programs import SQL, counting_project
from small_projects import (
    AFTER_FAILING,
    ALARM,
    FAILING,
    QUEUE,
    SmallProject,
    queue_project,
)

if TYPE_CHECKING:
    from shared_aws import TestAws

REASON = "WaitCondition timed out. Received 0 conditions when expecting 1"


@pytest.fixture
def sources(tmp_path: Path) -> SmallProject:
    return queue_project(tmp_path)


@pytest.fixture
def failing(local_aws: TestAws, sources: SmallProject) -> LiveProject:
    """Three stacks that come about, one that fails, and one that needs it."""
    sources.template("failing", FAILING)
    sources.template("after", AFTER_FAILING)
    return LiveProject(local_aws, sources)


def test_a_program_that_flink_refuses_stops_it_before_any_stack(
    local_aws: TestAws, tmp_path: Path
) -> None:
    project = LiveProject(local_aws, counting_project(tmp_path, SQL.replace("FROM dear", "FROM")))
    done = project.deploy()
    assert (done.returncode, done.stdout) == (1, "")
    path = f"{project.sources.functions}/counts/windows.sql"
    told = f'Error: {path}:19:4: Encountered "<EOF>". Nothing was deployed'
    assert done.stderr.splitlines() == [f"Flink plans {path}", told]
    assert project.statuses == {}


def test_a_program_is_planned_when_it_is_new_to_the_stacks(
    local_aws: TestAws, tmp_path: Path
) -> None:
    project = LiveProject(local_aws, counting_project(tmp_path))
    for name, is_planned in (("first", True), ("second", False)):
        done = project.deploy(XDG_CACHE_HOME=str(tmp_path / name))
        assert done.returncode == 0, done.stderr
        assert ("Flink plans" in done.stderr) == is_planned


def test_where_flink_does_not_run_it_deploys_without_planning(
    local_aws: TestAws, tmp_path: Path
) -> None:
    project = LiveProject(local_aws, counting_project(tmp_path, "SELECT;\n"))
    done = project.deploy(JAVA_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "plan" not in done.stderr


def test_the_last_lines_are_the_first_cause_and_where_it_is(failing: LiveProject) -> None:
    done = failing.deploy("--output=json")
    assert (done.returncode, list(json.loads(done.stdout))) == (1, ["error"])
    assert done.stderr.splitlines()[-4:] == [
        f"Error: stack {failing.name}-failing failed at Signal "
        "(AWS::CloudFormation::WaitCondition)",
        f"  CREATE_FAILED: {REASON}",
        f"  {failing.sources.templates}/failing.yaml:4",
        "  Next: remove the cause, then deploy again",
    ]


def test_what_depends_on_a_failure_is_skipped_and_named_the_rest_is_done(
    failing: LiveProject,
) -> None:
    told = failing.deploy().stderr
    assert f"{failing.name}-after  skipped  failing failed" in told
    assert re.search(rf"{failing.name}-failing  failed .*{re.escape(REASON)}", told)
    assert failing.statuses == dict.fromkeys(("artifacts", "queue", "alarm"), "CREATE_COMPLETE")


def test_with_the_cause_gone_the_next_deploy_finishes(failing: LiveProject) -> None:
    assert failing.deploy("--jobs=1").returncode == 1
    failing.sources.template("failing", NO_LONGER_FAILING)
    done = failing.deploy()
    assert done.returncode == 0
    # In the order in which they came to it.
    assert any(
        f"{words}." in done.stderr for words in ("3 unchanged, 2 created", "2 created, 3 unchanged")
    )
    assert set(failing.statuses.values()) == {"CREATE_COMPLETE"}


NO_LONGER_FAILING = """\
Resources: {Topic: {Type: AWS::SNS::Topic}}
Outputs: {SignalData: {Value: x}}
"""


def test_a_failed_update_leaves_the_stack_as_it_was(failing: LiveProject) -> None:
    (failing.sources.templates / "failing.yaml").unlink()
    (failing.sources.templates / "after.yaml").unlink()
    assert failing.deploy("-p", "Patience=45").returncode == 0
    wait = FAILING.partition("Resources:\n")[2].partition("Outputs:")[0]
    failing.sources.template("queue", QUEUE.replace("Resources:\n", f"Resources:\n{wait}"))
    done = failing.deploy("-p", "Patience=50")
    assert done.returncode == 1
    assert f"{failing.name}-queue failed at Signal" in done.stderr
    assert f"{failing.sources.templates}/queue.yaml:8" in done.stderr
    assert failing.statuses["queue"] == "UPDATE_ROLLBACK_COMPLETE"
    assert failing.parameter("queue", "Patience") == "45"


def test_an_unknown_parameter_is_a_wrong_usage_told_with_the_known_ones(
    sources: SmallProject,
) -> None:
    done = command_line.run({}, "deploy", *sources.options, "-p", "Patiense=3", "-p", "Size=1")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "Error: No template has a parameter Patiense, Size. Did you mean Patience? "
        "There are: ArtifactBucket, OneCode, Patience, QueueArn\n"
    )


@pytest.mark.parametrize("value", ["Patience", "=3", ""])
def test_a_parameter_of_the_wrong_form_is_a_wrong_usage(sources: SmallProject, value: str) -> None:
    done = command_line.run({}, "deploy", *sources.options, "--parameter-overrides", value)
    assert (done.returncode, done.stdout) == (2, "")
    assert repr(value) in done.stderr
    assert "NAME=VALUE" in done.stderr


@pytest.mark.parametrize("option", ["--jobs=0", "--jobs=33", "--timeout=0", "--timeout=soon"])
def test_a_number_out_of_its_range_is_a_wrong_usage(sources: SmallProject, option: str) -> None:
    done = command_line.run({}, "deploy", *sources.options, option)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"'{option.partition('=')[0]}'" in done.stderr


BROKEN = "Resources:\n  Topic: {Type: [AWS::SNS::Topic}\n"
CYCLE = """\
Parameters:
  QueueArn: {Type: String}
Resources:
  Topic: {Type: AWS::SNS::Topic}
Outputs:
  ArtifactBucket: {Value: x}
"""
LOST = QUEUE.replace("OneCode", "LostCode").replace("QueueArn:", "OtherArn:")


@pytest.mark.parametrize(
    ("name", "body", "place", "reason"),
    [
        ("broken", BROKEN, "broken.yaml:2", "not valid YAML"),
        ("no-resources", "Outputs: {}\n", "no-resources.yaml", "needs Resources"),
        ("again", FAILING + "  SignalData: {Value: x}\n", "again.yaml:9", "SignalData is defined"),
        ("artifacts", CYCLE, ".yaml:2", "artifacts needs QueueArn of queue"),
        ("second", QUEUE, "alarm.yaml:2", "parameter QueueArn could take the output"),
    ],
    ids=["yaml", "no template", "twice", "cycle", "output of two"],
)
def test_a_wrong_template_is_found_before_any_call_with_file_and_line(
    sources: SmallProject, name: str, body: str, place: str, reason: str
) -> None:
    sources.template(name, body)
    done = command_line.run({}, "deploy", *sources.options)
    # Without credentials: a call to AWS would end with 5.
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"Error: {sources.templates}/")
    assert place in line
    assert reason in line


@pytest.mark.parametrize(
    ("name", "body", "place", "reason"),
    [
        ("alarm", ALARM.replace("QueueArn", "TopicArn"), "alarm.yaml:2", "parameter TopicArn"),
        ("lost", LOST, "lost.yaml:3", "there is no folder functions/lost"),
    ],
    ids=["parameter", "code"],
)
def test_a_value_that_neither_the_templates_nor_the_stacks_have_is_missed_before_any_change(
    local_aws: TestAws, sources: SmallProject, name: str, body: str, place: str, reason: str
) -> None:
    sources.template(name, body)
    project = LiveProject(local_aws, sources)
    done = project.deploy()
    assert (done.returncode, done.stdout) == (1, "")
    assert place in done.stderr
    assert reason in done.stderr
    assert not project.statuses
