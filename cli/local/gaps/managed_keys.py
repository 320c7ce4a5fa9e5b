"""Objects that S3 encrypts with its own key of KMS.

MiniStack refuses `aws:kms` without a key. On AWS that is the account's managed key, `aws/s3`; CDK
uploads what it deploys in this way.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..requirements import require

ALGORITHM = "x-amz-server-side-encryption"
KEY = "x-amz-server-side-encryption-aws-kms-key-id"


def fill() -> None:
    from ministack.core import responses
    from ministack.services import s3

    require(responses, "get_account_id", "get_region")
    require(s3, "_resolve_sse_write_headers")
    resolve = s3._resolve_sse_write_headers

    def resolve_with_key(headers: Mapping[str, str], bucket: str) -> Any:
        if headers.get(ALGORITHM) == "aws:kms" and not headers.get(KEY):
            owner = f"{responses.get_region()}:{responses.get_account_id()}"
            headers = {**headers, KEY: f"arn:aws:kms:{owner}:alias/aws/s3"}
        return resolve(headers, bucket)

    s3._resolve_sse_write_headers = resolve_with_key
