"""Buckets: what is in one, and emptying it, as CloudFormation deletes only empty ones."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from ..errors import MiztiikError
from ..patience import CancelledError, side_by_side

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import (
        ErrorTypeDef,
        ListObjectVersionsOutputTypeDef,
        ObjectIdentifierTypeDef,
    )

# A page has at most a thousand entries, which is also what DeleteObjects takes.
COUNTED_PAGES = 5
# Below the ten connections that a boto3 client keeps.
PARALLEL_CALLS = 8
# S3 asks to come again, for single keys of an answer that is a success as a whole.
TRANSIENT = ("InternalError", "SlowDown", "ServiceUnavailable", "RequestTimeout")
PASSES = 5


@dataclass(frozen=True)
class Contents:
    """What is in a bucket: objects, versions of them with delete markers, the bytes of them all.

    When it `is_cut`, there is more: the counting stopped.
    """

    objects: int = 0
    versions: int = 0
    bytes: int = 0
    is_cut: bool = False


def contents(s3: S3Client, bucket: str) -> Contents:
    """What is in the bucket, by its first five thousand entries; nothing when it is not there."""
    objects = versions = size = 0
    is_cut = False
    for page in islice(_pages(s3, bucket), COUNTED_PAGES):
        present = page.get("Versions", [])
        objects += sum(version["IsLatest"] for version in present)
        versions += len(present) + len(page.get("DeleteMarkers", []))
        size += sum(version.get("Size", 0) for version in present)
        is_cut = page["IsTruncated"]
    return Contents(objects, versions, size, is_cut)


def empty(s3: S3Client, bucket: str, cancelled: threading.Event | None = None) -> int:
    """Delete all versions and delete markers; how many. A bucket that is not there is empty.

    Raises MiztiikError for an object that stays, CancelledError once `cancelled` is set.
    """
    total = 0
    for _ in range(PASSES):
        deleted, failures = _pass(s3, bucket, cancelled or threading.Event())
        total += deleted
        lasting = [failure for failure in failures if failure.get("Code") not in TRANSIENT]
        if lasting or not failures:
            break
    for failure in lasting or failures:
        raise MiztiikError(
            f"{failure.get('Key')} in bucket {bucket} cannot be deleted: "
            f"{failure.get('Code')}: {failure.get('Message')}"
        )
    return total


def _pass(
    s3: S3Client, bucket: str, cancelled: threading.Event
) -> tuple[int, Sequence[ErrorTypeDef]]:
    """Once over all that is there, several calls at once: how many went, and what did not."""
    deleted = 0
    failures: list[ErrorTypeDef] = []
    batches = _batches(s3, bucket)
    with side_by_side(PARALLEL_CALLS) as pool:
        while window := list(islice(batches, PARALLEL_CALLS)):
            if cancelled.is_set():
                raise CancelledError(f"emptying bucket {bucket}")
            for batch, failed in zip(window, pool.map(partial(_delete, s3, bucket), window)):
                deleted += len(batch) - len(failed)
                failures += failed
    return deleted, failures


def _delete(
    s3: S3Client, bucket: str, batch: Sequence[ObjectIdentifierTypeDef]
) -> Sequence[ErrorTypeDef]:
    """Delete these versions; those that S3 did not delete."""
    with _absence_allowed():
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
        return answer.get("Errors", [])
    return []


def _batches(s3: S3Client, bucket: str) -> Iterator[list[ObjectIdentifierTypeDef]]:
    for page in _pages(s3, bucket):
        entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if entries:
            yield [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]


def _pages(s3: S3Client, bucket: str) -> Iterator[ListObjectVersionsOutputTypeDef]:
    with _absence_allowed():
        yield from s3.get_paginator("list_object_versions").paginate(Bucket=bucket)


@contextlib.contextmanager
def _absence_allowed() -> Iterator[None]:
    """A bucket that is not there (any more) is an empty one."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        if error.response["Error"].get("Code") != "NoSuchBucket":
            raise
