"""The compaction: what the many small objects of an hour say, in one object more.

It lies under compacted/, by the hour's own key: JSON, compressed, with the ETag and the text of
each object by its key. Who reads a week takes from it what S3 lists with that very ETag, and the
rest from the objects themselves: so it may be old, or missing, and is never wrong.
"""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from itertools import groupby
from typing import TYPE_CHECKING

import boto3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

BUCKET = os.environ["BUCKET"]
COMPACTED = "compacted/"
PREFIXES = ("sales_revenue/", "late_events/")
# Hours that nobody looked after, as before this function was there, are caught up on.
DAYS = timedelta(days=8)
# One object is read as quickly by itself; a large one, and what is beyond the memory, as well.
FEWEST, LARGEST, MOST_BYTES = 2, 1_000_000, 64_000_000
# An hour is looked at again for what was written while it was compacted: this function's timeout.
OVERLAP = timedelta(minutes=5)
# Below the ten connections that a boto3 client keeps.
PARALLEL_CALLS = 8
HOUR = re.compile(r"\d{4}/\d\d/\d\d/\d\d")

client: S3Client = boto3.client("s3")


def handler(_event: object, _context: object) -> dict[str, int]:
    """How many hours were compacted, and how many objects these had."""
    since = datetime.now(timezone.utc) - DAYS
    counts = [compact(hour, entries) for prefix in PREFIXES for hour, entries in due(prefix, since)]
    return {"hours": len(counts), "objects": sum(counts)}


def due(prefix: str, since: datetime) -> Iterator[tuple[str, list[ObjectTypeDef]]]:
    """The hours since then that are not compacted as they are now, each with its small objects."""
    written = {one["Key"]: one["LastModified"] for one in listed(COMPACTED + prefix, since)}
    for hour, group in groupby(listed(prefix, since), lambda one: one["Key"].rpartition("/")[0]):
        entries = [entry for entry in group if entry["Size"] <= LARGEST]
        if len(entries) >= FEWEST and HOUR.fullmatch(hour[len(prefix) :]):
            before = written.get(key_of(hour))
            if not before or newest(entries) >= before - OVERLAP:
                yield hour, entries


def compact(hour: str, entries: Iterable[ObjectTypeDef]) -> int:
    """Write the hour's compacted object; gives the number of objects that are in it."""
    with ThreadPoolExecutor(PARALLEL_CALLS) as pool:
        bodies = dict(pool.map(body, first_of(entries)))
    data = gzip.compress(json.dumps(bodies).encode())
    client.put_object(Bucket=BUCKET, Key=key_of(hour), Body=data)
    return len(bodies)


def first_of(entries: Iterable[ObjectTypeDef]) -> Iterator[ObjectTypeDef]:
    """As many as the memory has room for."""
    size = 0
    for entry in entries:
        size += entry["Size"]
        if size <= MOST_BYTES:
            yield entry


def body(entry: ObjectTypeDef) -> tuple[str, tuple[str, str]]:
    """The object's key; the tag that S3 gave to this very content, and the content."""
    answer = client.get_object(Bucket=BUCKET, Key=entry["Key"])
    return entry["Key"], (answer["ETag"], answer["Body"].read().decode(errors="replace"))


def listed(prefix: str, since: datetime) -> Iterator[ObjectTypeDef]:
    """In the order of their keys, and so hour by hour."""
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=BUCKET, Prefix=prefix, StartAfter=f"{prefix}{since:%Y/%m/%d/%H}"
    )
    return (entry for page in pages for entry in page.get("Contents", []))


def newest(entries: Iterable[ObjectTypeDef]) -> datetime:
    return max(entry["LastModified"] for entry in entries)


def key_of(hour: str) -> str:
    return f"{COMPACTED}{hour}.json.gz"
