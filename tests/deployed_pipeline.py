"""The whole project, deployed on the tests' AWS, as a user has it; and a tap on its bus."""

from __future__ import annotations

import contextlib
import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import command_line

if TYPE_CHECKING:
    from conftest import TestAws

SOURCE = "Miztiik-Automation-Data-Producer"


@dataclass
class Pipeline:
    """The deployed project as a user has it: the program, and the clients of the AWS it is on."""

    aws: TestAws
    project: str
    outputs: dict[str, str] = field(default_factory=dict)

    def deploy(self, **parameters: object) -> None:
        flags = [f"--parameter-overrides={name}={value}" for name, value in parameters.items()]
        self.outputs.update(json.loads(self.run("deploy", "--output=json", *flags)))

    def run(self, *arguments: str, exit_code: int | None = 0) -> str:
        """What the command printed to stdout; fails when it ends otherwise than expected.

        None expects nothing.
        """
        done = command_line.run(self.aws.environment, *arguments, "--project", self.project)
        assert exit_code in (None, done.returncode), f"{arguments}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def produce(self, **options: object) -> dict[str, Any]:
        arguments = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        message: dict[str, Any] = json.loads(self.run("produce", "--output=json", *arguments))
        return message

    def put(self, *details: dict[str, Any], ago: float = 0) -> None:
        """Put sales of `ago` seconds ago on the bus, ten a call."""
        moment = datetime.now(timezone.utc) - timedelta(seconds=ago)
        entries = [
            {
                "EventBusName": self.outputs["EventBusName"],
                "Source": SOURCE,
                "DetailType": "sales-events",
                "Detail": json.dumps(detail),
                "Time": moment,
            }
            for detail in details
        ]
        for first in range(0, len(entries), 10):
            answer = self.aws.client("events").put_events(Entries=entries[first : first + 10])
            assert answer["FailedEntryCount"] == 0

    def results(self) -> list[dict[str, Any]]:
        lines = self.run("results", "--output=ndjson").splitlines()
        return [json.loads(line, parse_float=Decimal) for line in lines]

    def stored(self, prefix: str) -> list[dict[str, Any]]:
        """Every line of every object under a prefix of the data store."""
        s3, bucket = self.aws.client("s3"), self.outputs["FirehoseDataStore"]
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        bodies = [s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in keys]
        lines = [line for body in bodies for line in body.splitlines()]
        return [json.loads(line, parse_float=Decimal) for line in lines]

    def items(self, table: str) -> list[dict[str, Any]]:
        pages = self.aws.client("dynamodb").get_paginator("scan").paginate(TableName=table)
        return [item for page in pages for item in page["Items"]]

    def waiting(self, queue: str) -> int:
        """How many messages of a queue are not done yet."""
        sqs = self.aws.client("sqs")
        url = sqs.get_queue_url(QueueName=self.outputs[queue])["QueueUrl"]
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return sum(int(count) for count in answer["Attributes"].values())

    def tap(self) -> Tap:
        sqs, events = self.aws.client("sqs"), self.aws.client("events")
        bus, name = self.outputs["EventBusName"], f"{self.project}-tap"
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        arn = attributes["Attributes"]["QueueArn"]
        pattern = json.dumps({"account": [{"exists": True}]})
        events.put_rule(Name=name, EventBusName=bus, EventPattern=pattern)
        events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "tap", "Arn": arn}])
        return Tap(self.aws, url)

    def beat(self) -> None:
        """One heartbeat now, instead of waiting for the schedule's next minute."""
        answer = self.aws.client("lambda").invoke(FunctionName=self.outputs["HeartbeatFunction"])
        assert "FunctionError" not in answer, answer["Payload"].read()


@dataclass
class Tap:
    """A queue of the test's own that gets every event on the bus, beside all other rules."""

    aws: TestAws
    url: str

    def drain(self, at_least: int) -> list[dict[str, Any]]:
        sqs = self.aws.client("sqs")
        events: list[dict[str, Any]] = []
        while True:
            answer = sqs.receive_message(
                QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=len(events) < at_least
            )
            messages = answer.get("Messages", [])
            if not messages and len(events) >= at_least:
                return events
            for message in messages:
                events.append(json.loads(message["Body"], parse_float=Decimal))
                sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])


def some_sales(count: int, seed: int) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    return [
        {
            "request_id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            "name": "Minotaur",
            "category": "Books",
            "store_id": f"store_{chance.randint(1, 5)}",
            "sales": chance.randint(0, 99_999) / 100,
            "contact_me": "github.com/miztiik",
            "is_return": chance.random() < 0.3,
        }
        for _ in range(count)
    ]


@contextlib.contextmanager
def deployed(
    aws: TestAws, project: str, shards: int, window: int, lateness: int
) -> Iterator[Pipeline]:
    """The pipeline, with Firehose's shortest buffer, for as long as the block runs (seconds)."""
    pipeline = Pipeline(aws, project)
    pipeline.deploy(
        ShardCount=shards,
        WindowSeconds=window,
        AllowedLatenessSeconds=lateness,
        BufferIntervalSeconds=1,
    )
    yield pipeline
    pipeline.run("destroy", "--yes")
