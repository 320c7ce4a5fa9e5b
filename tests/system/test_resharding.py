"""Another number of shards while stores sell and the application runs: nothing lost, nothing late.

One story on real parts: a deploy doubles the shards, another halves them again, both under load;
the tests look at how it ended.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

import command_line
import oracle
from oracle import MARGIN_SECONDS
from waiting import until

if TYPE_CHECKING:
    from shared_aws import TestAws

pytestmark = pytest.mark.scenario

PROJECT = "resharding"
WINDOW_SECONDS = 10
LATENESS_SECONDS = 5


@dataclass
class Deployment:
    """The deployed project, and its stores, which sell on until `close`."""

    aws: TestAws
    outputs: dict[str, str] = field(default_factory=dict)
    answers: list[dict[str, Any]] = field(default_factory=list)
    _closing: threading.Event = field(default_factory=threading.Event)
    _stores: threading.Thread | None = None

    def run(self, *arguments: str, exit_code: int = 0) -> str:
        """What the command printed to stdout; fails when it ends otherwise than expected."""
        done = command_line.run(self.aws.environment, *arguments, "--project", PROJECT)
        assert done.returncode == exit_code, f"{arguments}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def deploy(self, shards: int, *more: str) -> None:
        flags = ["-p", f"ShardCount={shards}", *more]
        self.outputs.update(json.loads(self.run("deploy", "--output=json", *flags)))

    def open_stores(self) -> None:
        self._stores = threading.Thread(target=self._sell)
        self._stores.start()

    def close_stores(self) -> None:
        self._closing.set()
        if self._stores:
            self._stores.join()

    def _sell(self) -> None:
        for seed in count(1):
            options = ("--stores=5", "--duration=5", "--rate=80", f"--seed={seed}")
            self.answers.append(json.loads(self.run("produce", "--output=json", *options)))
            if self._closing.is_set():
                return

    def shards(self) -> list[dict[str, Any]]:
        kinesis = self.aws.client("kinesis")
        found = kinesis.list_shards(StreamName=self.outputs["SalesStreamName"])["Shards"]
        return list(found)

    def results(self) -> list[dict[str, Any]]:
        lines = self.run("results", "--output=ndjson").splitlines()
        return [json.loads(line, parse_float=Decimal) for line in lines]

    def let_a_window_pass(self) -> None:
        """Wait until a window that begins from now on is in the results."""
        now = f"{oracle_time(time.time())}"
        until(
            lambda: any(line["window_start"] >= now for line in self.results()),
            "a whole window from now on",
        )

    def let_windows_close(self) -> None:
        """Wait until the current window and its lateness are over, and tell every shard."""
        end = (time.time() // WINDOW_SECONDS + 1) * WINDOW_SECONDS
        over = end + LATENESS_SECONDS + MARGIN_SECONDS
        until(lambda: time.time() >= over, "the end of the window")
        function = self.outputs["HeartbeatFunction"]
        answer = self.aws.client("lambda").invoke(FunctionName=function)
        assert json.load(answer["Payload"])["shards"] == 2

    def stored(self, prefix: str) -> list[str]:
        s3, bucket = self.aws.client("s3"), self.outputs["FirehoseDataStore"]
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


@dataclass(frozen=True)
class Story:
    """All that came of it; `events` are those in the stream."""

    deployment: Deployment
    events: list[dict[str, Any]]
    audit: dict[str, Any]


def oracle_time(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(moment))


def in_stream(deployment: Deployment) -> list[dict[str, Any]]:
    """Every event that the stream still has, in closed shards as well."""
    kinesis, name = deployment.aws.client("kinesis"), deployment.outputs["SalesStreamName"]
    found: list[dict[str, Any]] = []
    for shard in deployment.shards():
        where = {"ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        page = {
            "NextShardIterator": kinesis.get_shard_iterator(StreamName=name, **where)[
                "ShardIterator"
            ]
        }
        while page.get("NextShardIterator"):
            page = kinesis.get_records(ShardIterator=page["NextShardIterator"])
            found += [json.loads(one["Data"], parse_float=Decimal) for one in page["Records"]]
            if not page["Records"]:
                break
    return found


@pytest.fixture(scope="module")
def story(local_aws: TestAws) -> Iterator[Story]:
    deployment = Deployment(local_aws)
    settings = {
        "WindowSeconds": WINDOW_SECONDS,
        "AllowedLatenessSeconds": LATENESS_SECONDS,
        "BufferIntervalSeconds": 1,
    }
    deployment.deploy(2, *[f"-p{name}={value}" for name, value in settings.items()])
    deployment.run("start-analytics")
    deployment.open_stores()
    try:
        deployment.let_a_window_pass()
        deployment.deploy(4)
        deployment.let_a_window_pass()
        deployment.deploy(2)
        deployment.let_a_window_pass()
    finally:
        deployment.close_stores()
    deployment.let_windows_close()
    audit = json.loads(deployment.run("verify", "--output=json"))
    yield Story(deployment, in_stream(deployment), audit)
    deployment.run("destroy", "--yes")


def test_every_window_equals_the_oracle_to_the_cent(story: Story) -> None:
    reported = dict(oracle.reported(line) for line in story.deployment.results())
    sales = [sale for event in story.events if (sale := oracle.sale(event))]
    assert reported == oracle.windows(sales, WINDOW_SECONDS)
    assert len({end for _, end in reported}) >= 5


def test_every_sale_of_the_stores_is_in_the_stream(story: Story) -> None:
    sales = {sale.request_id for event in story.events if (sale := oracle.sale(event))}
    assert len(sales) == sum(answer["sales_events"] for answer in story.deployment.answers)


def test_nothing_is_late(story: Story) -> None:
    assert story.deployment.stored("late_events/") == []


def test_verify_agrees_and_reads_the_closed_shards_as_well(story: Story) -> None:
    assert story.audit["differences"] == []
    assert story.audit["counts"]["late"] == 0
    assert len(story.audit["shards"]) == 2 + 4 + 2
    assert all(count > 20 for count in story.audit["shards"].values())


def test_the_parents_are_closed_and_two_shards_are_open(story: Story) -> None:
    closed = ["EndingSequenceNumber" in s["SequenceNumberRange"] for s in story.deployment.shards()]
    assert closed == [True] * 6 + [False] * 2


def test_the_application_has_changed_with_the_stream(story: Story) -> None:
    health = json.loads(story.deployment.run("status", "--output=json"))
    assert health["application"]["parallelism"] == health["stream"]["shards"] == 2
    assert health["problems"] == []
