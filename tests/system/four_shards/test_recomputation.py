"""`start-analytics --from TIME` on real parts: past windows computed again, apart from the results.

They are those of the story of the whole pipeline (pipeline_story.py), which the analytics computed
first, while stores sold, sent copies that differ, and late sales.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

import oracle
import pipeline_story
from deployed_pipeline import WINDOW_SECONDS, Pipeline
from pipeline_story import LATE_IDS, in_stream
from sample_events import Item
from waiting import until

pytestmark = [pytest.mark.aws, pytest.mark.scenario]


@dataclass(frozen=True)
class Story:
    """The sales since `moment` were computed again.

    `sales` has all that the stream had then, and whether they arrived late; `live` what the
    analytics had written until then, `recorded` what it had set aside.
    """

    pipeline: Pipeline
    moment: int
    sales: list[tuple[oracle.Sale, bool]]
    live: list[Item]
    recorded: list[Item]

    @property
    def first(self) -> int:
        """The start of the first window that is computed again."""
        return -(-self.moment // WINDOW_SECONDS) * WINDOW_SECONDS

    @property
    def expected(self) -> dict[tuple[str, str], oracle.Revenue]:
        in_time = (
            sale for sale, is_late in self.sales if sale.second >= self.first and not is_late
        )
        return oracle.windows(in_time, WINDOW_SECONDS)

    @property
    def late(self) -> Counter[str]:
        """How often a sale of these windows arrived late, by request_id."""
        return Counter(
            sale.request_id for sale, is_late in self.sales if sale.second >= self.first and is_late
        )

    def rows(self, *arguments: str) -> list[dict[str, Any]]:
        lines = self.pipeline.run("results", "--all", "--output=ndjson", *arguments).splitlines()
        return [json.loads(line, parse_float=Decimal) for line in lines]


@pytest.fixture(scope="module")
def story(story: pipeline_story.Story) -> Story:
    pipeline = story.pipeline
    # Not at a window's border: the window that it is in is left out.
    moment = story.begun // WINDOW_SECONDS * WINDOW_SECONDS + 13
    told = Story(pipeline, moment, [*in_stream(pipeline)], *_live(pipeline))
    pipeline.run("start-analytics", f"--from={_written(moment)}")
    until(lambda: len(told.rows("--recomputed")) >= len(told.expected), "the windows")
    return told


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
    assert Counter(line["request_id"] for line in _of_first(story).values()) == story.late
    assert len(story.late.keys() & LATE_IDS) >= 5


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
    assert min(sale.second for sale, is_late in story.sales if not is_late) < story.moment


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
