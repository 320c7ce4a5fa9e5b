"""The heartbeat: one event into every open shard, so that event time moves on when nothing is sold.

The analytics job takes its watermark per shard; a shard without events would hold its windows open.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

import boto3

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef, ShardTypeDef

STREAM_NAME = os.environ["STREAM_NAME"]
REGION = os.environ["AWS_REGION"]
RECORDS_PER_CALL = 500
ATTEMPTS = 6
FIRST_PAUSE_SECONDS = 0.1

client: KinesisClient = boto3.client("kinesis")


class Context(Protocol):
    """What is used of Lambda's context."""

    invoked_function_arn: str


class HeartbeatError(RuntimeError):
    """Some shards got no heartbeat; their windows stay open until the next one."""


def handler(_event: object, context: Context) -> dict[str, Any]:
    """The number of shards and the time that each of them was told; raises HeartbeatError."""
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    account = context.invoked_function_arn.split(":")[4]
    records = [record(shard, envelope(now, account)) for shard in open_shards()]
    for first in range(0, len(records), RECORDS_PER_CALL):
        put(records[first : first + RECORDS_PER_CALL])
    return {"shards": len(records), "time": now}


def open_shards() -> Iterator[ShardTypeDef]:
    # Paginated by hand: with NextToken, ListShards takes no StreamName, but boto3's paginator
    # repeats it (boto/botocore issue 2009).
    page = client.list_shards(StreamName=STREAM_NAME)
    while True:
        for shard in page["Shards"]:
            if "EndingSequenceNumber" not in shard["SequenceNumberRange"]:
                yield shard
        if not page.get("NextToken"):
            return
        page = client.list_shards(NextToken=page["NextToken"])


def envelope(now: str, account: str) -> dict[str, Any]:
    """A heartbeat in the form in which EventBridge writes events to the stream."""
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "heartbeat",
        "source": "Miztiik-Automation-Heartbeat",
        "account": account,
        "time": now,
        "region": REGION,
        "resources": [],
        "detail": {},
    }


def record(shard: ShardTypeDef, heartbeat: dict[str, Any]) -> PutRecordsRequestEntryTypeDef:
    return {
        "Data": json.dumps(heartbeat).encode(),
        "PartitionKey": shard["ShardId"],
        "ExplicitHashKey": shard["HashKeyRange"]["StartingHashKey"],
    }


def put(records: list[PutRecordsRequestEntryTypeDef]) -> None:
    """Puts the records, those that fail again and alone; raises HeartbeatError in the end."""
    errors: set[str] = set()
    for attempt in range(ATTEMPTS):
        if errors:
            time.sleep(random.uniform(0, FIRST_PAUSE_SECONDS * 2**attempt))
        results = client.put_records(StreamName=STREAM_NAME, Records=records)["Records"]
        errors = {result["ErrorCode"] for result in results if result.get("ErrorCode")}
        records = [failed for failed, result in zip(records, results) if result.get("ErrorCode")]
        if not records:
            return
    raise HeartbeatError(f"{len(records)} shards got no heartbeat: {', '.join(sorted(errors))}")
