"""S3's own key of KMS encrypts what names no key, as on AWS."""

from __future__ import annotations

import uuid

from shared_aws import TestAws


def test_an_object_without_a_key_of_its_own_gets_the_managed_one(local_aws: TestAws) -> None:
    s3, name = local_aws.client("s3"), f"managed-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name)
    put = s3.put_object(Bucket=name, Key="one", Body=b"1", ServerSideEncryption="aws:kms")
    assert put["ServerSideEncryption"] == "aws:kms"
    stored = s3.get_object(Bucket=name, Key="one")
    assert stored["Body"].read() == b"1"
    assert stored["SSEKMSKeyId"].endswith(":alias/aws/s3")
