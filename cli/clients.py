"""The clients that a look at a whole project takes, made once for many looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True)
class Clients:
    region: str
    cloudformation: CloudFormationClient
    cloudwatch: CloudWatchClient
    flink: KinesisAnalyticsV2Client
    kinesis: KinesisClient
    s3: S3Client
    sqs: SQSClient

    @classmethod
    def of(cls, session: boto3.session.Session) -> Clients:
        return cls(
            region=session.region_name,
            cloudformation=session.client("cloudformation"),
            cloudwatch=session.client("cloudwatch"),
            flink=session.client("kinesisanalyticsv2"),
            kinesis=session.client("kinesis"),
            s3=session.client("s3"),
            sqs=session.client("sqs"),
        )
