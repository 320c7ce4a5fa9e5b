"""The compaction: what the many small objects of a day say, in one object more.

It lies under compacted/, by the day's own key: JSON, compressed, with the ETag and the text of each
object by its key. Who reads a week takes from it what S3 lists with that very ETag, and the rest
from the objects themselves: so it may be old, or missing, and is never wrong.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import zlib
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
# Days that nobody looked after, as before this function was there, are caught up on.
DAYS = timedelta(days=7)
# One object is read as quickly by itself; a large one, and what is beyond the memory, as well.
FEWEST, LARGEST, MOST_BYTES = 2, 1_000_000, 64_000_000
# A day is looked at again for what was written while it was compacted: this function's timeout.
OVERLAP = timedelta(minutes=5)
# Below the ten connections that a boto3 client keeps.
PARALLEL_CALLS = 8
DAY = re.compile(r"\d{4}/\d\d/\d\d")

# By an object's key, the tag that S3 gave to this very content, and the content.
Bodies = dict[str, tuple[str, str]]

client: S3Client = boto3.client("s3")


def handler(_event: object, _context: object) -> dict[str, int]:
    """How many days were compacted, and how many objects these had."""
    since = datetime.now(timezone.utc) - DAYS
    counts = [compact(day, entries) for prefix in PREFIXES for day, entries in due(prefix, since)]
    return {"days": len(counts), "objects": sum(counts)}


def due(prefix: str, since: datetime) -> Iterator[tuple[str, list[ObjectTypeDef]]]:
    """The days since then that are not compacted as they are now, each with its small objects."""
    written = {one["Key"]: one["LastModified"] for one in listed(COMPACTED + prefix, since)}
    for day, group in groupby(listed(prefix, since), lambda one: one["Key"].rsplit("/", 2)[0]):
        entries = [entry for entry in group if entry["Size"] <= LARGEST]
        if len(entries) >= FEWEST and DAY.fullmatch(day[len(prefix) :]):
            before = written.get(key_of(day))
            if not before or newest(entries) >= before - OVERLAP:
                yield day, entries


def compact(day: str, entries: Iterable[ObjectTypeDef]) -> int:
    """Write the day's compacted object; gives the number of objects that are in it."""
    before, chosen = compacted(day), list(first_of(entries))
    known = {
        entry["Key"]: before[entry["Key"]]
        for entry in chosen
        if before.get(entry["Key"], ("",))[0] == entry["ETag"]
    }
    with ThreadPoolExecutor(PARALLEL_CALLS) as pool:
        fresh = pool.map(body, [entry["Key"] for entry in chosen if entry["Key"] not in known])
        data = json.dumps({**known, **dict(fresh)}).encode()
    client.put_object(Bucket=BUCKET, Key=key_of(day), Body=gzip.compress(data))
    return len(chosen)


def compacted(day: str) -> Bodies:
    """What was written of the day before; nothing when that is damaged."""
    try:
        answer = client.get_object(Bucket=BUCKET, Key=key_of(day))
        return dict(json.loads(gzip.decompress(answer["Body"].read())))
    except (client.exceptions.NoSuchKey, OSError, EOFError, ValueError, TypeError, zlib.error):
        return {}


def first_of(entries: Iterable[ObjectTypeDef]) -> Iterator[ObjectTypeDef]:
    """As many as the memory has room for."""
    size = 0
    for entry in entries:
        size += entry["Size"]
        if size <= MOST_BYTES:
            yield entry


def body(key: str) -> tuple[str, tuple[str, str]]:
    answer = client.get_object(Bucket=BUCKET, Key=key)
    return key, (answer["ETag"], answer["Body"].read().decode(errors="replace"))


def listed(prefix: str, since: datetime) -> Iterator[ObjectTypeDef]:
    """In the order of their keys, and so day by day."""
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=BUCKET, Prefix=prefix, StartAfter=f"{prefix}{since:%Y/%m/%d}"
    )
    return (entry for page in pages for entry in page.get("Contents", []))


def newest(entries: Iterable[ObjectTypeDef]) -> datetime:
    return max(entry["LastModified"] for entry in entries)


def key_of(day: str) -> str:
    return f"{COMPACTED}{day}.json.gz"
