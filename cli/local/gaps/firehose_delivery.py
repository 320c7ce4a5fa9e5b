"""Firehose's delivery of a full buffer to S3.

MiniStack writes one object for each record. AWS writes one object of all of them, and another one
under the ErrorOutputPrefix, a line of JSON each, of those that the processor could not process.
Delivery acts as the role of the destination.
"""

from __future__ import annotations

import base64
import json
import logging
import time
import uuid
from collections.abc import Iterable
from typing import Any

from .. import role_session
from .firehose_processor import Failure, Processed, Record, process, processor_of

logger = logging.getLogger(__name__)

_FAILED = "processing-failed"


def deliver(stream: dict[str, Any], destination: dict[str, Any], records: list[Record]) -> bool:
    """Process the records and write them to S3; False when that has to be tried again.

    `stream` and `destination` are MiniStack's own notes of them.
    """
    configuration = destination["config"]
    try:
        processed = _process(stream, configuration, records)
        _write(stream, configuration, records[0].arrived, processed)
    except Exception as error:
        # Whatever it was, the records must not be lost; AWS tries again as well.
        logger.warning("Firehose %s could not deliver: %s", stream["name"], error)
        return False
    return True


def _process(
    stream: dict[str, Any], configuration: dict[str, Any], records: list[Record]
) -> Processed:
    processor = processor_of(configuration)
    if not processor:
        return Processed(data=[record.data for record in records])
    return process(_client("lambda", stream, configuration), processor, stream["arn"], records)


def _write(
    stream: dict[str, Any], configuration: dict[str, Any], arrived: float, processed: Processed
) -> None:
    put = _client("s3", stream, configuration).put_object
    bucket = configuration["BucketARN"].rpartition(":::")[2]
    if processed.data:
        key = _key(stream, configuration, arrived) + configuration.get("FileExtension", "")
        put(Bucket=bucket, Key=key, Body=b"".join(processed.data))
    if processed.failures:
        processor = processor_of(configuration)
        lines = _error_lines(processed.failures, processor.lambda_arn if processor else "")
        key = _key(stream, configuration, arrived, failed=True)
        put(Bucket=bucket, Key=key, Body="".join(lines).encode())


def _key(
    stream: dict[str, Any], configuration: dict[str, Any], arrived: float, *, failed: bool = False
) -> str:
    """The evaluated prefix, and the object's name as AWS builds it.

    https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
    """
    from ministack.services import firehose

    moment = time.gmtime(arrived)
    if not failed:
        prefix = firehose._evaluate_prefix(configuration.get("Prefix", ""), moment)
    elif configuration.get("ErrorOutputPrefix"):
        template = configuration["ErrorOutputPrefix"]
        prefix = firehose._evaluate_prefix(template, moment, error_type=_FAILED)
    else:
        prefix = f"{_FAILED}/" + time.strftime("%Y/%m/%d/%H/", moment)
    date = time.strftime("%Y-%m-%d-%H-%M-%S", moment)
    return f"{prefix}{stream['name']}-{stream['version']}-{date}-{uuid.uuid4()}"


def _error_lines(failures: Iterable[Failure], lambda_arn: str) -> Iterable[str]:
    ended = int(time.time() * 1000)
    for failure in failures:
        line = {
            "attemptsMade": failure.attempts,
            "arrivalTimestamp": int(failure.record.arrived * 1000),
            "errorCode": failure.code,
            "errorMessage": failure.message,
            "attemptEndingTimestamp": ended,
            "rawData": base64.b64encode(failure.record.data).decode(),
            "lambdaArn": lambda_arn,
        }
        yield json.dumps(line) + "\n"


def _client(service: str, stream: dict[str, Any], configuration: dict[str, Any]) -> Any:
    region = stream["arn"].split(":")[3]
    return role_session.client(service, configuration["RoleARN"], stream["name"], region)
