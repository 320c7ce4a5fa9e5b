"""What a deploy tells before it gives the stream of an application other shards."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from live_project import LiveProject
from small_projects import empty_project
from waiting import until

if TYPE_CHECKING:
    from shared_aws import TestAws

STREAM = """\
Parameters:
  ShardCount: {Type: Number, Default: 2}
Resources:
  Stream:
    Type: AWS::Kinesis::Stream
    Properties: {ShardCount: !Ref ShardCount}
Outputs:
  SalesStreamName: {Value: !Ref Stream}
  ShardCount: {Value: !Ref ShardCount}
"""
# Of another runtime than FLINK-1_20 the AWS on this machine has the states alone, without a Flink.
APPLICATION = """\
Parameters:
  ShardCount: {Type: Number}
Resources:
  Application:
    Type: AWS::KinesisAnalyticsV2::Application
    Properties:
      RuntimeEnvironment: FLINK-1_18
      ServiceExecutionRole: arn:aws:iam::000000000000:role/none
      ApplicationConfiguration:
        ApplicationCodeConfiguration:
          CodeContentType: ZIPFILE
          CodeContent:
            S3ContentLocation: {BucketARN: arn:aws:s3:::none, FileKey: none}
        FlinkApplicationConfiguration:
          ParallelismConfiguration: {ConfigurationType: CUSTOM, Parallelism: !Ref ShardCount}
Outputs:
  AnalyticsApplicationName: {Value: !Ref Application}
"""


@pytest.fixture(scope="module")
def project(local_aws: TestAws, tmp_path_factory: pytest.TempPathFactory) -> LiveProject:
    project = LiveProject(local_aws, empty_project(tmp_path_factory.mktemp("caution")))
    project.sources.template("stream", STREAM)
    project.sources.template("analytics", APPLICATION)
    first = project.deploy()
    assert (first.returncode, "The number of shards goes" in first.stderr) == (0, False)
    return project


def application(project: LiveProject) -> str:
    return project.physical_id("analytics", "Application")


def told(project: LiveProject, *arguments: str) -> str:
    done = project.deploy("--plan", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_the_plan_tells_of_an_application_that_does_not_run(project: LiveProject) -> None:
    said = told(project, "-p", "ShardCount=4")
    assert "The number of shards goes from 2 to 4 while the application is READY" in said
    assert "start-analytics" in said


def test_nothing_is_told_when_the_shards_stay(project: LiveProject) -> None:
    assert "The number of shards goes" not in told(project)
    assert "The number of shards goes" not in told(project, "-p", "ShardCount=2")


def test_nothing_is_told_of_an_application_that_keeps_up_and_all_of_one_that_does_not(
    project: LiveProject,
) -> None:
    flink: Any = project.aws.client("kinesisanalyticsv2")
    name = application(project)
    flink.start_application(ApplicationName=name)

    def is_running() -> bool:
        detail = flink.describe_application(ApplicationName=name)["ApplicationDetail"]
        return bool(detail["ApplicationStatus"] == "RUNNING")

    until(is_running, "the application's start")
    assert "The number of shards goes" not in told(project, "-p", "ShardCount=4")
    project.aws.client("cloudwatch").put_metric_data(
        Namespace="AWS/KinesisAnalytics",
        MetricData=[
            {
                "MetricName": "millisBehindLatest",
                "Dimensions": [{"Name": "Application", "Value": name}],
                "Timestamp": datetime.now(timezone.utc),
                "Value": 42_000.0,
            }
        ],
    )
    assert "the application is 42 s behind" in told(project, "-p", "ShardCount=4")
