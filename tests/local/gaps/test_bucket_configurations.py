"""The AWS on this machine: a bucket's encryption and access log, as its template has them."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shared_aws import TestAws

ENCRYPTION = [
    {
        "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "a-key"},
        "BucketKeyEnabled": True,
    }
]
ASKED = {
    "BucketEncryption": {"ServerSideEncryptionConfiguration": ENCRYPTION},
    "LoggingConfiguration": {"DestinationBucketName": "logs", "LogFilePrefix": "here/"},
}


def body(properties: dict[str, Any], name: str) -> str:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name, **properties}}
    return json.dumps({"Resources": {"Bucket": bucket}})


def found(aws: TestAws, bucket: str) -> tuple[Any, Any]:
    s3 = aws.client("s3")
    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    return encryption["Rules"], s3.get_bucket_logging(Bucket=bucket).get("LoggingEnabled")


def test_they_come_with_the_bucket_and_go_with_an_update(local_aws: TestAws) -> None:
    cloudformation, name = local_aws.client("cloudformation"), f"configured-{uuid.uuid4().hex[:8]}"
    cloudformation.create_stack(StackName=name, TemplateBody=body(ASKED, name))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name)
    (rule,), log = found(local_aws, name)
    default = ENCRYPTION[0]["ServerSideEncryptionByDefault"]
    assert rule == {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
    assert log == {"TargetBucket": "logs", "TargetPrefix": "here/"}
    cloudformation.update_stack(StackName=name, TemplateBody=body({}, name))
    cloudformation.get_waiter("stack_update_complete").wait(StackName=name)
    (rule,), log = found(local_aws, name)
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert log is None
