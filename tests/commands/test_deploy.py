"""`deploy` of small projects: what it makes, what it leaves alone, and what it says."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from live_project import WAITING, LiveProject, said, versions
from recorded_endpoint import recorded
from small_projects import QUEUE, empty_project, queue_project

if TYPE_CHECKING:
    from shared_aws import TestAws

READING = ("Describe", "Get", "List")
PATIENT = """\
Parameters: {Patience: {Type: Number, Default: 30}}
Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Patience}}}
"""


@pytest.fixture
def project(local_aws: TestAws, tmp_path: Path) -> LiveProject:
    return LiveProject(local_aws, queue_project(tmp_path))


@pytest.fixture(scope="module")
def deployed(local_aws: TestAws, tmp_path_factory: pytest.TempPathFactory) -> LiveProject:
    """A project that stays as it was deployed."""
    project = LiveProject(local_aws, queue_project(tmp_path_factory.mktemp("deployed")))
    assert project.deploy().returncode == 0
    return project


def test_the_first_deploy_creates_every_stack_and_prints_its_outputs(project: LiveProject) -> None:
    done = project.deploy("--output=json")
    assert done.returncode == 0
    assert project.statuses == dict.fromkeys(("artifacts", "queue", "alarm"), "CREATE_COMPLETE")
    outputs = json.loads(done.stdout)
    assert outputs["ArtifactBucket"] == project.physical_id("artifacts", "Bucket")
    assert outputs["QueueArn"].endswith(project.physical_id("queue", "Queue").rpartition("/")[2])
    assert outputs.keys() == {"ArtifactBucket", "QueueArn"}
    # On stderr what happened, in the order of the needs.
    created = [done.stderr.index(f"{project.name}-{name}  created") for name in project.statuses]
    assert len(created) == 3
    places = [
        done.stderr.index(text)
        for text in ("artifacts  created", "one  uploaded", "queue  created", "alarm  created")
    ]
    assert places == sorted(places)
    assert "3 created" in done.stderr.splitlines()[-1]
    assert "\x1b" not in done.stderr


def test_a_program_gets_objects_the_outputs_among_them(deployed: LiveProject) -> None:
    lines = deployed.deploy("--output=ndjson").stdout.splitlines()
    (told,) = (one for one in map(json.loads, lines) if one["type"] == "outputs")
    assert told["outputs"].keys() == {"ArtifactBucket", "QueueArn"}


def test_the_table_has_a_row_for_each_output(deployed: LiveProject) -> None:
    lines = deployed.deploy("--output=table").stdout.splitlines()
    assert lines[0].split() == ["Output", "Value"]
    bucket = deployed.physical_id("artifacts", "Bucket")
    assert [line.split()[0] for line in lines[2:]] == ["ArtifactBucket", "QueueArn"]
    assert lines[2].split()[1] == bucket


KEY_OUTPUTS = """
Resources: {Topic: {Type: AWS::SNS::Topic}}
Outputs:
  AnalyticsApplicationName: {Value: flink}
  EventBusName: {Value: bus}
  FirehoseDataStore: {Value: bucket}
  Another: {Value: other}
"""


def test_it_ends_with_the_key_outputs_and_the_next_step(local_aws: TestAws, tmp_path: Path) -> None:
    sources = empty_project(tmp_path)
    topic = sources.template("topic", KEY_OUTPUTS)
    project = LiveProject(local_aws, sources)
    done = project.deploy()
    shown = [line.split() for line in done.stdout.splitlines()[2:]]
    assert shown == [
        ["AnalyticsApplicationName", "flink"],
        ["EventBusName", "bus"],
        ["FirehoseDataStore", "bucket"],
    ]
    assert done.stderr.splitlines()[-2:] == [
        f"All 4 outputs: miztiik-events outputs --project {project.name}",
        f"Next: miztiik-events start-analytics --project {project.name}",
    ]
    named = "{Type: AWS::SNS::Topic, Properties: {DisplayName: sales}}"
    topic.write_text(KEY_OUTPUTS.replace("{Type: AWS::SNS::Topic}", named))
    *_, next_step = project.deploy().stderr.splitlines()
    assert next_step == f"Next: miztiik-events status --project {project.name}"


def test_quiet_leaves_only_the_outputs(deployed: LiveProject) -> None:
    done = deployed.deploy("--quiet", "--output=table")
    assert done.stderr == ""
    assert done.stdout


def test_a_deploy_without_changes_says_so_and_only_reads(deployed: LiveProject) -> None:
    counts = [deployed.event_count(name) for name in ("artifacts", "queue", "alarm")]
    with recorded(deployed.aws.endpoint) as record:
        done = deployed.deploy(AWS_ENDPOINT_URL=record.url)
    assert done.returncode == 0
    assert done.stderr == "Nothing changed: 3 stacks up to date.\n"
    assert "GetTemplate" in record.operations
    assert all(operation.startswith(READING) for operation in record.operations)
    assert counts == [deployed.event_count(name) for name in ("artifacts", "queue", "alarm")]


def test_changed_code_uploads_that_zip_and_updates_that_stack_alone(project: LiveProject) -> None:
    project.sources.template(
        "second", QUEUE.replace("OneCode", "TwoCode").replace("QueueArn", "Arn")
    )
    project.sources.source("two", "handler.py", "handler = repr\n")
    assert project.deploy().returncode == 0
    s3, bucket = project.aws.client("s3"), project.physical_id("artifacts", "Bucket")
    before, unchanged = versions(s3, bucket), project.event_count("second")
    code = project.parameter("queue", "OneCode")

    project.sources.source("one", "handler.py", "handler = print  # another\n")
    with recorded(project.aws.endpoint) as record:
        done = project.deploy(AWS_ENDPOINT_URL=record.url)
    assert done.returncode == 0
    assert "3 unchanged, 1 updated" in done.stderr
    new = set(versions(s3, bucket)) - set(before)
    assert new == {project.parameter("queue", "OneCode")}
    assert len(versions(s3, bucket)) == len(before) + 1
    assert new.isdisjoint({code})
    assert project.statuses["queue"] == "UPDATE_COMPLETE"
    assert project.event_count("second") == unchanged
    puts = {one for one in record.operations if one.startswith("PUT ")}
    assert puts == {f"PUT /{bucket}/{key}" for key in new}


def test_code_that_the_bucket_has_already_is_not_sent_again(project: LiveProject) -> None:
    assert project.deploy().returncode == 0
    bucket = project.physical_id("artifacts", "Bucket")
    project.sources.source("one", "handler.py", "handler = print  # another\n")
    assert project.deploy().returncode == 0
    project.sources.source("one", "handler.py", "handler = print\n")
    done = project.deploy()
    assert "1 updated" in done.stderr
    assert "uploaded" not in done.stderr
    assert len(versions(project.aws.client("s3"), bucket)) == 2


def test_a_parameter_that_was_given_once_is_kept(project: LiveProject) -> None:
    assert project.deploy("-p", "Patience=45").returncode == 0
    project.sources.source("one", "handler.py", "handler = print  # another\n")
    assert project.deploy().returncode == 0
    assert project.parameter("queue", "Patience") == "45"
    assert project.deploy("--parameter-overrides", "Patience=50").returncode == 0
    assert project.parameter("queue", "Patience") == "50"


def test_a_value_that_was_given_holds_for_stacks_that_come_later(project: LiveProject) -> None:
    assert project.deploy("-p", "Patience=45").returncode == 0
    project.sources.template("second", PATIENT)
    # It has a stack already, but had no such parameter.
    project.sources.template("alarm", PATIENT)
    assert project.deploy().returncode == 0
    assert project.parameter("second", "Patience") == "45"
    assert project.parameter("alarm", "Patience") == "45"


def test_a_value_that_cloudformation_hides_is_not_given_on(
    local_aws: TestAws, tmp_path: Path
) -> None:
    project = LiveProject(local_aws, empty_project(tmp_path))
    project.sources.template("first", PATIENT.replace("{Type", "{NoEcho: true, Type"))
    assert project.deploy("-p", "Patience=45").returncode == 0
    assert project.parameter("first", "Patience") == "****"
    project.sources.template("second", PATIENT)
    assert project.deploy().returncode == 0
    assert project.parameter("second", "Patience") == "30"


def test_a_value_may_contain_an_equals_sign(local_aws: TestAws, tmp_path: Path) -> None:
    project = LiveProject(local_aws, empty_project(tmp_path))
    project.sources.template("note", NOTE)
    done = project.deploy("-p", "Note=a=b", "--output=json")
    assert json.loads(done.stdout) == {"NoteTold": "a=b"}


NOTE = """\
Parameters: {Note: {Type: String}}
Resources: {Topic: {Type: AWS::SNS::Topic}}
Outputs: {NoteTold: {Value: !Ref Note}}
"""


@pytest.fixture
def waiting(local_aws: TestAws, tmp_path: Path) -> LiveProject:
    project = LiveProject(local_aws, empty_project(tmp_path))
    project.sources.template("waiting", WAITING)
    return project


def test_cancelled_it_says_that_aws_goes_on_and_the_next_deploy_converges(
    waiting: LiveProject,
) -> None:
    first = waiting.start("deploy", *waiting.sources.options, "--output=json")
    said(first, "Signal  CREATE_IN_PROGRESS")
    first.send_signal(signal.SIGINT)
    stdout, told = first.communicate(timeout=30)
    assert first.returncode == 130
    assert json.loads(stdout) == {"error": {"message": "Cancelled", "exit_code": 130}}
    assert "AWS goes on with what it has begun" in told
    assert told.splitlines()[-1] == "Cancelled."
    assert waiting.statuses == {"waiting": "CREATE_IN_PROGRESS"}

    second = waiting.start("deploy", *waiting.sources.options)
    said(second, "is already in CREATE_IN_PROGRESS; waiting for it to finish")
    waiting.signal("waiting")
    _, told = second.communicate(timeout=30)
    assert second.returncode == 0
    assert "Nothing changed" in told
    assert waiting.statuses == {"waiting": "CREATE_COMPLETE"}


def test_when_the_time_is_over_it_ends_with_124_and_aws_goes_on(waiting: LiveProject) -> None:
    done = waiting.deploy("--timeout=0.5", "--output=json")
    assert (done.returncode, json.loads(done.stdout)["error"]["exit_code"]) == (124, 124)
    assert "is not done after 0.5 s; AWS goes on with it" in done.stderr.splitlines()[-1]
    assert waiting.statuses == {"waiting": "CREATE_IN_PROGRESS"}
    waiting.signal("waiting")
    assert waiting.deploy().returncode == 0
