"""The whole pipeline on real parts: bus, rules, stream, Flink, Firehose, S3 and the consumers.

One story is told (pipeline_story.py), and the tests look at how it ended. Then event time is looked
at by itself: the heartbeat on its schedule, idle shards, and what Flink drops.
"""

from __future__ import annotations

import gzip
import json
import time
import uuid
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import oracle
from deployed_pipeline import (
    LATENESS_SECONDS,
    SOURCE,
    WINDOW_SECONDS,
    Pipeline,
    Tap,
    window_end,
)
from flink_job import FlinkJob
from miztiik_events.pipeline import data_store
from miztiik_events.pipeline.data_store import Folder
from miztiik_events.pipeline.kept_hours import KeptHours
from miztiik_events.pipeline.results import PREFIX
from oracle import MARGIN_SECONDS
from pipeline_story import AFTERWARDS, AGAIN, DIFFERENT, LATE_IDS, SHARDS, Story, in_stream
from waiting import until

if TYPE_CHECKING:
    from shared_aws import TestAws

pytestmark = pytest.mark.scenario

HEARTBEAT_SECONDS = 60
# For Firehose's buffer of a second, the transformer, and a machine that is busy.
DELIVERY_SECONDS = 20


def test_every_window_equals_the_oracle_to_the_cent(story: Story) -> None:
    reported = dict(oracle.reported(line) for line in story.pipeline.results())
    assert reported == story.expected
    assert len({end for _, end in reported}) >= 5


def test_the_metrics_add_up_to_the_windows(story: Story) -> None:
    cents: Counter[str] = Counter()
    for (_, end), revenue in story.expected.items():
        cents[end] += revenue.cents
    assert _measured_cents(story.pipeline) == cents


def _measured_cents(pipeline: Pipeline) -> dict[str, int]:
    """The metric of the total revenue, by the end of the window as the results write it."""
    answer = pipeline.aws.client("cloudwatch").get_metric_statistics(
        Namespace="miztiik-events",
        MetricName="Revenue",
        Dimensions=[
            {"Name": "DeliveryStreamName", "Value": pipeline.outputs["DeliveryStreamName"]}
        ],
        StartTime=datetime.now(timezone.utc) - timedelta(hours=1),
        EndTime=datetime.now(timezone.utc) + timedelta(hours=1),
        Period=1,
        Statistics=["Sum"],
    )
    return {
        f"{point['Timestamp']:%Y-%m-%d %H:%M:%S}.000": round(point["Sum"] * 100)
        for point in answer["Datapoints"]
    }


def test_a_catch_up_over_four_shards_makes_nothing_late(story: Story) -> None:
    """Only what arrived late is recorded: what we sent late, and copies sent on a busy machine."""
    recorded = story.pipeline.stored("late_events/")
    late = Counter(sale.request_id for sale, is_late in in_stream(story.pipeline) if is_late)
    assert Counter(line["request_id"] for line in recorded) == late
    assert {line["reason"] for line in recorded} == {"late"}
    sent = Counter(sale.request_id for sale in story.sales)
    assert late.keys() >= LATE_IDS
    assert all(sent[request_id] > 1 for request_id in late.keys() - LATE_IDS)


def test_the_shards_were_really_all_in_use(story: Story) -> None:
    records = story.audit["shards"]
    assert len(records) == SHARDS
    assert all(count > 100 for count in records.values())


def test_the_sums_agree_with_what_the_producer_said(story: Story) -> None:
    produced = sum(round(answer["tot_sales"] * 100) for answer in story.answers)
    own = sum(sale.cents for sale in _own(story).values())
    assert sum(revenue.cents for revenue in story.expected.values()) == produced + own


def _own(story: Story) -> dict[str, oracle.Sale]:
    """What we sent in time: of copies, the first."""
    sent = {sale["request_id"] for sale in (*AGAIN, *DIFFERENT, *AFTERWARDS)}
    return {sale.request_id: sale for sale in reversed(story.sales) if sale.request_id in sent}


def test_every_event_that_is_neither_a_sale_nor_a_stock_count_is_rejected(story: Story) -> None:
    known = {id(one) for one in story.events if oracle.sale(one) or oracle.stock_count(one)}
    unknown = [one["id"] for one in story.events if id(one) not in known]
    assert len(unknown) == sum(answer["rejected_events"] for answer in story.answers) > 50
    rejected = Tap(story.pipeline.aws, story.pipeline.outputs["RejectedEventsQueueUrl"])
    assert sorted(one["id"] for one in rejected.drain(len(unknown))) == sorted(unknown)


def test_each_new_order_has_one_dispatch_note(story: Story) -> None:
    orders = _orders(story)
    table = "DispatchTableName"
    until(lambda: len(story.pipeline.items(table)) >= len(orders), "a note for each order")
    assert {item["request_id"]["S"] for item in story.pipeline.items(table)} == orders


def test_the_warehouse_applied_each_order_and_each_stock_count(story: Story) -> None:
    counts = {
        one["detail"]["request_id"] for one in story.events if oracle.stock_count(one) is not None
    }
    assert len(counts) == sum(answer["inventory_events"] for answer in story.answers) > 100
    table = "AppliedTableName"
    # An event that is older than the last count is part of that count: it leaves no note.
    until(lambda: not story.pipeline.waiting("WarehouseQueueName"), "an empty queue")
    applied = {item["request_id"]["S"] for item in story.pipeline.items(table)}
    assert applied <= counts | _orders(story)
    assert len(applied & counts) > 100


def test_the_stock_is_what_was_counted_last_less_orders_since(story: Story) -> None:
    until(lambda: not story.pipeline.waiting("WarehouseQueueName"), "an empty queue")
    expected = oracle.stock(story.events)
    kept = {
        (item["store_id"]["S"], item["category"]["S"]): int(item["quantity"]["N"])
        for item in story.pipeline.items("StockTableName")
    }
    assert kept.keys() >= expected.keys()
    # A count that comes after orders younger than it overwrites them (functions/warehouse).
    assert all(kept[key] >= quantity for key, quantity in expected.items())
    assert any(kept[key] == quantity for key, quantity in expected.items())


def test_there_are_no_dead_letters(story: Story) -> None:
    queues = story.audit["queues"]
    assert {name for name, count in queues.items() if count} == {"RejectedEvents"}
    assert len(queues) == 4


def _orders(story: Story) -> set[str]:
    return {sale.request_id for sale in story.sales if not sale.is_return}


def test_verify_agrees_and_every_record_has_one_place(story: Story) -> None:
    counts = story.audit["counts"]
    assert story.audit["differences"] == []
    assert counts["late"] == len(LATE_IDS)
    # Those that were put twice; on a busy machine the producer may have sent more again.
    known = {(sale.second // WINDOW_SECONDS, sale.request_id) for sale in story.sales}
    assert counts["duplicates"] == len(story.sales) - len(known) >= len([*AGAIN, *DIFFERENT])
    places = ("heartbeats", "counted", "duplicates", "late", "malformed", "open")
    assert sum(counts[place] for place in places) == counts["records"]


def test_the_compaction_has_what_the_objects_have(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the function's own role, on what Firehose wrote."""
    monkeypatch.setattr(data_store, "WORTH_COMPACTION", 1)
    s3, bucket = story.pipeline.aws.client("s3"), story.pipeline.outputs["FirehoseDataStore"]
    assert story.pipeline.compact()["days"] >= 1
    [day, *_] = s3.list_objects_v2(Bucket=bucket, Prefix="compacted/sales_revenue/")["Contents"]
    compacted = json.loads(gzip.decompress(_body(s3, bucket, day["Key"])))
    assert len(compacted) >= 2
    assert all(text.encode() == _body(s3, bucket, key) for key, (_, text) in compacted.items())
    kept = KeptHours(tmp_path / "kept", bucket)
    assert Folder(s3, bucket, PREFIX, kept=kept).fresh() == Folder(s3, bucket, PREFIX).fresh()


def _body(s3: Any, bucket: str, key: str) -> bytes:
    body: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


def sell_in_the_first_shard(pipeline: Pipeline) -> float:
    """Write a sale of now past the bus, so that the other shards get nothing; when it was."""
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


def until_row_of(pipeline: Pipeline, moment: float, seconds: float) -> None:
    """Wait until the window of that moment is in the results, within so many seconds."""
    end = f"{datetime.fromtimestamp(window_end(moment), timezone.utc):%Y-%m-%d %H:%M:%S.000}"
    pipeline.until_row(lambda row: row["timestamp"] == end, f"the window until {end}", seconds)
    assert end in {row["timestamp"] for row in pipeline.results()}


def test_the_last_window_closes_by_the_heartbeat_and_an_idle_shard_holds_up_nothing(
    pipeline: Pipeline, story: Story
) -> None:
    """No beat by hand: only what the schedule sends, each minute, moves time in the shards."""
    moment = sell_in_the_first_shard(pipeline)
    closes = window_end(moment) + LATENESS_SECONDS + MARGIN_SECONDS
    left = closes - time.time() + HEARTBEAT_SECONDS
    until_row_of(pipeline, moment, left + DELIVERY_SECONDS)


def test_a_sale_after_an_idle_time_is_counted_and_nothing_is_dropped(
    pipeline: Pipeline, story: Story, local_aws: TestAws
) -> None:
    recorded = len(pipeline.stored("late_events/"))
    moment = sell_in_the_first_shard(pipeline)
    pipeline.let_windows_close()
    until_row_of(pipeline, moment, 60)
    assert len(pipeline.stored("late_events/")) == recorded
    assert FlinkJob(local_aws.running.folder.flink).late_records_dropped() == 0
