"""Event time on real parts: the heartbeat on its schedule, idle shards, and what Flink drops."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from deployed_pipeline import SOURCE, Pipeline, deployed
from flink_job import FlinkJob
from oracle import MARGIN_SECONDS
from waiting import until

if TYPE_CHECKING:
    from shared_aws import TestAws

pytestmark = pytest.mark.scenario

WINDOW_SECONDS = 10
LATENESS_SECONDS = 5
HEARTBEAT_SECONDS = 60
# For Firehose's buffer of a second, the transformer, and a machine that is busy.
DELIVERY_SECONDS = 20


@pytest.fixture(scope="module")
def pipeline(local_aws: TestAws) -> Iterator[Pipeline]:
    with deployed(
        local_aws,
        "watermark",
        ShardCount=2,
        WindowSeconds=WINDOW_SECONDS,
        AllowedLatenessSeconds=LATENESS_SECONDS,
        BufferIntervalSeconds=1,
    ) as found:
        found.run("start-analytics")
        yield found


def sell_in_the_first_shard(pipeline: Pipeline) -> float:
    """Write a sale of now past the bus, so that the other shard gets nothing; when it was."""
    now = int(time.time())
    envelope = {
        "detail-type": "sales-events",
        "source": SOURCE,
        "time": f"{datetime.fromtimestamp(now, timezone.utc):%Y-%m-%dT%H:%M:%SZ}",
        "detail": {
            "request_id": str(uuid.uuid4()),
            "store_id": "store_1",
            "sales": 1.25,
            "is_return": False,
        },
    }
    pipeline.aws.client("kinesis").put_record(
        StreamName=pipeline.outputs["SalesStreamName"],
        Data=json.dumps(envelope).encode(),
        PartitionKey="any",
        ExplicitHashKey="0",
    )
    return now


def window_end(moment: float) -> float:
    return (moment // WINDOW_SECONDS + 1) * WINDOW_SECONDS


def row_of(pipeline: Pipeline, moment: float) -> dict[str, Any] | None:
    end = f"{datetime.fromtimestamp(window_end(moment), timezone.utc):%Y-%m-%d %H:%M:%S.000}"
    return next((row for row in pipeline.results() if row["timestamp"] == end), None)


def test_the_last_window_closes_by_the_heartbeat_and_an_idle_shard_holds_up_nothing(
    pipeline: Pipeline,
) -> None:
    """No beat by hand: only what the schedule sends, each minute, moves time in either shard."""
    moment = sell_in_the_first_shard(pipeline)
    closes = window_end(moment) + LATENESS_SECONDS + MARGIN_SECONDS
    left = closes - time.time() + HEARTBEAT_SECONDS
    assert until(lambda: row_of(pipeline, moment), "the last window", left + DELIVERY_SECONDS)


def test_a_sale_after_an_idle_time_is_counted_and_nothing_is_dropped(
    pipeline: Pipeline, local_aws: TestAws
) -> None:
    moment = sell_in_the_first_shard(pipeline)
    over = window_end(moment) + LATENESS_SECONDS + MARGIN_SECONDS
    until(lambda: time.time() >= over, "the end of the window")
    pipeline.beat()
    assert until(lambda: row_of(pipeline, moment), "the window", 60)
    assert pipeline.stored("late_events/") == []
    assert FlinkJob(local_aws.running.folder.flink).late_records_dropped() == 0
