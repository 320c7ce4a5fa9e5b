"""How long it takes to read the results of a week: 10,080 windows of 5 stores, an object each.

    .venv/bin/python bench/results.py

Firehose writes an object a minute with the defaults; `--objects-an-hour 4` is one each 15 minutes.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import Any

from miztiik_events.local import launch
from miztiik_events.pipeline import results
from miztiik_events.pipeline.data_store import Folder
from miztiik_events.session import connect

BUCKET, MINUTE = "week", timedelta(minutes=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--stores", type=int, default=5)
    parser.add_argument("--objects-an-hour", type=int, default=60)
    parser.add_argument("--again", type=int, default=3, help="how often to read it")
    asked = parser.parse_args()
    with launch.local_aws() as aws, aws.in_effect():
        s3 = connect().client("s3")
        s3.create_bucket(Bucket=BUCKET)
        now = datetime.now(timezone.utc).replace(second=0, microsecond=0)
        _fill(s3, now - timedelta(days=asked.days), asked)
        for days in (asked.days, 1 / 24):
            for _ in range(asked.again):
                _read(s3, now - timedelta(days=days))


def _fill(s3: Any, start: datetime, asked: argparse.Namespace) -> None:
    windows = asked.days * 24 * 60
    each = 60 // asked.objects_an_hour

    def put(first: int) -> None:
        moment = start + first * MINUTE
        lines = "".join(
            f"{line}\n"
            for minute in range(first, min(first + each, windows))
            for line in _lines(start + minute * MINUTE, asked.stores)
        )
        name = f"{moment:%Y/%m/%d/%H}/revenue_analytics_stream-1-{moment:%Y-%m-%d-%H-%M-%S}"
        s3.put_object(Bucket=BUCKET, Key=results.PREFIX + name, Body=lines.encode())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(0, windows, each)))


def _lines(start: datetime, stores: int) -> Iterator[str]:
    for store in range(1, stores + 1):
        fields = {
            "store_id": f"store_{store}",
            "revenue": store * 100.25,
            "timestamp": f"{start + MINUTE:%Y-%m-%d %H:%M:%S}.000",
            "window_start": f"{start:%Y-%m-%d %H:%M:%S}.000",
            "orders": 20,
            "returns": 2,
            "returned_revenue": 100,
        }
        yield json.dumps(fields, separators=(",", ":"))


def _read(s3: Any, since: datetime) -> None:
    begun, used = time.perf_counter(), time.process_time()
    lines = Folder(s3, BUCKET, results.PREFIX, since).fresh()
    read = time.perf_counter()
    rows = results.Collection().add(lines)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - used
    print(
        f"since {since:%Y-%m-%d %H:%M}  {len(rows):>7,} rows  {seconds:5.1f} s, of which objects "
        f"{read - begun:.1f} s; {cpu:.1f} s of the processor"
    )


if __name__ == "__main__":
    main()
