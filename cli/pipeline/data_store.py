"""The objects of the data store's bucket and the lines in them.

The only module that reads the bucket.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ..patience import side_by_side
from ..text import json_object
from .kept_hours import KeptHours, day_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

# Below the ten connections that a boto3 client keeps.
PARALLEL_CALLS = 8
# Fewer objects are as quick to read one by one.
WORTH_COMPACTION = 100
# A key has the hour in which its first record reached Firehose, which may wait for a quarter of an
# hour until it writes, and longer when the bucket does not take it.
LONGEST_DELIVERY = timedelta(hours=1)
HOUR = timedelta(hours=1)
LATE_PREFIX = "late_events/"
LAKE_PREFIX = "lake/sales/"
FAILED_PREFIX = "failed/"
# The compaction's object of a day has the day's own key between these.
COMPACTED, SUFFIX = "compacted/", ".json.gz"
# In the keys of what was made up (backfill.py).
BACKFILL = "/backfill-"


class Span(NamedTuple):
    """Keys that come after one, up to another and with it; all further ones where that is empty."""

    after: str
    last: str

    def has(self, key: str) -> bool:
        """Whether the key, which is not before the span, is not behind it either."""
        return not self.last or key <= self.last

    def of(self, entries: Iterable[ObjectTypeDef]) -> Iterator[ObjectTypeDef]:
        """Those of the entries, which are in order, until the end of the span."""
        return itertools.takewhile(lambda entry: self.has(entry["Key"]), entries)


class Line(NamedTuple):
    """A line of an object; `fields` is None when it is no JSON object."""

    key: str
    text: str
    fields: Mapping[str, Any] | None


@dataclass
class Folder:
    """What is under a prefix, `sales_revenue/` for one; each object is read once.

    `since` leaves out the objects that were written before, `until` the hours after that one.
    What is `kept` on this machine is not read from the bucket again, and much that is not kept yet
    is taken from what the compaction (functions/compaction/) made of whole days.
    """

    s3: S3Client
    bucket: str
    prefix: str
    since: datetime | None = None
    until: datetime | None = None
    kept: KeptHours | None = None
    _seen: set[str] = field(default_factory=set)
    _latest: datetime | None = None

    def fresh(self) -> list[Line]:
        """The lines of the objects that were not there before, in the order of their keys."""
        entries = list(self._unseen())
        texts = self._texts(entries)
        self._seen.update(texts)
        self._latest = max((entry["LastModified"] for entry in entries), default=self._latest)
        return [line for entry in entries for line in _lines(entry["Key"], texts[entry["Key"]])]

    def _texts(self, entries: Sequence[ObjectTypeDef]) -> dict[str, str]:
        """The text of each of the objects, by its key."""
        texts = self._known(self.kept, entries) if self.kept else {}
        missing = _without(texts, entries)
        texts.update(self._read([entry["Key"] for entry in missing]))
        if self.kept and missing:
            self.kept.keep(missing, texts)
        return texts

    def _known(self, kept: KeptHours, entries: Sequence[ObjectTypeDef]) -> dict[str, str]:
        """The texts of those that need not be read one by one."""
        texts = dict(kept.known(entries))
        missing = _without(texts, entries)
        if len(missing) >= WORTH_COMPACTION:
            texts.update(kept.known(missing, day_of))
            missing = _without(texts, missing)
        if len(missing) >= WORTH_COMPACTION:
            kept.keep_days(self._compacted(missing))
            texts.update(kept.known(missing, day_of))
        return texts

    def _read(self, keys: Sequence[str]) -> dict[str, str]:
        bodies = self._bodies(keys).items()
        return {key: body.decode(errors="replace") for key, body in bodies}

    def _compacted(self, entries: Sequence[ObjectTypeDef]) -> dict[str, bytes]:
        """What the compaction made of their days, by day; nothing where it may not be read."""
        from botocore.exceptions import ClientError

        wanted = {day_of(entry["Key"]) for entry in entries}
        days = {f"{COMPACTED}{day}{SUFFIX}": day for day in wanted}
        first = f"{COMPACTED}{min(wanted)}"
        try:
            there = _objects(self.s3, self.bucket, f"{COMPACTED}{self.prefix}", first)
            bodies = self._bodies([entry["Key"] for entry in there if entry["Key"] in days])
        except ClientError as error:
            if error.response["Error"].get("Code") != "AccessDenied":
                raise
            return {}
        return {days[key]: body for key, body in bodies.items()}

    def _bodies(self, keys: Sequence[str]) -> dict[str, bytes]:
        """What each of the objects holds, by its key."""
        with side_by_side(PARALLEL_CALLS) as pool:
            return dict(zip(keys, pool.map(partial(_body, self.s3, self.bucket), keys)))

    def _unseen(self) -> Iterator[ObjectTypeDef]:
        """S3 lists a thousand keys a call, in order; after the first call, parts side by side."""
        spans = self._spans()
        whole = Span(spans[0].after, spans[-1].last)
        page = self.s3.list_objects_v2(
            Bucket=self.bucket, Prefix=self.prefix, StartAfter=whole.after
        )
        entries = page.get("Contents", [])
        yield from filter(self._is_unseen, whole.of(entries))
        listed = entries[-1]["Key"] if entries else whole.after
        if page.get("IsTruncated") and whole.has(listed):
            left = [Span(max(listed, one.after), one.last) for one in spans if one.has(listed)]
            with side_by_side(PARALLEL_CALLS) as pool:
                for found in pool.map(self._listed, left):
                    yield from found

    def _listed(self, span: Span) -> list[ObjectTypeDef]:
        entries = _objects(self.s3, self.bucket, self.prefix, span.after)
        return list(filter(self._is_unseen, span.of(entries)))

    def _is_unseen(self, entry: ObjectTypeDef) -> bool:
        is_recent = not self.since or entry["LastModified"] >= self.since
        return is_recent and entry["Key"] not in self._seen

    def _spans(self) -> list[Span]:
        """Keys begin with the hour: earlier hours can be left out, and more than a day divided."""
        last = self._hour(self.until + HOUR) if self.until else ""
        moment = self._latest or self.since
        if not moment:
            return [Span("", last)]
        first = moment - LONGEST_DELIVERY
        whole = (self.until or datetime.now(timezone.utc)) - first
        count = PARALLEL_CALLS if whole > timedelta(days=1) else 1
        borders = [self._hour(first + whole * number / count) for number in range(count)]
        return [Span(*ends) for ends in zip(borders, [*borders[1:], last])]

    def _hour(self, moment: datetime) -> str:
        return f"{self.prefix}{moment.astimezone(timezone.utc):%Y/%m/%d/%H}"


def newest(s3: S3Client, bucket: str, prefix: str, levels: int = 4) -> ObjectTypeDef | None:
    """The object under the prefix that was written last, looked for in the newest hour alone.

    An hour is so many folders deep: for 4, in that of its year, month and day.
    """
    for _ in range(levels):
        answer = s3.list_objects_v2(Bucket=bucket, Prefix=prefix, Delimiter="/")
        deeper = [entry["Prefix"] for entry in answer.get("CommonPrefixes", [])]
        if not deeper:
            return None
        prefix = max(deeper)
    live = (entry for entry in _objects(s3, bucket, prefix) if BACKFILL not in entry["Key"])
    return max(live, key=lambda entry: entry["LastModified"], default=None)


def count(s3: S3Client, bucket: str, prefix: str) -> int:
    """How many objects are under the prefix."""
    return sum(1 for _ in _objects(s3, bucket, prefix))


def set_aside(s3: S3Client, bucket: str, since: datetime) -> dict[str, int]:
    """How many objects Firehose wrote for what it could not process, by their folder."""
    counts = {}
    for folder in _folders_of_years(s3, bucket, FAILED_PREFIX):
        hour = f"{folder}{since.astimezone(timezone.utc):%Y/%m/%d/%H}"
        counts[folder] = sum(1 for _ in _objects(s3, bucket, folder, hour))
    return {folder: count for folder, count in counts.items() if count}


def _folders_of_years(s3: S3Client, bucket: str, prefix: str) -> Iterator[str]:
    """Those folders below the prefix that have a folder for each year."""
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, Delimiter="/"
    )
    deeper = [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]
    if any(folder[len(prefix) :].rstrip("/").isdecimal() for folder in deeper):
        yield prefix
        return
    for folder in deeper:
        yield from _folders_of_years(s3, bucket, folder)


def first_live(
    s3: S3Client, bucket: str, prefix: str, start: datetime, end: datetime
) -> str | None:
    """The first key of the hours from `start` until before `end` that is of no backfill."""
    first, last = (
        f"{prefix}{moment.astimezone(timezone.utc):%Y/%m/%d/%H}" for moment in (start, end)
    )
    keys = (entry["Key"] for entry in _objects(s3, bucket, prefix, first))
    before = itertools.takewhile(lambda key: key < last, keys)
    return next((key for key in before if BACKFILL not in key), None)


def _objects(s3: S3Client, bucket: str, prefix: str, after: str = "") -> Iterator[ObjectTypeDef]:
    """Those under the prefix whose keys come after the one."""
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, StartAfter=after
    )
    return (entry for page in pages for entry in page.get("Contents", []))


def _without(texts: Mapping[str, str], entries: Iterable[ObjectTypeDef]) -> list[ObjectTypeDef]:
    return [entry for entry in entries if entry["Key"] not in texts]


def _body(s3: S3Client, bucket: str, key: str) -> bytes:
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def _lines(key: str, body: str) -> list[Line]:
    # Not splitlines(): JSON text may hold other characters that Python breaks lines at.
    return [
        Line(key, text, json_object(text, parse_float=Decimal))
        for text in body.split("\n")
        if text.strip()
    ]
