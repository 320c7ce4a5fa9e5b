"""A bucket's encryption and access log, which MiniStack's CloudFormation leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from ..requirements import require


def fill() -> None:
    from ministack.services import s3
    from ministack.services.cloudformation import (
        provisioners,
    )

    require(provisioners, "_S3_BUCKET_CONFIGURATIONS", "_s3_apply_configurations")
    require(s3, "_put_bucket_encryption", "_delete_bucket_encryption", "_put_bucket_logging")
    namespace: str = s3.S3_NS

    def no_log(bucket: str) -> None:
        s3._put_bucket_logging(bucket, tostring(Element("BucketLoggingStatus", xmlns=namespace)))

    # Property, its form in S3's API, the call that puts it, the call that takes it away.
    provisioners._S3_BUCKET_CONFIGURATIONS += (
        (
            "BucketEncryption",
            lambda wanted: tostring(_encryption(wanted, namespace)),
            s3._put_bucket_encryption,
            s3._delete_bucket_encryption,
        ),
        (
            "LoggingConfiguration",
            lambda wanted: tostring(_log(wanted, namespace)),
            s3._put_bucket_logging,
            no_log,
        ),
    )


def _encryption(wanted: Mapping[str, Any], namespace: str) -> Element:
    root = Element("ServerSideEncryptionConfiguration", xmlns=namespace)
    for rule in wanted["ServerSideEncryptionConfiguration"]:
        entry = SubElement(root, "Rule")
        default = SubElement(entry, "ApplyServerSideEncryptionByDefault")
        for name, value in rule["ServerSideEncryptionByDefault"].items():
            SubElement(default, name).text = value
        has_key = str(rule.get("BucketKeyEnabled", False)).lower()
        SubElement(entry, "BucketKeyEnabled").text = has_key
    return root


def _log(wanted: Mapping[str, Any], namespace: str) -> Element:
    root = Element("BucketLoggingStatus", xmlns=namespace)
    enabled = SubElement(root, "LoggingEnabled")
    SubElement(enabled, "TargetBucket").text = wanted["DestinationBucketName"]
    SubElement(enabled, "TargetPrefix").text = wanted.get("LogFilePrefix", "")
    return root
