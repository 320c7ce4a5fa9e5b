"""`start-analytics` and `stop-analytics` of an application whose code is not there.

That one comes to run is for test_pipeline.py, which has the real one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

import command_line
from audited_project import AuditedProject, audited_project
from live_project import LiveProject
from small_projects import empty_project
from waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from shared_aws import TestAws

# The zip's key is a parameter, as in templates/analytics.yaml. Of another runtime than FLINK-1_20
# the AWS on this machine has the states alone, without a Flink.
APPLICATION = """\
Parameters:
  AnalyticsCode: {Type: String, Default: deployed.zip}
Resources:
  Application:
    Type: AWS::KinesisAnalyticsV2::Application
    Properties:
      RuntimeEnvironment: FLINK-1_18
      ServiceExecutionRole: arn:aws:iam::000000000000:role/none
      ApplicationConfiguration:
        ApplicationSnapshotConfiguration: {SnapshotsEnabled: true}
        ApplicationCodeConfiguration:
          CodeContentType: ZIPFILE
          CodeContent:
            S3ContentLocation: {BucketARN: arn:aws:s3:::none, FileKey: !Ref AnalyticsCode}
  Logging:
    Type: AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption
    Properties:
      ApplicationName: !Ref Application
      CloudWatchLoggingOption:
        LogStreamARN: !Sub
          arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:${Group}:log-stream:${Stream}
  Group: {Type: AWS::Logs::LogGroup}
  Stream:
    Type: AWS::Logs::LogStream
    Properties: {LogGroupName: !Ref Group}
Outputs:
  AnalyticsApplicationName: {Value: !Ref Application}
"""


@pytest.fixture(scope="module")
def project(local_aws: TestAws) -> Iterator[AuditedProject]:
    with audited_project(local_aws) as deployed:
        yield deployed


@pytest.fixture
def running(local_aws: TestAws, tmp_path: Path) -> Iterator[LiveProject]:
    project = LiveProject(local_aws, empty_project(tmp_path))
    project.create("analytics", APPLICATION)
    until(lambda: project.statuses["analytics"] == "CREATE_COMPLETE")
    assert project.run("start-analytics").returncode == 0
    yield project
    local_aws.client("cloudformation").delete_stack(StackName=f"{project.name}-analytics")


def application(project: LiveProject) -> str:
    return project.physical_id("analytics", "Application")


def states(said: str) -> list[str]:
    return [line.split()[-1] for line in said.splitlines() if " s  " in line]


def test_a_start_that_fails_shows_the_states_and_the_cause(project: AuditedProject) -> None:
    done = project.run("start-analytics")
    assert (done.returncode, done.stdout) == (1, "")
    # It may have failed before anybody looked while it was STARTING.
    assert states(done.stderr) in (["READY"], ["READY", "STARTING"], ["READY", "STARTING", "READY"])
    assert "did not start; it is READY" in done.stderr
    assert "GetObject" in done.stderr
    assert "miztiik-events logs analytics" in done.stderr


def test_a_start_from_a_snapshot_that_is_not_there_is_refused(project: AuditedProject) -> None:
    done = project.run("start-analytics", "--from=yesterday")
    assert (done.returncode, done.stdout) == (1, "")
    assert "has no snapshot 'yesterday'" in done.stderr
    assert "each stop takes one" in done.stderr
    assert "STARTING" not in done.stderr


def test_a_restart_stops_with_a_snapshot_and_starts_again(running: LiveProject) -> None:
    done = running.run("start-analytics", "--restart")
    assert done.returncode == 0
    assert json.loads(done.stdout)["status"] == "RUNNING"
    # Those between may be over before they are seen.
    seen = [state for state in states(done.stderr) if state in ("RUNNING", "READY")]
    assert seen == ["RUNNING", "READY", "RUNNING"]
    assert "STOP-" in running.run("start-analytics", "--from=unknown").stderr


def test_a_restart_can_go_back_to_a_snapshot(running: LiveProject) -> None:
    flink, name = running.aws.client("kinesisanalyticsv2"), application(running)
    flink.create_application_snapshot(ApplicationName=name, SnapshotName="before")
    assert running.run("start-analytics", "--restart", "--from=before").returncode == 0
    described = flink.describe_application(ApplicationName=name)["ApplicationDetail"]
    run = described["ApplicationConfigurationDescription"]["RunConfigurationDescription"]
    assert run["ApplicationRestoreConfigurationDescription"]["SnapshotName"] == "before"


def test_where_to_start_from_is_no_matter_to_what_runs(running: LiveProject) -> None:
    for arguments in ((), ("--no-wait",)):
        done = running.run("start-analytics", "--from=none", *arguments)
        assert done.returncode == 0
        assert "`--from none` had no effect. Add --restart" in done.stderr


def test_a_restart_has_to_wait(project: AuditedProject) -> None:
    done = project.run("start-analytics", "--restart", "--no-wait")
    assert (done.returncode, done.stdout) == (2, "")
    assert "leave --no-wait out" in done.stderr


def test_a_job_that_fails_and_is_started_again_is_told(running: LiveProject) -> None:
    line = {
        "message": "Source: events switched from RUNNING to FAILED with failure cause:",
        "throwableInformation": "x.AccessDeniedException: not authorized\n\tat x",
    }
    # Later than the start that is to come.
    event = {"timestamp": int(time.time() * 1000) + 600_000, "message": json.dumps(line)}
    running.aws.client("logs").put_log_events(
        logGroupName=running.physical_id("analytics", "Group"),
        logStreamName=running.physical_id("analytics", "Stream"),
        logEvents=[event],
    )
    done = running.run("start-analytics", "--restart")
    assert done.returncode == 0
    assert "x.AccessDeniedException: not authorized" in done.stderr


def test_code_that_is_not_what_was_deployed_is_told(running: LiveProject) -> None:
    """As after an update that AWS took back."""
    assert "Its code is not" not in running.run("start-analytics").stderr
    location = {"S3ContentLocationUpdate": {"FileKeyUpdate": "before.zip"}}
    code = {"ApplicationCodeConfigurationUpdate": {"CodeContentUpdate": location}}
    running.aws.client("kinesisanalyticsv2").update_application(
        ApplicationName=application(running),
        CurrentApplicationVersionId=2,
        ApplicationConfigurationUpdate=code,
    )
    done = running.run("start-analytics")
    assert f"Its code is not what {running.name}-analytics was deployed with" in done.stderr


def test_to_stop_what_is_at_rest_is_no_work(project: AuditedProject) -> None:
    done = project.run("stop-analytics", "--output=json")
    assert done.returncode == 0
    assert json.loads(done.stdout) == {
        "name": project.outputs["AnalyticsApplicationName"],
        "status": "READY",
        "parallelism": 2,
        "version": 1,
    }


@pytest.mark.parametrize("command", ["start-analytics", "stop-analytics"])
def test_before_deploy_it_says_what_comes_first(local_aws: TestAws, command: str) -> None:
    done = command_line.run(local_aws.environment, command, "--project", "nowhere")
    assert done.returncode == 1
    assert "miztiik-events deploy --project nowhere" in done.stderr
