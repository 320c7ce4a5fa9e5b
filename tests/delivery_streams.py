"""Delivery streams with a bucket of their own."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import small_roles
from small_roles import Role, allow
from waiting import until

if TYPE_CHECKING:
    from conftest import TestAws

LONGEST_SECONDS = 900


@dataclass(frozen=True)
class DeliveryStream:
    aws: TestAws
    name: str
    bucket: str

    def put(self, *data: bytes) -> Any:
        return self.aws.client("firehose").put_record_batch(
            DeliveryStreamName=self.name, Records=[{"Data": one} for one in data]
        )

    def objects(self, prefix: str = "") -> dict[str, bytes]:
        """The contents of the bucket's objects by their keys."""
        s3 = self.aws.client("s3")
        listed = s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])
        keys = [entry["Key"] for entry in listed]
        return {key: s3.get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in keys}

    def drained(self, count: int = 1) -> dict[str, bytes]:
        """So many objects that are there after its deletion."""
        self.aws.client("firehose").delete_delivery_stream(DeliveryStreamName=self.name)
        until(lambda: len(self.objects()) >= count)
        return self.objects()


def destination(bucket: str, role: Role, seconds: int, **settings: Any) -> dict[str, Any]:
    return {
        "BucketARN": f"arn:aws:s3:::{bucket}",
        "RoleARN": role.arn,
        "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": seconds},
        **settings,
    }


def create(
    aws: TestAws, role: Role | None = None, seconds: int = LONGEST_SECONDS, **settings: Any
) -> DeliveryStream:
    """A stream that buffers 1 MB or so many seconds; its role may deliver unless one is given."""
    bucket = create_bucket(aws)
    stream = DeliveryStream(aws, f"delivery-{uuid.uuid4()}", bucket)
    aws.client("firehose").create_delivery_stream(
        DeliveryStreamName=stream.name,
        ExtendedS3DestinationConfiguration=destination(
            bucket, role or deliverer(aws), seconds, **settings
        ),
    )
    return stream


def create_bucket(aws: TestAws) -> str:
    bucket = f"delivered-{uuid.uuid4()}"
    aws.client("s3").create_bucket(Bucket=bucket)
    return bucket


def deliverer(aws: TestAws) -> Role:
    """A role that may do what a delivery needs."""
    return small_roles.create(aws, allow(["s3:PutObject", "lambda:InvokeFunction"], "*"))


def processing(function: str) -> dict[str, Any]:
    """The setting that sends the records through a Lambda function."""
    parameter = {"ParameterName": "LambdaArn", "ParameterValue": function}
    processor = {"Type": "Lambda", "Parameters": [parameter]}
    return {"ProcessingConfiguration": {"Enabled": True, "Processors": [processor]}}
