"""The data store's objects, kept on this machine: they are written once, and never change.

A file for each hour, and one for each day as the compaction (functions/compaction/) wrote it. What
cannot be kept, or is damaged, is read from the data store again.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .. import files
from ..errors import ConfigurationError

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ObjectTypeDef

NAME = "results"
MOST_BYTES = 200_000_000
_HOUR = re.compile(r"[\w/]*\d{4}/\d\d/\d\d/\d\d")
# Damaged text, compression or JSON; BadGzipFile is an OSError.
_DAMAGES = (OSError, EOFError, ValueError, zlib.error)


class Body(NamedTuple):
    """An object's text, and the tag that S3 gave to this very content."""

    tag: str
    text: str


Bodies = Mapping[str, Body]
PartOf = Callable[[str], str]


def hour_of(key: str) -> str:
    """The part of the key that ends with its hour; empty where it has none."""
    folder = key.rpartition("/")[0]
    return folder if _is_hour(folder) else ""


def day_of(key: str) -> str:
    """The part of the key that ends with its day; empty where it has no hour."""
    return hour_of(key).rpartition("/")[0]


# An hour has many objects.
@lru_cache
def _is_hour(folder: str) -> bool:
    return bool(_HOUR.fullmatch(folder))


@dataclass(frozen=True)
class KeptHours:
    """Those of a bucket, in a folder that buckets share."""

    folder: Path
    bucket: str

    @classmethod
    def of(cls, bucket: str) -> KeptHours | None:
        """In the user's cache folder; None for a user who has none."""
        try:
            return cls(files.cache() / NAME, bucket)
        except ConfigurationError:
            return None

    def known(
        self, entries: Iterable[ObjectTypeDef], part_of: PartOf = hour_of
    ) -> Iterator[tuple[str, str]]:
        """The key and the text of each of the objects that is kept as it is listed.

        `part_of` is `day_of` for those that are kept by their day.
        """
        for part, group in _by(part_of, entries):
            yield from _known(self._read(part), group)

    def keep(self, entries: Iterable[ObjectTypeDef], texts: Mapping[str, str]) -> None:
        """Keep the texts of these objects, beside those that are kept already of their hours."""
        for hour, group in _by(hour_of, entries):
            fresh = {one["Key"]: Body(one["ETag"], texts[one["Key"]]) for one in group}
            bodies = {**self._read(hour), **fresh}
            self._write(hour, gzip.compress(json.dumps(bodies).encode(), 1))
        self._limit()

    def keep_days(self, days: Mapping[str, bytes]) -> None:
        """Keep what was made of whole days elsewhere, in the form in which it is kept here."""
        for day, data in days.items():
            self._write(day, data)
        self._limit()

    def _read(self, part: str) -> Bodies:
        try:
            kept = json.loads(gzip.decompress(self._path(part).read_bytes()))
            return {key: Body(str(tag), str(text)) for key, (tag, text) in kept.items()}
        except (*_DAMAGES, AttributeError, TypeError):
            return {}

    def _write(self, part: str, data: bytes) -> None:
        with contextlib.suppress(OSError):
            # Revenue is nobody else's business.
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with files.whole(self._path(part)) as draft:
                draft.write_bytes(data)

    def _limit(self) -> None:
        """Let go of the files that were written first, of any bucket, when all is too much."""
        with contextlib.suppress(OSError):
            kept = [(path.stat(), path) for path in self.folder.glob("*.gz")]
            too_much = sum(status.st_size for status, _ in kept) - MOST_BYTES
            for status, path in sorted(kept, key=lambda one: one[0].st_mtime):
                if too_much <= 0:
                    break
                path.unlink(missing_ok=True)
                too_much -= status.st_size

    def _path(self, part: str) -> Path:
        return self.folder / f"{self.bucket}.{part.replace('/', '-')}.gz"


def _by(
    part_of: PartOf, entries: Iterable[ObjectTypeDef]
) -> Iterator[tuple[str, Iterator[ObjectTypeDef]]]:
    """Those whose keys have an hour, which come in the order of their keys."""
    groups = groupby(entries, lambda entry: part_of(entry["Key"]))
    return ((part, group) for part, group in groups if part)


def _known(bodies: Bodies, entries: Iterable[ObjectTypeDef]) -> Iterator[tuple[str, str]]:
    for entry in entries:
        body = bodies.get(entry["Key"])
        if body and body.tag == entry["ETag"]:
            yield entry["Key"], body.text
