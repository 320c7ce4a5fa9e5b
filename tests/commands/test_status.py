"""`status`: what is told in each form, what counts as unhealthy, why, and how it is watched."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import TYPE_CHECKING, Any

import pytest

import command_line
import small_roles
from audited_project import AuditedProject, audited_project
from live_project import WAITING, LiveProject
from small_projects import FAILING, empty_project, queue_project
from template_trees import walk
from waiting import until

if TYPE_CHECKING:
    from shared_aws import TestAws

NOTE = "Resources: {Topic: {Type: AWS::SNS::Topic}}\n"


@pytest.fixture(scope="module")
def audited(local_aws: TestAws) -> Iterator[AuditedProject]:
    """One stack, with the analytics application in it."""
    with audited_project(local_aws) as project:
        yield project


@pytest.fixture
def project(local_aws: TestAws, tmp_path: Path) -> LiveProject:
    return LiveProject(local_aws, empty_project(tmp_path))


def statuses(value: Any) -> dict[str, str]:
    """The status of each thing by its name, wherever it stands in what was told."""
    objects = (one for one in walk(value) if isinstance(one, dict))
    return {one["name"]: one["status"] for one in objects if "name" in one and "status" in one}


def told(done: CompletedProcess[str]) -> dict[str, str]:
    """The same of a run whose output is NDJSON."""
    return statuses([json.loads(line) for line in done.stdout.splitlines()])


def test_a_program_is_told_the_stacks_and_the_application(audited: AuditedProject) -> None:
    done, whole = audited.run("status", "--output=ndjson"), audited.run("status", "--output=json")
    assert (done.returncode, done.stderr) == (whole.returncode, whole.stderr) == (0, "")
    expected = {
        f"{audited.name}-stream": "CREATE_COMPLETE",
        audited.outputs["AnalyticsApplicationName"]: "READY",
    }
    assert told(done) == expected
    assert statuses(json.loads(whole.stdout)) == expected


def test_a_person_is_told_when_the_last_update_was_and_the_applications_state(
    audited: AuditedProject,
) -> None:
    done = audited.run("status")
    assert done.returncode == 0
    assert audited.name in done.stdout
    assert "ast update" in done.stdout
    assert "READY" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("form", ["ndjson", "json", "table"])
def test_that_nothing_is_deployed_is_no_failure_and_says_what_to_do(
    project: LiveProject, form: str
) -> None:
    done = project.run("status", f"--output={form}")
    assert done.returncode == 0
    assert form == "table" or statuses(json.loads(done.stdout or "{}")) == {}
    assert f"Project '{project.name}' is not deployed" in done.stderr
    # Without the name it would be another project that is deployed next.
    assert f"miztiik-events deploy --project {project.name}" in done.stderr


def test_a_stack_that_has_failed_is_shown_and_ends_with_4(project: LiveProject) -> None:
    project.create("failing", FAILING)
    until(lambda: project.statuses["failing"] == "ROLLBACK_COMPLETE")
    done = project.run("status", "--output=ndjson")
    assert done.returncode == 4
    assert told(done) == {f"{project.name}-failing": "ROLLBACK_COMPLETE"}
    assert f"{project.name}-failing is ROLLBACK_COMPLETE" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_stack_that_is_under_way_is_no_failure(project: LiveProject) -> None:
    project.create("waiting", WAITING)
    done = project.run("status", "--output=ndjson")
    assert (done.returncode, done.stderr) == (0, "")
    assert told(done) == {f"{project.name}-waiting": "CREATE_IN_PROGRESS"}


def test_another_project_is_not_shown_although_its_name_begins_so(
    local_aws: TestAws, tmp_path: Path
) -> None:
    project = LiveProject(local_aws, empty_project(tmp_path))
    european = LiveProject(local_aws, project.sources, f"{project.name}-eu")
    european.create("note", NOTE)
    until(lambda: european.statuses["note"] == "CREATE_COMPLETE")
    assert "is not deployed" in project.run("status").stderr
    assert told(european.run("status", "--output=ndjson")) == {
        f"{european.name}-note": "CREATE_COMPLETE"
    }


def test_a_stack_that_was_deleted_is_not_shown(project: LiveProject) -> None:
    stack = project.create("note", NOTE)
    until(lambda: project.statuses["note"] == "CREATE_COMPLETE")
    project.aws.client("cloudformation").delete_stack(StackName=stack)
    until(lambda: not project.statuses)
    assert "is not deployed" in project.run("status").stderr


def test_one_object_tells_of_every_part(audited: AuditedProject) -> None:
    audited.beat()
    audited.store([{"store_id": "store_1"}])
    audited.record("late", ("shardId-0", "1"))
    found = json.loads(audited.run("status", "--output=json").stdout)
    assert found["project"] == audited.name
    assert found["stream"]["shards"] == 2
    assert found["stream"]["newest"]
    assert found["store"]["last_key"].startswith("sales_revenue/")
    assert found["store"]["late_objects"] == 1
    assert found["queues"]["rejected"] == 0
    assert found["queues"]["dead_letters"] == {"RuleDeadLetter": 0}
    assert found["alarms"] == {"ringing": [], "well": 0, "without_data": 0}
    assert found["cost"]["running"] > found["cost"]["stopped"] > 0
    assert found["problems"] == []


def test_a_person_is_told_what_it_would_cost_on_aws(audited: AuditedProject) -> None:
    screen = audited.run("status", "--output=table").stdout
    assert "nothing on this machine; on AWS about $" in screen
    assert "not known" in screen


def test_dead_letters_end_with_4(local_aws: TestAws) -> None:
    with audited_project(local_aws) as project:
        queue = project.outputs["RuleDeadLetterQueueUrl"]
        local_aws.client("sqs").send_message(QueueUrl=queue, MessageBody="one")
        done = project.run("status", "--output=table")
    assert done.returncode == 4
    assert "RuleDeadLetter 1" in done.stdout
    assert "1 dead letter in RuleDeadLetter" in done.stderr


def test_a_part_that_may_not_be_seen_says_so_and_hides_no_other(
    local_aws: TestAws, audited: AuditedProject
) -> None:
    role = small_roles.create(local_aws, small_roles.allow(["cloudformation:*", "s3:*"], "*"))
    keys = role.credentials()
    variables = {
        "AWS_ACCESS_KEY_ID": keys.access_key,
        "AWS_SECRET_ACCESS_KEY": keys.secret_key,
        "AWS_SESSION_TOKEN": keys.token,
    }
    environment = {**local_aws.environment, **variables}
    done = command_line.run(environment, "status", "--project", audited.name, "--output=json")
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert "ListShards was refused: AccessDenied" in found["stream"]["refused"]
    assert "GetQueueAttributes was refused: AccessDenied" in found["queues"]["refused"]
    assert found["store"]["bucket"] == audited.outputs["FirehoseDataStore"]
    assert len(found["stacks"]) == 1


def test_a_stack_under_way_shows_how_far_it_is(project: LiveProject) -> None:
    project.create("waiting", WAITING)
    project.physical_id("waiting", "Handle")
    done = project.run("status", "--output=table")
    assert "CREATE_IN_PROGRESS  1 of 2 resources done  Signal since " in done.stdout


def test_why_has_the_cause_and_ends_with_4_while_there_is_something_to_mend(
    project: LiveProject,
) -> None:
    path = project.sources.template("failing", FAILING)
    project.create("failing", FAILING)
    until(lambda: project.statuses["failing"] == "ROLLBACK_COMPLETE")
    done = project.run("status", "--why", "--output=table", f"--templates={path.parent}")
    assert done.returncode == 4
    assert "Signal (AWS::CloudFormation::WaitCondition)" in done.stdout
    assert f"{path}:4" in done.stdout
    (failure,) = json.loads(project.run("status", "--why", "--output=json").stdout)
    assert failure["logical_id"] == "Signal"


def test_why_of_a_start_that_failed_has_the_applications_cause(local_aws: TestAws) -> None:
    with audited_project(local_aws) as project:
        assert project.run("start-analytics").returncode == 1
        assert "its last StartApplication" in project.run("status").stderr
        done = project.run("status", "--why", "--output=ndjson")
    assert done.returncode == 4
    failure = json.loads(done.stdout)
    assert failure["subject"] == project.outputs["AnalyticsApplicationName"]
    assert "GetObject" in failure["reason"]


def test_drift_is_shown_and_ends_with_3(local_aws: TestAws, tmp_path: Path) -> None:
    project = LiveProject(local_aws, queue_project(tmp_path))
    assert project.deploy().returncode == 0
    assert project.run("status", "--drift").returncode == 0
    local_aws.client("sqs").set_queue_attributes(
        QueueUrl=project.physical_id("queue", "Queue"), Attributes={"VisibilityTimeout": "77"}
    )
    done = project.run("status", "--drift")
    assert done.returncode == 3
    assert "VisibilityTimeout" in done.stdout
    assert "77" in done.stdout


def test_why_says_when_nothing_has_failed(project: LiveProject) -> None:
    done = project.run("status", "--why")
    assert (done.returncode, done.stdout) == (0, "")
    assert "has failed" in done.stderr


@pytest.mark.parametrize(
    "options", [("--watch", "--why"), ("--drift", "--why"), ("--templates", ".")]
)
def test_options_that_do_not_go_together_are_a_usage_error(
    project: LiveProject, options: tuple[str, ...]
) -> None:
    assert project.run("status", *options).returncode == 2


@contextlib.contextmanager
def watched(project: LiveProject, stdout: int, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [command_line.PROGRAM, "status", "--watch", "--project", project.name, *options],
        env={**os.environ, **command_line.NO_SETTINGS, **project.aws.environment},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        # So that what is read is all that has come: `line` waits for more.
        bufsize=0,
    )
    try:
        yield process
    finally:
        # It never ends by itself.
        process.kill()
        process.wait()


def line(process: subprocess.Popen[bytes]) -> Any:
    assert process.stdout
    ready, _, _ = select.select([process.stdout], [], [], 120)
    assert ready, "it tells nothing"
    return json.loads(process.stdout.readline())


def test_a_watch_tells_a_program_each_change_of_state(project: LiveProject) -> None:
    project.create("waiting", WAITING)
    project.physical_id("waiting", "Handle")
    with watched(project, subprocess.PIPE, "--output=ndjson") as process:
        first = line(process)
        project.signal("waiting")
        second = line(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    assert [one["stacks"][0]["status"] for one in (first, second)] == [
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
    ]


def test_a_watch_writes_over_its_screen_on_a_terminal(project: LiveProject) -> None:
    project.create("waiting", WAITING)
    ours, theirs = pty.openpty()
    screen = b""
    with watched(project, theirs) as process:
        os.close(theirs)
        # It goes up by the lines that stand there, and clears them. Not all comes at once.
        while b"CREATE_IN_PROGRESS" not in screen.partition(b"A\r\x1b[J")[2]:
            ready, _, _ = select.select([ours], [], [], 60)
            assert ready, f"it stands still after {screen.decode()}"
            screen += os.read(ours, 65536)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    os.close(ours)
    assert screen.count(b"CREATE_IN_PROGRESS") == 2
