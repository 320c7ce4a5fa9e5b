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
from datetime import datetime, timezone
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

import oracle
from deployed_pipeline import LAKE, Pipeline, deployed
from oracle import MARGIN_SECONDS
from waiting import until

if TYPE_CHECKING:
    from shared_aws import TestAws

pytestmark = pytest.mark.scenario

WINDOW_SECONDS = 10
LATENESS_SECONDS = 5


@dataclass
class Stores:
    """They sell on until `close`."""

    pipeline: Pipeline
    answers: list[dict[str, Any]] = field(default_factory=list)
    _closing: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def open(self) -> None:
        self._thread = threading.Thread(target=self._sell)
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        if self._thread:
            self._thread.join()

    def _sell(self) -> None:
        for seed in count(1):
            self.answers.append(self.pipeline.produce(stores=5, duration=5, rate=80, seed=seed))
            if self._closing.is_set():
                return


def let_a_window_pass(pipeline: Pipeline) -> None:
    """Wait until a window that begins from now on is in the results."""
    now = f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M:%S}"
    until(
        lambda: any(line["window_start"] >= now for line in pipeline.results()),
        "a whole window from now on",
    )


def let_windows_close(pipeline: Pipeline) -> None:
    """Wait until the current window and its lateness are over, and tell every shard."""
    end = (time.time() // WINDOW_SECONDS + 1) * WINDOW_SECONDS
    over = end + LATENESS_SECONDS + MARGIN_SECONDS
    until(lambda: time.time() >= over, "the end of the window")
    assert pipeline.beat()["shards"] == 2


@dataclass(frozen=True)
class Story:
    """All that came of it; `events` are those in the stream, `answers` the producer's."""

    pipeline: Pipeline
    answers: list[dict[str, Any]]
    events: list[dict[str, Any]]
    audit: dict[str, Any]


@pytest.fixture(scope="module")
def story(local_aws: TestAws) -> Iterator[Story]:
    with deployed(
        local_aws,
        "resharding",
        without=[*LAKE, "dashboard", "dispatch", "event-alarms", "warehouse"],
        ShardCount=2,
        WindowSeconds=WINDOW_SECONDS,
        AllowedLatenessSeconds=LATENESS_SECONDS,
        BufferIntervalSeconds=1,
    ) as pipeline:
        pipeline.run("start-analytics")
        stores = Stores(pipeline)
        stores.open()
        try:
            for shards in (4, 2):
                let_a_window_pass(pipeline)
                pipeline.deploy(ShardCount=shards)
            let_a_window_pass(pipeline)
        finally:
            stores.close()
        let_windows_close(pipeline)
        audit = json.loads(pipeline.run("verify", "--output=json"))
        events = [json.loads(record["Data"], parse_float=Decimal) for record in pipeline.records()]
        yield Story(pipeline, stores.answers, events, audit)


def test_every_window_equals_the_oracle_to_the_cent(story: Story) -> None:
    reported = dict(oracle.reported(line) for line in story.pipeline.results())
    sales = [sale for event in story.events if (sale := oracle.sale(event))]
    assert reported == oracle.windows(sales, WINDOW_SECONDS)
    assert len({end for _, end in reported}) >= 5


def test_every_sale_of_the_stores_is_in_the_stream(story: Story) -> None:
    sales = {sale.request_id for event in story.events if (sale := oracle.sale(event))}
    assert len(sales) == sum(answer["sales_events"] for answer in story.answers)


def test_nothing_is_late(story: Story) -> None:
    assert story.pipeline.stored("late_events/") == []


def test_verify_agrees_and_reads_the_closed_shards_as_well(story: Story) -> None:
    assert story.audit["differences"] == []
    assert story.audit["counts"]["late"] == 0
    assert len(story.audit["shards"]) == 2 + 4 + 2
    assert all(count > 20 for count in story.audit["shards"].values())


def test_the_parents_are_closed_and_two_shards_are_open(story: Story) -> None:
    closed = ["EndingSequenceNumber" in s["SequenceNumberRange"] for s in story.pipeline.shards()]
    assert closed == [True] * 6 + [False] * 2


def test_the_application_has_changed_with_the_stream(story: Story) -> None:
    health = json.loads(story.pipeline.run("status", "--output=json"))
    assert health["application"]["parallelism"] == health["stream"]["shards"] == 2
    assert health["problems"] == []
