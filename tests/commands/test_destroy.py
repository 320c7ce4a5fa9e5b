"""`destroy`: what it asks, what it takes away, what it leaves, and what becomes of half of it."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import terminal
from live_project import WAITING, LiveProject, said, versions
from small_projects import ALARM, empty_project, queue_project

if TYPE_CHECKING:
    from shared_aws import TestAws

TOPIC = "Resources: {Topic: {Type: AWS::SNS::Topic}}\n"
LOGGED = "Resources: {Log: {Type: AWS::Logs::LogGroup}}\n"


def deployed(aws: TestAws, folder: Path) -> LiveProject:
    """Three stacks with a bucket of code, and one with a log group."""
    project = LiveProject(aws, queue_project(folder))
    project.sources.template("logged", LOGGED)
    assert project.deploy().returncode == 0
    return project


@pytest.fixture
def project(local_aws: TestAws, tmp_path: Path) -> LiveProject:
    return deployed(local_aws, tmp_path)


@pytest.fixture(scope="module")
def untouched(local_aws: TestAws, tmp_path_factory: pytest.TempPathFactory) -> LiveProject:
    """One that no test may take anything of."""
    return deployed(local_aws, tmp_path_factory.mktemp("untouched"))


def log_groups(aws: TestAws, part: str) -> list[str]:
    pages = aws.client("logs").get_paginator("describe_log_groups").paginate()
    names = [group["logGroupName"] for page in pages for group in page["logGroups"]]
    return [name for name in names if part in name]


def buckets(aws: TestAws, prefix: str) -> list[str]:
    names = [bucket["Name"] for bucket in aws.client("s3").list_buckets()["Buckets"]]
    return [name for name in names if name.startswith(prefix)]


def test_on_a_terminal_it_lists_what_goes_and_takes_the_projects_name_for_yes(
    project: LiveProject,
) -> None:
    s3, bucket = project.aws.client("s3"), project.physical_id("artifacts", "Bucket")
    for body in (b"one", b"three"):
        s3.put_object(Bucket=bucket, Key="results", Body=body)
    size = sum(found["Size"] for found in s3.list_object_versions(Bucket=bucket)["Versions"])
    log = project.physical_id("logged", "Log")
    arguments = ("destroy", "--project", project.name)
    code, screen = terminal.run(project.aws.environment, *arguments, typed=f"{project.name}\n")
    assert code == 0
    question, _, _ = screen.partition("Type the project's name to delete all this for good")
    where = "from account 000000000000, region us-east-1:"
    assert f"Removal of project {project.name} {where}" in question
    names = [line.split()[0] for line in question.splitlines() if line.startswith("    ")]
    order = [names.index(f"{project.name}-{one}") for one in ("alarm", "queue", "artifacts")]
    assert order == sorted(order)
    assert f"    {bucket}  2 objects, 3 versions, {size} bytes" in question.splitlines()
    assert log in names
    assert project.statuses == {}


@pytest.mark.parametrize("typed", ["\n", "yes\n", "miztiik-events\n", "\x04"])
def test_another_answer_removes_nothing(untouched: LiveProject, typed: str) -> None:
    arguments = ("destroy", "--project", untouched.name)
    code, screen = terminal.run(untouched.aws.environment, *arguments, typed=typed)
    assert code == 130
    assert screen.splitlines()[-1] == "Cancelled."
    assert set(untouched.statuses.values()) == {"CREATE_COMPLETE"}
    assert len(untouched.statuses) == 4


def test_without_a_terminal_it_wants_yes(untouched: LiveProject) -> None:
    done = untouched.run("destroy")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--yes" in done.stderr
    assert len(untouched.statuses) == 4


def test_buckets_go_with_all_their_versions_and_so_does_every_log_group(
    project: LiveProject,
) -> None:
    s3, bucket = project.aws.client("s3"), project.physical_id("artifacts", "Bucket")
    for body in (b"one", b"two"):
        s3.put_object(Bucket=bucket, Key="results", Body=body)
    s3.delete_object(Bucket=bucket, Key="results")
    assert versions(s3, bucket).count("results") == 3
    for name in (f"/aws/lambda/{project.name}-queue-Function-1", f"{project.name}-alarm-Log-1"):
        project.aws.client("logs").create_log_group(logGroupName=name)
    done = project.run("destroy", "--yes")
    assert (done.returncode, done.stdout) == (0, "")
    assert "4 deleted" in done.stderr
    # This AWS deletes a bucket that is not empty, the real one does not: look when it was emptied.
    emptied = done.stderr.index(f"{bucket}  4 object versions deleted")
    assert emptied < done.stderr.index(f"{project.name}-artifacts  DELETE_IN_PROGRESS")
    assert project.statuses == {}
    assert buckets(project.aws, project.name) == []
    assert log_groups(project.aws, project.name) == []


def test_a_stack_goes_before_what_it_needs(project: LiveProject) -> None:
    # As they are, not as the templates now say.
    for path in project.sources.templates.iterdir():
        path.unlink()
    told = project.run("destroy", "--yes").stderr
    order = [told.index(f"{project.name}-{one}  deleted") for one in ("alarm", "queue")]
    assert order == sorted(order)
    assert order[1] < told.index("1 object version deleted")
    assert order[1] < told.index(f"{project.name}-artifacts  deleted")


def test_where_nothing_is_it_says_so_and_is_done(project: LiveProject) -> None:
    assert project.run("destroy", "--yes").returncode == 0
    for arguments in ((), ("--yes",)):
        done = project.run("destroy", *arguments)
        assert (done.returncode, done.stdout) == (0, "")
        place = "in account 000000000000, region us-east-1"
        assert done.stderr == (
            f"Nothing to destroy: project '{project.name}' has nothing {place}.\n"
        )


# Project `x-queue` has names that begin like those of our stack `x-queue`.
@pytest.mark.parametrize("ending", ["eu", "queue"])
def test_a_project_whose_name_goes_on_stays_whole(
    project: LiveProject, tmp_path: Path, ending: str
) -> None:
    (tmp_path / "other").mkdir()
    sources = queue_project(tmp_path / "other")
    other = LiveProject(project.aws, sources, f"{project.name}-{ending}")
    assert other.deploy().returncode == 0
    kept = f"/aws/lambda/{other.name}-alarm-Function-1"
    project.aws.client("logs").create_log_group(logGroupName=kept)
    before = versions(project.aws.client("s3"), other.physical_id("artifacts", "Bucket"))

    assert project.run("destroy", "--yes").returncode == 0
    assert other.statuses == dict.fromkeys(("artifacts", "queue", "alarm"), "CREATE_COMPLETE")
    assert len(project.statuses) == 3
    bucket = other.physical_id("artifacts", "Bucket")
    assert versions(project.aws.client("s3"), bucket) == before
    assert log_groups(project.aws, project.name) == [kept]
    assert "Nothing changed" in other.deploy().stderr


def test_a_project_whose_name_begins_so_stays_whole(project: LiveProject, tmp_path: Path) -> None:
    (tmp_path / "eu").mkdir()
    european = LiveProject(project.aws, queue_project(tmp_path / "eu"), f"{project.name}-eu")
    assert european.deploy().returncode == 0
    assert european.run("destroy", "--yes").returncode == 0
    assert set(project.statuses) == {"artifacts", "queue", "alarm", "logged"}
    assert "Nothing changed" in project.deploy().stderr


def test_another_projects_stack_stays_although_its_name_is_one_of_ours(
    project: LiveProject, tmp_path: Path
) -> None:
    # `data-store` is a template of this package, and so the name could be that of our stack.
    (tmp_path / "data").mkdir()
    other = LiveProject(project.aws, empty_project(tmp_path / "data"), f"{project.name}-data")
    other.sources.template("store", TOPIC)
    assert other.deploy().returncode == 0
    assert project.run("destroy", "--yes").returncode == 0
    assert other.statuses == {"store": "CREATE_COMPLETE"}


def test_killed_in_the_middle_and_run_again_it_finishes(project: LiveProject) -> None:
    project.create("waiting", WAITING)
    project.physical_id("waiting", "Handle")
    killed = project.start("destroy", "--yes")
    said(killed, f"{project.name}-alarm  deleted")
    killed.kill()
    killed.communicate(timeout=30)
    assert killed.returncode == -signal.SIGKILL
    # The stack that was under way holds a destroy up, so this one cannot have come to its end.
    assert project.statuses["waiting"] == "CREATE_IN_PROGRESS"
    assert "alarm" not in project.statuses

    project.signal("waiting")
    assert project.run("destroy", "--yes").returncode == 0
    assert project.statuses == {}
    assert buckets(project.aws, project.name) == []


def test_cancelled_it_says_that_aws_goes_on(local_aws: TestAws, tmp_path: Path) -> None:
    project = LiveProject(local_aws, empty_project(tmp_path))
    project.create("waiting", WAITING)
    project.physical_id("waiting", "Handle")
    destroying = project.start("destroy", "--yes")
    said(destroying, "is already in CREATE_IN_PROGRESS; waiting for it to finish")
    destroying.send_signal(signal.SIGINT)
    _, told = destroying.communicate(timeout=30)
    assert destroying.returncode == 130
    assert "AWS goes on" in told
    assert project.statuses == {"waiting": "CREATE_IN_PROGRESS"}


def test_log_groups_that_an_interrupted_destroy_has_left_go_too(
    local_aws: TestAws, tmp_path: Path
) -> None:
    project = LiveProject(local_aws, empty_project(tmp_path))
    for name in (f"/aws/lambda/{project.name}-producer-Function-1", f"{project.name}-stream-Log"):
        local_aws.client("logs").create_log_group(logGroupName=name)
    assert project.run("destroy", "--yes").returncode == 0
    assert log_groups(local_aws, project.name) == []


@pytest.mark.parametrize("named", [(), ("own",)])
def test_what_the_stacks_of_ones_own_have_left_goes_with_the_next_destroy(
    local_aws: TestAws, tmp_path: Path, named: tuple[str, ...]
) -> None:
    project = LiveProject(local_aws, empty_project(tmp_path))
    topic = "Resources: {Topic: {Type: AWS::SNS::Topic}}\n"
    project.create("own", topic)
    project.create("own-eu", topic, tag="somebody")
    cloudformation = local_aws.client("cloudformation")
    for template in ("own", "own-eu"):
        project.physical_id(template, "Topic")
        cloudformation.delete_stack(StackName=f"{project.name}-{template}")
    stems = ("own-Function-1", "own-eu-Function-1", "nobodys")
    names = [f"/aws/lambda/{project.name}-{stem}" for stem in stems]
    for name in names:
        local_aws.client("logs").create_log_group(logGroupName=name)
    done = project.run("destroy", "--yes", *named)
    assert done.returncode == 0, done.stderr
    assert f"{names[0]}  log group deleted" in done.stderr
    assert sorted(log_groups(local_aws, project.name)) == sorted(names[1:])


def test_a_stack_that_is_not_ours_stays(project: LiveProject) -> None:
    project.create("report", ALARM.replace("{Type: String}", "{Type: String, Default: x}"), tag="-")
    assert project.run("destroy", "--yes").returncode == 0
    assert set(project.statuses) == {"report"}
