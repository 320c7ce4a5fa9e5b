"""`aws:SecureTransport` in bucket policies: a request over loopback counts as secure."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

import small_roles
from shared_aws import TestAws
from small_roles import Statement, allow


def denial(bucket: str, condition: dict[str, Any]) -> Statement:
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    everyone = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": resources}
    return {**everyone, "Condition": condition}


@pytest.fixture
def bucket(local_aws: TestAws) -> str:
    bucket = f"secure-{uuid.uuid4()}"
    local_aws.client("s3").create_bucket(Bucket=bucket)
    local_aws.client("s3").put_object(Bucket=bucket, Key="key", Body=b"content")
    return bucket


def read(aws: TestAws, bucket: str, secure: str) -> bytes:
    """What a role reads that may, where everyone is denied whose transport is secure or not."""
    policy = small_roles.document(denial(bucket, {"Bool": {"aws:SecureTransport": secure}}))
    aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)
    role = small_roles.create(aws, allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"))
    content: bytes = role.client("s3").get_object(Bucket=bucket, Key="key")["Body"].read()
    return content


def test_a_policy_that_demands_tls_keeps_nobody_out(local_aws: TestAws, bucket: str) -> None:
    assert read(local_aws, bucket, secure="false") == b"content"


def test_the_policy_is_obeyed_nonetheless(local_aws: TestAws, bucket: str) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        read(local_aws, bucket, secure="true")


def test_it_gives_no_permission_that_the_role_lacks(local_aws: TestAws, bucket: str) -> None:
    policy = small_roles.document(denial(bucket, {"Bool": {"aws:SecureTransport": "false"}}))
    local_aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)
    role = small_roles.create(local_aws, allow("s3:GetObject", "arn:aws:s3:::another/*"))
    with pytest.raises(ClientError, match="AccessDenied"):
        role.client("s3").get_object(Bucket=bucket, Key="key")
