"""The whole project, deployed on the tests' AWS, as a user has it; and a tap on its bus."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import command_line
from sample_events import Item
from waiting import until

if TYPE_CHECKING:
    from conftest import TestAws

SOURCE = "Miztiik-Automation-Data-Producer"
SALES, INVENTORY = "sales-events", "inventory-events"


@dataclass
class Pipeline:
    """The deployed project as a user has it: the program, and the clients of the AWS it is on.

    Queues and tables are named by the outputs that have their names.
    """

    aws: TestAws
    name: str
    outputs: dict[str, str] = field(default_factory=dict)

    def deploy(self, **parameters: object) -> None:
        flags = [f"--parameter-overrides={name}={value}" for name, value in parameters.items()]
        self.outputs.update(json.loads(self.run("deploy", "--output=json", *flags)))

    def run(self, *arguments: str, exit_code: int | None = 0) -> str:
        """What the command printed to stdout; fails when it ends otherwise than expected.

        None expects nothing.
        """
        done = command_line.run(self.aws.environment, *arguments, "--project", self.name)
        assert exit_code in (None, done.returncode), f"{arguments}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def produce(self, **options: object) -> dict[str, Any]:
        arguments = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        message: dict[str, Any] = json.loads(self.run("produce", "--output=json", *arguments))
        return message

    def put(
        self, *details: Item, ago: float = 0, time: datetime | None = None, kind: str = SALES
    ) -> None:
        """Put events of that moment, or of `ago` seconds ago, on the bus, ten a call."""
        entry = {
            "EventBusName": self.outputs["EventBusName"],
            "Source": SOURCE,
            "DetailType": kind,
            "Time": time or datetime.now(timezone.utc) - timedelta(seconds=ago),
        }
        entries = [{**entry, "Detail": json.dumps(detail)} for detail in details]
        for first in range(0, len(entries), 10):
            answer = self.aws.client("events").put_events(Entries=entries[first : first + 10])
            assert answer["FailedEntryCount"] == 0

    def results(self) -> list[Item]:
        lines = self.run("results", "--output=ndjson").splitlines()
        return [json.loads(line, parse_float=Decimal) for line in lines]

    def stored(self, prefix: str) -> list[Item]:
        """Every line of every object under a prefix of the data store."""
        s3, bucket = self.aws.client("s3"), self.outputs["FirehoseDataStore"]
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        bodies = [s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in keys]
        lines = [line for body in bodies for line in body.splitlines()]
        return [json.loads(line, parse_float=Decimal) for line in lines]

    def url(self, queue: str) -> str:
        return str(self.aws.client("sqs").get_queue_url(QueueName=self.outputs[queue])["QueueUrl"])

    def waiting(self, queue: str) -> int:
        """How many messages of a queue are not done yet."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.aws.client("sqs").get_queue_attributes(
            QueueUrl=self.url(queue), AttributeNames=names
        )
        return sum(int(count) for count in answer["Attributes"].values())

    def until_done(self, *queues: str) -> None:
        for queue in queues:
            until(lambda queue=queue: not self.waiting(queue), f"an empty {queue}")

    def items(self, table: str) -> list[Item]:
        pages = self.aws.client("dynamodb").get_paginator("scan")
        found = pages.paginate(TableName=self.outputs[table], ConsistentRead=True)
        return [item for page in found for item in page["Items"]]

    def notes(self) -> dict[str, Item]:
        """Dispatch's notes by request_id."""
        return {item["request_id"]["S"]: item for item in self.items("DispatchTableName")}

    def stock(self) -> dict[tuple[str, str], int]:
        """The warehouse's stock by store and category."""
        return {
            (item["store_id"]["S"], item["category"]["S"]): int(item["quantity"]["N"])
            for item in self.items("StockTableName")
        }

    def tap(self) -> Tap:
        sqs, events = self.aws.client("sqs"), self.aws.client("events")
        bus, name = self.outputs["EventBusName"], f"{self.name}-tap"
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

    def drain(self, at_least: int) -> list[Item]:
        sqs = self.aws.client("sqs")
        events: list[Item] = []
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


@contextlib.contextmanager
def deployed(aws: TestAws, name: str, **parameters: object) -> Iterator[Pipeline]:
    """The package with these parameters, deployed for as long as the block runs."""
    pipeline = Pipeline(aws, name)
    pipeline.deploy(**parameters)
    try:
        yield pipeline
    finally:
        pipeline.run("destroy", "--yes")
