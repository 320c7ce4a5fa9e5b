"""The whole package, deployed as a project of its own: what a test does with it and looks at."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import command_line
from waiting import until

if TYPE_CHECKING:
    from conftest import TestAws

SOURCE = "Miztiik-Automation-Data-Producer"
SALES, INVENTORY = "sales-events", "inventory-events"
Item = dict[str, Any]


@dataclass(frozen=True)
class DeployedProject:
    """Queues and tables are named by the outputs that have their names."""

    aws: TestAws
    name: str
    outputs: dict[str, str]

    def run(self, *arguments: str) -> str:
        """What the command printed to stdout; it has to end well."""
        done = command_line.run(self.aws.environment, *arguments, "--project", self.name)
        assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def put(self, *details: Item, time: datetime | None = None, kind: str = SALES) -> None:
        """Put events of this moment, or of now, on the bus, ten a call."""
        entry = {
            "EventBusName": self.outputs["EventBusName"],
            "Source": SOURCE,
            "DetailType": kind,
            "Time": time or datetime.now(timezone.utc),
        }
        entries = [{**entry, "Detail": json.dumps(detail)} for detail in details]
        for first in range(0, len(entries), 10):
            answer = self.aws.client("events").put_events(Entries=entries[first : first + 10])
            assert answer["FailedEntryCount"] == 0

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

    def stored(self, prefix: str) -> list[Item]:
        """Every line of every object under a prefix of the data store."""
        s3, bucket = self.aws.client("s3"), self.outputs["FirehoseDataStore"]
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        bodies = [s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in keys]
        return [json.loads(line) for body in bodies for line in body.splitlines()]


@contextlib.contextmanager
def deployed_project(aws: TestAws, name: str, **overrides: object) -> Iterator[DeployedProject]:
    """The package with these parameters, deployed for as long as the block runs."""
    project = DeployedProject(aws, name, {})
    given = [f"-p{key}={value}" for key, value in overrides.items()]
    project.outputs.update(json.loads(project.run("deploy", "--output=json", *given)))
    try:
        yield project
    finally:
        project.run("destroy", "--yes")


def order(number: int, **changes: Any) -> Item:
    """A new order; equal numbers give equal request_ids."""
    return {
        "request_id": f"0a9c1e52-7b1d-4c54-9f3e-{number:012}",
        "name": "Minotaur",
        "category": "Books",
        "store_id": f"store_{number % 3 + 1}",
        "sales": number + 0.25,
        "contact_me": "github.com/miztiik",
        "is_return": False,
        **changes,
    }


def stock_count(number: int, store: int, quantity: int) -> Item:
    return {
        "request_id": f"1b8d2f63-8c2e-4d65-8a4f-{number:012}",
        "store_id": f"store_{store}",
        "category": "Books",
        "name": "Minotaur",
        "quantity": quantity,
    }
