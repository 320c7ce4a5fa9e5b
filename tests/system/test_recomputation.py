"""`start-analytics --from TIME` on real parts: past windows computed again, apart from the results.

The analytics itself never runs here: what is found under `recomputed/` is the recomputation's.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

import oracle
from deployed_pipeline import Pipeline, deployed
from sample_events import some_sales
from waiting import until

if TYPE_CHECKING:
    from shared_aws import TestAws

pytestmark = pytest.mark.scenario

WINDOW_SECONDS = 10
LATENESS_SECONDS = 2
SHARDS = 2


@dataclass(frozen=True)
class Story:
    """Sales of the last minute and a half; those since `moment` were computed again."""

    pipeline: Pipeline
    moment: int
    sales: list[oracle.Sale]

    @property
    def expected(self) -> dict[tuple[str, str], oracle.Revenue]:
        first = -(-self.moment // WINDOW_SECONDS) * WINDOW_SECONDS
        later = [sale for sale in self.sales if sale.second >= first]
        return oracle.windows(later, WINDOW_SECONDS)

    def rows(self, *arguments: str) -> list[dict[str, Any]]:
        lines = self.pipeline.run("results", "--output=ndjson", *arguments).splitlines()
        return [json.loads(line, parse_float=Decimal) for line in lines]


@pytest.fixture(scope="module")
def pipeline(local_aws: TestAws) -> Iterator[Pipeline]:
    with deployed(
        local_aws,
        "recomputation",
        ShardCount=SHARDS,
        WindowSeconds=WINDOW_SECONDS,
        AllowedLatenessSeconds=LATENESS_SECONDS,
        BufferIntervalSeconds=1,
    ) as found:
        yield found


@pytest.fixture(scope="module")
def story(pipeline: Pipeline) -> Story:
    tap = pipeline.tap()
    ages = range(90, 5, -5)
    for age in ages:
        pipeline.put(*some_sales(20, seed=age), ago=age)
    events = tap.drain(20 * len(ages))
    # Not at a window's border: the window that it is in is left out.
    moment = int(time.time()) // WINDOW_SECONDS * WINDOW_SECONDS - 47
    pipeline.run("start-analytics", f"--from={_written(moment)}")
    sales = [sale for event in events if (sale := oracle.sale(event))]
    last = max(sale.second for sale in sales)
    over = (last // WINDOW_SECONDS + 1) * WINDOW_SECONDS + LATENESS_SECONDS + 1
    until(lambda: time.time() >= over, "the end of the last window")
    pipeline.beat()
    told = Story(pipeline, moment, sales)
    until(lambda: len(told.rows("--recomputed")) >= len(told.expected), "the windows")
    return told


def _written(second: int) -> str:
    return f"{datetime.fromtimestamp(second, timezone.utc):%Y-%m-%dT%H:%M:%S}"


def test_each_window_since_then_is_computed_again_to_the_cent(story: Story) -> None:
    reported = dict(oracle.reported(line) for line in story.rows("--recomputed"))
    assert reported == story.expected
    assert len({end for _, end in reported}) >= 3


def test_it_writes_under_a_prefix_of_its_own_alone(story: Story) -> None:
    assert story.rows() == []
    assert story.pipeline.stored("sales_revenue/") == []
    assert len(story.pipeline.stored("recomputed/sales_revenue/")) == len(story.expected)


def test_it_writes_no_window_of_which_it_has_only_a_part(story: Story) -> None:
    starts = [row["window_start"] for row in story.pipeline.stored("recomputed/sales_revenue/")]
    assert min(starts) >= f"{datetime.fromtimestamp(story.moment, timezone.utc)}"[:19]
    assert min(sale.second for sale in story.sales) < story.moment


def test_verify_proves_it(story: Story) -> None:
    audit = json.loads(story.pipeline.run("verify", "--recomputed", "--output=json"))
    assert audit["differences"] == []
    assert audit["counts"]["counted"] == sum(
        revenue.orders + revenue.returns for revenue in story.expected.values()
    )
    assert audit["counts"]["skipped"] > 0


def test_the_analytics_stays_as_it_is(story: Story) -> None:
    health = json.loads(story.pipeline.run("status", "--output=json"))
    assert (health["application"]["status"], health["recomputation"]["status"]) == (
        "READY",
        "RUNNING",
    )
    assert story.pipeline.run("deploy", "--plan", "--output=json", "--exit-code")


def test_a_second_one_at_once_is_refused(story: Story) -> None:
    story.pipeline.run("start-analytics", "--from=30s", exit_code=1)


def test_it_is_stopped_and_started_from_another_time(story: Story) -> None:
    story.pipeline.run("stop-analytics", "--recomputation")
    later = datetime.now(timezone.utc) - timedelta(seconds=1)
    story.pipeline.run("start-analytics", f"--from={later:%Y-%m-%dT%H:%M:%S}")
    assert story.rows("--recomputed") == []
    assert len(story.pipeline.stored("recomputed/sales_revenue/")) == len(story.expected)
    story.pipeline.run("stop-analytics", "--recomputation")


def test_a_time_to_come_and_one_that_does_not_exist_are_refused(pipeline: Pipeline) -> None:
    pipeline.run("start-analytics", "--from=2999-01-01", exit_code=2)
    pipeline.run("start-analytics", "--from=2999-13-01", exit_code=2)
