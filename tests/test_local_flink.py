"""Managed Flink on this machine, with a small application of its own: it counts, and prints.

The tests share one run of it; each leaves it running.
"""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conftest import TestAws
from miztiik_events.local import flink, flink_processes, launch
from waiting import until

PROGRAM = """
import json, os
from pyflink.table import EnvironmentSettings, TableEnvironment

with open(os.environ["APPLICATION_PROPERTIES_FILE"]) as file:
    groups = {group["PropertyGroupId"]: group["PropertyMap"] for group in json.load(file)}
rate = groups["counter"]["rows.per.second"]
print("the endpoint is", groups["counter"]["aws.endpoint"])
tables = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
tables.execute_sql(
    "CREATE TABLE counter (n BIGINT) WITH ('connector'='datagen', 'fields.n.kind'='sequence',"
    f" 'fields.n.start'='1', 'fields.n.end'='100000', 'rows-per-second'='{rate}')"
)
tables.execute_sql("CREATE TABLE printed (n BIGINT) WITH ('connector'='print')")
tables.execute_sql("INSERT INTO printed SELECT n FROM counter")
"""
GROUP = "/test/counter"
PROPERTIES = {
    "kinesis.analytics.flink.run.options": {"python": "main.py"},
    "counter": {"rows.per.second": "20", "aws.region": "us-east-1"},
}


@dataclass(frozen=True)
class Counter:
    """The application that counts."""

    aws: TestAws
    name: str
    flink: Any

    @property
    def status(self) -> str:
        described = self.flink.describe_application(ApplicationName=self.name)
        return str(described["ApplicationDetail"]["ApplicationStatus"])

    def start(self, **configuration: Any) -> None:
        self.flink.start_application(ApplicationName=self.name, RunConfiguration=configuration)
        until(lambda: self.status != "STARTING")

    def messages(self) -> list[dict[str, str]]:
        pages = self.aws.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=GROUP, logStreamNames=[self.name])
        return [json.loads(event["message"]) for page in found for event in page["events"]]

    def counted(self) -> list[int]:
        """The numbers so far, in the order of their printing."""
        texts = (message.get("message", "") for message in self.messages())
        found = (re.fullmatch(r"\+I\[(\d+)\]", text) for text in texts)
        return [int(match.group(1)) for match in found if match]

    def process(self, kind: str) -> int:
        folder = self.aws.running.folder.flink
        (pid,) = (process.pid for process in flink_processes.alive(folder) if process.kind == kind)
        return pid


@pytest.fixture(scope="module")
def role(local_aws: TestAws) -> str:
    return role_in(local_aws)


def role_in(aws: TestAws) -> str:
    iam, statement = aws.client("iam"), {"Effect": "Allow", "Resource": "*"}
    trust = {"Principal": {"Service": "kinesisanalytics.amazonaws.com"}, "Effect": "Allow"}
    created = iam.create_role(
        RoleName="counter",
        AssumeRolePolicyDocument=document({**trust, "Action": "sts:AssumeRole"}),
    )
    policy = document({**statement, "Action": ["s3:GetObject", "logs:PutLogEvents"]})
    iam.put_role_policy(RoleName="counter", PolicyName="counter", PolicyDocument=policy)
    return str(created["Role"]["Arn"])


def document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="module")
def code(local_aws: TestAws) -> str:
    return code_in(local_aws)


def code_in(aws: TestAws) -> str:
    """The bucket that has the program."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("main.py", PROGRAM)
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="counter-code")
    s3.put_object(Bucket="counter-code", Key="code.zip", Body=archive.getvalue())
    aws.client("logs").create_log_group(logGroupName=GROUP)
    return "counter-code"


def create(
    aws: TestAws, name: str, role: str, bucket: str, properties: dict[str, dict[str, str]]
) -> Counter:
    aws.client("logs").create_log_stream(logGroupName=GROUP, logStreamName=name)
    flink = aws.client("kinesisanalyticsv2")
    stream = f"arn:aws:logs:us-east-1:000000000000:log-group:{GROUP}:log-stream:{name}"
    location = {"BucketARN": f"arn:aws:s3:::{bucket}", "FileKey": "code.zip"}
    groups = [{"PropertyGroupId": id, "PropertyMap": group} for id, group in properties.items()]
    custom = {"ConfigurationType": "CUSTOM"}
    flink.create_application(
        ApplicationName=name,
        RuntimeEnvironment="FLINK-1_20",
        ServiceExecutionRole=role,
        CloudWatchLoggingOptions=[{"LogStreamARN": stream}],
        ApplicationConfiguration={
            "ApplicationCodeConfiguration": {
                "CodeContentType": "ZIPFILE",
                "CodeContent": {"S3ContentLocation": location},
            },
            "ApplicationSnapshotConfiguration": {"SnapshotsEnabled": True},
            "EnvironmentProperties": {"PropertyGroups": groups},
            "FlinkApplicationConfiguration": {
                "ParallelismConfiguration": {**custom, "Parallelism": 1},
                "CheckpointConfiguration": {
                    **custom,
                    "CheckpointingEnabled": True,
                    "CheckpointInterval": 1000,
                },
            },
        },
    )
    return Counter(aws, name, flink)


@pytest.fixture(scope="module")
def counter(local_aws: TestAws, role: str, code: str) -> Iterator[Counter]:
    application = create(local_aws, "counter", role, code, PROPERTIES)
    application.start()
    assert application.status == "RUNNING", application.messages()[-3:]
    yield application
    application.flink.stop_application(ApplicationName="counter", Force=True)
    until(lambda: application.status == "READY")


def test_the_log_is_in_cloudwatch_as_managed_flink_writes_it(counter: Counter) -> None:
    until(lambda: len(counter.counted()) > 0)
    message = next(m for m in counter.messages() if "switched from" in m.get("message", ""))
    assert message["applicationARN"].endswith(":application/counter")
    assert message["applicationVersionId"] == "1"
    assert message["messageSchemaVersion"] == "1"
    assert message["messageType"] == "INFO"
    assert message["logger"].startswith("org.apache.flink.")
    assert message["threadName"]
    assert message["locationInformation"]


def test_the_program_gets_its_properties_and_the_endpoint(counter: Counter) -> None:
    texts = [message.get("message") for message in counter.messages()]
    assert f"the endpoint is {counter.aws.endpoint}" in texts


def test_a_snapshot_is_a_savepoint_and_the_job_goes_on(counter: Counter) -> None:
    names = {"ApplicationName": "counter", "SnapshotName": "by-hand"}
    counter.flink.create_application_snapshot(**names)

    def details() -> Any:
        return counter.flink.describe_application_snapshot(**names)["SnapshotDetails"]

    until(lambda: details()["SnapshotStatus"] != "CREATING")
    assert details()["SnapshotStatus"] == "READY"
    seen = len(counter.counted())
    until(lambda: len(counter.counted()) > seen)


@pytest.mark.parametrize("kind", ["taskmanager", "jobmanager"])
def test_a_killed_process_costs_no_state(counter: Counter, kind: str) -> None:
    until(lambda: max(counter.counted(), default=0) > 60)
    before = len(counter.counted())
    os.kill(counter.process(kind), signal.SIGKILL)
    last = max(counter.counted())
    until(lambda: max(counter.counted()) > last + 60)
    assert counter.status == "RUNNING"
    resumed = counter.counted()[before:]
    assert min(resumed) > 1, "it began anew"
    assert set(range(min(resumed), last + 60)) <= set(resumed), "a number was left out"


def test_a_stop_takes_a_snapshot_and_the_next_start_goes_on_there(counter: Counter) -> None:
    until(lambda: len(counter.counted()) > 0)
    counter.flink.stop_application(ApplicationName="counter")
    until(lambda: counter.status == "READY")
    assert not list(flink_processes.alive(counter.aws.running.folder.flink))
    stopped = counter.counted()
    counter.start()
    assert counter.status == "RUNNING"
    until(lambda: len(counter.counted()) > len(stopped))
    assert counter.counted()[len(stopped)] == max(stopped) + 1


def test_a_program_that_fails_leaves_the_application_ready_and_tells_why(
    local_aws: TestAws, role: str, code: str
) -> None:
    options = {"kinesis.analytics.flink.run.options": {"python": "main.py"}}
    application = create(local_aws, "no-properties", role, code, options)
    application.start()
    assert application.status == "READY"
    (operation,) = application.flink.list_application_operations(ApplicationName="no-properties")[
        "ApplicationOperationInfoList"
    ]
    assert operation["OperationStatus"] == "FAILED"
    details = application.flink.describe_application_operation(
        ApplicationName="no-properties", OperationId=operation["OperationId"]
    )["ApplicationOperationInfoDetails"]
    assert details["OperationFailureDetails"]["ErrorInfo"]["ErrorString"] == "KeyError: 'counter'"
    said = [m["message"] for m in application.messages() if "kinesisanalytics" in m["logger"]]
    assert said == ["The application failed: KeyError: 'counter'"]


def test_a_role_that_may_not_read_the_code_cannot_start_it(local_aws: TestAws, code: str) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "kinesisanalytics.amazonaws.com"}}
    created = local_aws.client("iam").create_role(
        RoleName="powerless",
        AssumeRolePolicyDocument=document({**trust, "Action": "sts:AssumeRole"}),
    )
    application = create(local_aws, "powerless", created["Role"]["Arn"], code, PROPERTIES)
    application.start()
    assert application.status == "READY"
    operations = application.flink.list_application_operations(ApplicationName="powerless")
    assert operations["ApplicationOperationInfoList"][0]["OperationStatus"] == "FAILED"


def test_a_killed_server_takes_flink_along() -> None:
    with launch.local_aws() as running:
        aws = TestAws(running)
        application = create(aws, "short-lived", role_in(aws), code_in(aws), PROPERTIES)
        application.flink.start_application(ApplicationName="short-lived", RunConfiguration={})
        until(lambda: len(list(flink_processes.alive(running.folder.flink))) == 2)
        processes = list(flink_processes.alive(running.folder.flink))
        os.kill(running.address.pid, signal.SIGKILL)
        until(lambda: not any(is_alive(process.pid) for process in processes))


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that is dead but not yet collected does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return state.stdout.strip() not in ("", "Z", "Z+", "Zs")


def test_an_update_does_not_begin_again_at_the_streams_start_when_its_snapshot_failed(
    tmp_path: Path,
) -> None:
    told: list[tuple[str, ...]] = []
    view = {"ApplicationStatus": "UPDATING"}
    flink.DataPlane(tmp_path).start(view, None, lambda *status: told.append(status))
    assert told == [("FAILED", "The snapshot before the update failed")]
