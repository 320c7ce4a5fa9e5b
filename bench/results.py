"""How long it takes to read the results of a week: 10,080 windows of 5 stores, an object each.

As on a new machine, and again with what is kept on it; before the compaction and after it.

    make bench-results

Firehose writes an object a minute with the defaults; `--objects-an-hour 4` is one each 15 minutes.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from function_loader import load
from miztiik_events.local import launch
from miztiik_events.pipeline import results
from miztiik_events.pipeline.data_store import Folder
from miztiik_events.pipeline.kept_hours import KeptHours
from miztiik_events.session import connect

BUCKET, MINUTE = "week", timedelta(minutes=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--stores", type=int, default=5)
    parser.add_argument("--objects-an-hour", type=int, default=60)
    asked = parser.parse_args()
    with launch.local_aws() as aws, aws.in_effect(), tempfile.TemporaryDirectory() as folder:
        s3 = connect().client("s3")
        s3.create_bucket(Bucket=BUCKET)
        now = datetime.now(timezone.utc).replace(second=0, microsecond=0)
        since = now - timedelta(days=asked.days)
        _fill(s3, since, asked)
        _read_twice(s3, since, KeptHours(Path(folder) / "before", BUCKET), "by itself")
        _compact()
        _read_twice(s3, since, KeptHours(Path(folder) / "after", BUCKET), "compacted")


def _compact() -> None:
    begun = time.perf_counter()
    answer = load("compaction", {"BUCKET": BUCKET}).handler({}, None)
    print(f"compaction: {answer}, {time.perf_counter() - begun:.1f} s")


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


def _read_twice(s3: Any, since: datetime, kept: KeptHours, name: str) -> None:
    for when in ("first", "again"):
        begun, used = time.perf_counter(), time.process_time()
        lines = Folder(s3, BUCKET, results.PREFIX, since, kept=kept).fresh()
        read = time.perf_counter()
        rows = results.Collection().add(lines)
        seconds, cpu = time.perf_counter() - begun, time.process_time() - used
        print(
            f"{name}, {when}: {len(rows):,} rows in {seconds:.1f} s, of which objects "
            f"{read - begun:.1f} s; {cpu:.1f} s of the processor"
        )


if __name__ == "__main__":
    main()
