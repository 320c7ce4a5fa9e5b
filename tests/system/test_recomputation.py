"""`start-analytics --from TIME` on real parts: past windows computed again, apart from the results.

The analytics computes them first, while stores sell, send copies that differ, and late sales.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

import oracle
from deployed_pipeline import Pipeline, deployed
from oracle import MARGIN_SECONDS
from sample_events import Item, some_sales
from waiting import until

if TYPE_CHECKING:
    from shared_aws import TestAws

pytestmark = pytest.mark.scenario

WINDOW_SECONDS = 10
LATENESS_SECONDS = 2
SHARDS = 2
LATE = some_sales(20, seed=2)


@dataclass(frozen=True)
class Story:
    """Sales of a minute; those since `moment` were computed again.

    `live` has what the analytics had written until then, `recorded` what it had set aside.
    """

    pipeline: Pipeline
    moment: int
    sales: list[oracle.Sale]
    live: list[Item]
    recorded: list[Item]

    @property
    def first(self) -> int:
        """The start of the first window that is computed again."""
        return -(-self.moment // WINDOW_SECONDS) * WINDOW_SECONDS

    @property
    def expected(self) -> dict[tuple[str, str], oracle.Revenue]:
        late = {sale["request_id"] for sale in LATE}
        later = [one for one in self.sales if one.second >= self.first]
        return oracle.windows((one for one in later if one.request_id not in late), WINDOW_SECONDS)

    def rows(self, *arguments: str) -> list[dict[str, Any]]:
        lines = self.pipeline.run("results", "--all", "--output=ndjson", *arguments).splitlines()
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
    pipeline.run("start-analytics")
    begun = int(time.time())
    with ThreadPoolExecutor(1) as pool:
        meanwhile = pool.submit(pipeline.produce, stores=5, duration=50, rate=20, seed=1)
        # Copies of one moment that differ, and late ones while their windows' neighbours are open.
        for number in range(10):
            until(lambda due=begun + 5 * number: time.time() >= due, "the next copies")
            first = some_sales(5, seed=100 + number)
            pipeline.put(*first, *({**sale, "sales": 1.25} for sale in first))
            pipeline.put(*LATE[2 * number : 2 * number + 2], ago=25)
        sent = meanwhile.result()["record_count"] + 10 * (5 + 5 + 2)
    sales = [sale for event in tap.drain(sent) if (sale := oracle.sale(event))]
    _let_windows_close(pipeline, sales)
    until(lambda: len(pipeline.stored("late_events/")) >= len(LATE), "the late sales' records")
    # Not at a window's border: the window that it is in is left out.
    moment = begun // WINDOW_SECONDS * WINDOW_SECONDS + 13
    told = Story(pipeline, moment, sales, *_live(pipeline))
    pipeline.run("start-analytics", f"--from={_written(moment)}")
    until(lambda: len(told.rows("--recomputed")) >= len(told.expected), "the windows")
    return told


def _let_windows_close(pipeline: Pipeline, sales: list[oracle.Sale]) -> None:
    last = max(sale.second for sale in sales)
    end = (last // WINDOW_SECONDS + 1) * WINDOW_SECONDS
    until(lambda: time.time() >= end + LATENESS_SECONDS + MARGIN_SECONDS, "the last window's end")
    pipeline.beat()
    written = f"{datetime.fromtimestamp(end, timezone.utc):%Y-%m-%d %H:%M:%S}"
    until(
        lambda: any(line["timestamp"].startswith(written) for line in pipeline.results()),
        "the last window's rows",
    )


def _live(pipeline: Pipeline) -> tuple[list[Item], list[Item]]:
    return pipeline.stored("sales_revenue/"), pipeline.stored("late_events/")


def _written(second: int) -> str:
    return f"{datetime.fromtimestamp(second, timezone.utc):%Y-%m-%dT%H:%M:%S}"


def test_each_window_since_then_is_computed_again_to_the_cent(story: Story) -> None:
    reported = dict(oracle.reported(line) for line in story.rows("--recomputed"))
    assert reported == story.expected
    assert len({end for _, end in reported}) >= 4


def test_what_is_computed_again_equals_row_by_row_what_was_computed_live(story: Story) -> None:
    first = f"{datetime.fromtimestamp(story.first, timezone.utc)}"[:19]
    live = [row for row in story.rows() if row["window_start"] >= first]
    assert story.rows("--recomputed") == live
    assert len(live) == len(story.expected)


def test_the_same_sales_are_late_again(story: Story) -> None:
    until(lambda: len(_of_first(story, "recomputed/late_events/")) >= len(_of_first(story)))
    assert _of_first(story, "recomputed/late_events/") == _of_first(story)
    assert {line["request_id"] for line in story.recorded} == {one["request_id"] for one in LATE}


def _of_first(story: Story, prefix: str = "late_events/") -> dict[tuple[str, str], Item]:
    """What is recorded of the windows that were computed again, by the record's id."""
    first = f"{datetime.fromtimestamp(story.first, timezone.utc)}"[:19]
    lines = story.pipeline.stored(prefix)
    return {
        (line["shard_id"], line["sequence_number"]): line for line in lines if line["time"] >= first
    }


def test_it_writes_under_a_prefix_of_its_own_alone(story: Story) -> None:
    revenue, recorded = _live(story.pipeline)
    assert sorted(revenue, key=str) == sorted(story.live, key=str)
    assert sorted(recorded, key=str) == sorted(story.recorded, key=str)
    assert len(story.pipeline.stored("recomputed/sales_revenue/")) == len(story.expected)


def test_it_writes_no_window_of_which_it_has_only_a_part(story: Story) -> None:
    starts = [row["window_start"] for row in story.pipeline.stored("recomputed/sales_revenue/")]
    assert min(starts) >= f"{datetime.fromtimestamp(story.moment, timezone.utc)}"[:19]
    assert min(sale.second for sale in story.sales) < story.moment


def test_verify_proves_it(story: Story) -> None:
    for arguments in ([], ["--recomputed"]):
        audit = json.loads(story.pipeline.run("verify", *arguments, "--output=json"))
        assert audit["differences"] == []
    assert audit["counts"]["counted"] == sum(
        revenue.orders + revenue.returns for revenue in story.expected.values()
    )
    assert audit["counts"]["skipped"] > 0


def test_the_analytics_stays_as_it_is(story: Story) -> None:
    health = json.loads(story.pipeline.run("status", "--output=json"))
    assert (health["application"]["status"], health["recomputation"]["status"]) == (
        "RUNNING",
        "RUNNING",
    )
    same = ("deploy", *story.pipeline.sources)
    assert story.pipeline.run(*same, "--plan", "--output=json", "--exit-code")


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
