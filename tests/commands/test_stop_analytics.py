"""`stop-analytics` while the application is on its way; test_pipeline.py stops one that runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from audited_project import AuditedProject, audited_project
from counting_application import PROPERTIES, code_in, role_in
from live_project import LiveProject
from small_projects import empty_project
from waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from shared_aws import TestAws


@pytest.fixture(scope="module")
def project(local_aws: TestAws) -> Iterator[AuditedProject]:
    """Its application's code is not there, so no start comes to anything."""
    with audited_project(local_aws) as deployed:
        yield deployed


@pytest.fixture
def starting(local_aws: TestAws, tmp_path: Path) -> Iterator[LiveProject]:
    """Its start is under way for as long as Flink needs, which is seconds."""
    project = LiveProject(local_aws, empty_project(tmp_path))
    project.create("analytics", application(local_aws))
    until(lambda: project.statuses["analytics"] == "CREATE_COMPLETE")
    started = project.run("start-analytics", "--no-wait")
    assert json.loads(started.stdout)["status"] == "STARTING"
    yield project
    local_aws.client("cloudformation").delete_stack(StackName=f"{project.name}-analytics")


def application(aws: TestAws) -> str:
    groups = [{"PropertyGroupId": id, "PropertyMap": group} for id, group in PROPERTIES.items()]
    location = {"BucketARN": f"arn:aws:s3:::{code_in(aws)}", "FileKey": "code.zip"}
    code = {"CodeContentType": "ZIPFILE", "CodeContent": {"S3ContentLocation": location}}
    properties = {
        "RuntimeEnvironment": "FLINK-1_20",
        "ServiceExecutionRole": role_in(aws),
        "ApplicationConfiguration": {
            "ApplicationCodeConfiguration": code,
            "EnvironmentProperties": {"PropertyGroups": groups},
        },
    }
    resource = {"Type": "AWS::KinesisAnalyticsV2::Application", "Properties": properties}
    output = {"AnalyticsApplicationName": {"Value": {"Ref": "Application"}}}
    return json.dumps({"Resources": {"Application": resource}, "Outputs": output})


def test_a_start_that_is_under_way_is_waited_for(project: AuditedProject) -> None:
    assert project.run("start-analytics", "--no-wait").returncode == 0
    done = project.run("stop-analytics")
    assert done.returncode == 0
    states = [line.split()[-1] for line in done.stderr.splitlines() if " s  " in line]
    # On a slow machine the start is over before the first look.
    assert states in (["STARTING", "READY"], ["READY"])
    assert json.loads(done.stdout)["status"] == "READY"


def test_by_force_a_start_is_broken_off(starting: LiveProject) -> None:
    done = starting.run("stop-analytics", "--force", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["status"] == "READY"


def test_without_waiting_it_only_asks(starting: LiveProject) -> None:
    done = starting.run("stop-analytics", "--force", "--no-wait", "--output=table")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split()[:4] == ["Name", "Status", "Parallelism", "Version"]
    # READY when it has ended before it is looked at.
    assert "FORCE_STOPPING" in done.stdout or "READY" in done.stdout
    assert starting.run("stop-analytics").returncode == 0


def test_at_rest_there_is_nothing_to_ask_for(project: AuditedProject) -> None:
    done = project.run("stop-analytics", "--force", "--no-wait")
    assert done.returncode == 0
    assert json.loads(done.stdout)["status"] == "READY"


def test_no_time_at_all_is_a_wrong_usage(project: AuditedProject) -> None:
    done = project.run("stop-analytics", "--timeout=0")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'--timeout'" in done.stderr
