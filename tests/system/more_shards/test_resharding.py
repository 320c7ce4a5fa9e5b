"""Another number of shards while stores sell and the application runs: nothing lost, nothing late.

One story on real parts: a deploy doubles the shards, another halves them again, both under load;
the tests look at how it ended, and at nothing that was there before.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

import oracle
from deployed_pipeline import WINDOW_SECONDS, Pipeline
from sample_events import Item

pytestmark = pytest.mark.scenario

# Hardly anything for dispatch and warehouse, which are not the subject.
SOLD = {"stores": 5, "duration": 5, "rate": 80, "return_ratio": 0.9, "inventory_ratio": 0}


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
            self.answers.append(self.pipeline.produce(seed=seed, **SOLD))
            if self._closing.is_set():
                return


def let_a_window_pass(pipeline: Pipeline) -> None:
    """Wait until a window that begins from now on is in the results."""
    now = f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M:%S}"
    pipeline.until_row(lambda line: line["window_start"] >= now, "a whole window from now on")


@dataclass(frozen=True)
class Story:
    """What was there when it began, and all that came of it.

    `events` are those in the stream since then, `answers` the producer's.
    """

    pipeline: Pipeline
    begun: int
    late: list[Item]
    before: dict[str, Any]
    answers: list[dict[str, Any]]
    events: list[dict[str, Any]]
    audit: dict[str, Any]

    @property
    def sales(self) -> list[oracle.Sale]:
        found = [sale for event in self.events if (sale := oracle.sale(event))]
        return [sale for sale in found if sale.second >= self.begun]


@pytest.fixture(scope="module")
def story(pipeline: Pipeline) -> Story:
    pipeline.run("start-analytics")
    late, before, begun = pipeline.stored("late_events/"), audit(pipeline), int(time.time())
    stores = Stores(pipeline)
    stores.open()
    try:
        for shards in (4, 2):
            let_a_window_pass(pipeline)
            pipeline.deploy(ShardCount=shards)
        let_a_window_pass(pipeline)
    finally:
        stores.close()
    assert pipeline.let_windows_close()["shards"] == 2
    after = audit(pipeline)
    events = [json.loads(record["Data"], parse_float=Decimal) for record in pipeline.records()]
    return Story(pipeline, begun, late, before, stores.answers, events, after)


def audit(pipeline: Pipeline) -> dict[str, Any]:
    audit: dict[str, Any] = json.loads(pipeline.run("verify", "--output=json"))
    return audit


def test_every_window_equals_the_oracle_to_the_cent(story: Story) -> None:
    begun = f"{datetime.fromtimestamp(story.begun, timezone.utc):%Y-%m-%d %H:%M:%S}"
    lines = [line for line in story.pipeline.results() if line["timestamp"] > begun]
    reported = dict(oracle.reported(line) for line in lines)
    assert reported == oracle.windows(story.sales, WINDOW_SECONDS)
    assert len({end for _, end in reported}) >= 5


def test_every_sale_of_the_stores_is_in_the_stream(story: Story) -> None:
    sales = {sale.request_id for sale in story.sales}
    assert len(sales) == sum(answer["sales_events"] for answer in story.answers)


def test_nothing_is_late(story: Story) -> None:
    assert story.pipeline.stored("late_events/") == story.late


def test_verify_agrees_and_reads_the_closed_shards_as_well(story: Story) -> None:
    assert story.audit["differences"] == []
    assert story.audit["counts"]["late"] == story.before["counts"]["late"]
    records = Counter(story.audit["shards"])
    assert len(records) == 2 + 4 + 2
    records.subtract(story.before["shards"])
    assert all(count > 20 for count in records.values())


def test_the_parents_are_closed_and_two_shards_are_open(story: Story) -> None:
    closed = ["EndingSequenceNumber" in s["SequenceNumberRange"] for s in story.pipeline.shards()]
    assert closed == [True] * 6 + [False] * 2


def test_the_application_has_changed_with_the_stream(story: Story) -> None:
    health = json.loads(story.pipeline.run("status", "--output=json"))
    assert health["application"]["parallelism"] == health["stream"]["shards"] == 2
    assert health["problems"] == []
