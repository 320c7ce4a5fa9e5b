"""An application for the Managed Flink on this machine: it counts, and prints."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from miztiik_events.local.flink import processes
from waiting import until

if TYPE_CHECKING:
    from conftest import TestAws

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
        (pid,) = (process.pid for process in processes.alive(folder) if process.kind == kind)
        return pid


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
