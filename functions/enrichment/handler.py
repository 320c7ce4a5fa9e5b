"""The enrichment: each sale of the stream becomes a row, enriched, of its day and hour.

Firehose calls it, converts the rows to Parquet, and puts each under the partition keys that it is
given here.
"""

from __future__ import annotations

import base64
import json
import os
from datetime import datetime, timezone
from typing import Any

import reference
import sales

WINDOW_MILLISECONDS = int(os.environ["WINDOW_SECONDS"]) * 1000
LATENESS_MILLISECONDS = int(os.environ["ALLOWED_LATENESS_SECONDS"]) * 1000
# Before this day the table has no partitions: a sale of a clock that is years behind goes there.
FIRST_DAY = datetime.strptime(os.environ["FIRST_DAY"], "%Y-%m-%d").replace(tzinfo=timezone.utc)

STORES, PRODUCTS = reference.stores(), reference.products()

Record = dict[str, Any]


def handler(event: dict[str, Any], _context: object) -> dict[str, list[Record]]:
    """Every recordId once: Ok with its row, Dropped for a heartbeat, or ProcessingFailed.

    Firehose keeps a record that failed, as it came, under the error prefix: nothing is lost.
    """
    return {"records": [answer(record) for record in event["records"]]}


def answer(record: Record) -> Record:
    """The record's row; or ProcessingFailed, with the data that came, when it is no sale.

    Whatever is wrong with one record must not hold up the others.
    """
    try:
        envelope = sales.parse(base64.b64decode(record["data"], validate=True))
        if envelope and envelope.get("detail-type") == "heartbeat":
            return {"recordId": record["recordId"], "result": "Dropped", "data": record["data"]}
        if envelope and (sale := sales.sale(envelope)):
            return enriched(envelope, sale, record)
    except (ArithmeticError, LookupError, TypeError, ValueError):
        # No base64, no time of arrival, or a window that would begin before the year 1.
        pass
    # The analytics records it under late_events/ as malformed, or can read it no more than we.
    return {"recordId": record["recordId"], "result": "ProcessingFailed", "data": record["data"]}


def enriched(envelope: sales.Envelope, sale: sales.Sale, record: Record) -> Record:
    arrived = arrival(record)
    happened = sales.event_time(envelope, arrived)
    line = json.dumps(row(sale, happened, arrived, record)) + "\n"
    return {
        "recordId": record["recordId"],
        "result": "Ok",
        "data": base64.b64encode(line.encode()).decode(),
        "metadata": {"partitionKeys": partition(happened)},
    }


def row(sale: sales.Sale, happened: int, arrived: int, record: Record) -> dict[str, Any]:
    """What the table `sale_records` has of it; times are UTC, in milliseconds here."""
    start = happened // WINDOW_MILLISECONDS * WINDOW_MILLISECONDS
    end = start + WINDOW_MILLISECONDS
    source = record.get("kinesisRecordMetadata", {})
    return {
        "request_id": sale.request_id,
        "store_id": sale.store_id,
        **STORES.get(sale.store_id, reference.UNKNOWN_STORE),
        "category": sale.category,
        "product": sale.product,
        **PRODUCTS.get((sale.category or "", sale.product or ""), reference.UNKNOWN_PRODUCT),
        # At most twelve digits: a double, should one come between, gives them back as they are.
        "amount": float(sale.amount),
        "is_return": sale.is_return,
        "event_time": written(happened),
        "window_start": written(start),
        "window_end": written(end),
        "arrival": written(arrived),
        # The rule of windows.sql: by the record and two parameters alone.
        "is_late": arrived >= end + LATENESS_MILLISECONDS,
        "shard_id": source.get("shardId"),
        "sequence_number": source.get("sequenceNumber"),
    }


def partition(happened: int) -> dict[str, str]:
    """The day and the hour of the event."""
    moment = max(moment_of(happened), FIRST_DAY)
    return {"day": f"{moment:%Y-%m-%d}", "hour": f"{moment:%H}"}


def arrival(record: Record) -> int:
    """When it came into the stream, in milliseconds since 1970."""
    source = record.get("kinesisRecordMetadata", record)
    return int(source["approximateArrivalTimestamp"])


def written(milliseconds: int) -> str:
    # Not by strftime, which writes the year 1 as 1.
    second = moment_of(milliseconds).replace(tzinfo=None).isoformat(sep=" ")
    return f"{second}.{milliseconds % 1000:03}"


def moment_of(milliseconds: int) -> datetime:
    # Whole seconds, since a float has no room for all milliseconds.
    return datetime.fromtimestamp(milliseconds // 1000, timezone.utc)
