"""A producer: publishes the sales of sales.jsonl to an event bus, as if they happened now.

    python docs/examples/tutorial/publish.py NAME_OF_THE_BUS

A sale that is behind those before it in the file is as far behind now.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SALES = Path(__file__).with_name("sales.jsonl")


def entries(bus: str, now: datetime) -> list[PutEventsRequestEntryTypeDef]:
    """What PutEvents takes: an entry for each sale, with ids of its own for each run."""
    sales = [json.loads(line) for line in SALES.read_text("utf-8").splitlines()]
    newest = datetime.min
    made: list[PutEventsRequestEntryTypeDef] = []
    for sale in sales:
        time = datetime.strptime(sale["time"], "%Y-%m-%dT%H:%M:%SZ")
        newest = max(newest, time)
        detail = sale["detail"]
        detail["request_id"] += f"-{now:%H%M%S}"
        made.append(
            {
                "EventBusName": bus,
                "Source": "Miztiik-Automation-Data-Producer",
                "DetailType": "sales-events",
                "Time": now - timedelta(seconds=(newest - time).total_seconds()),
                "Detail": json.dumps(detail),
            }
        )
    return made


if __name__ == "__main__":
    sales = entries(sys.argv[1], datetime.now(timezone.utc))
    answer = boto3.client("events").put_events(Entries=sales)
    print(f"{len(sales)} sales published, {answer['FailedEntryCount']} refused")
