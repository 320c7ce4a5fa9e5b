"""Emptying buckets: CloudFormation deletes only empty ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import MiztiikError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef


def empty(s3: S3Client, bucket: str) -> int:
    """Delete all versions and delete markers; how many. A bucket that is not there is empty."""
    from botocore.exceptions import ClientError

    deleted = 0
    try:
        for batch in _versions(s3, bucket):
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
            for failure in answer.get("Errors", []):
                raise MiztiikError(
                    f"{failure.get('Key')} in bucket {bucket} cannot be deleted: "
                    f"{failure.get('Code')}: {failure.get('Message')}"
                )
            deleted += len(batch)
    except ClientError as error:
        if error.response["Error"].get("Code") != "NoSuchBucket":
            raise
    return deleted


def _versions(s3: S3Client, bucket: str) -> Iterator[list[ObjectIdentifierTypeDef]]:
    # A page has at most a thousand entries, which is also what DeleteObjects takes.
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if found:
            yield [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found]
