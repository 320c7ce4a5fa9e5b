"""Code in S3: an object's key is named by its content, so what is there is never sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_s3 import S3Client


def upload(s3: S3Client, bucket: str, key: str, source: Path) -> bool:
    """Upload the file unless the bucket has the object; whether it had to."""
    if exists(s3, bucket, key):
        return False
    s3.upload_file(str(source), bucket, key)
    return True


def exists(s3: S3Client, bucket: str, key: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        # A HEAD has no body, so S3 has only the status to say it with.
        if error.response["Error"].get("Code") == "404":
            return False
        raise
    return True
