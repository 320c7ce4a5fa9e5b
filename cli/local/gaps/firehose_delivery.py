"""Firehose's delivery of a full buffer to S3.

MiniStack writes one object for each record. AWS writes one object of all of them, or with dynamic
partitioning one for each prefix that the partition keys of the processor make, and another one
under the ErrorOutputPrefix, a line of JSON each, of those that the processor could not process, or
that could not be converted to Parquet. Delivery acts as the role of the destination.
"""

from __future__ import annotations

import base64
import json
import logging
import time
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from .. import role_session
from . import firehose_conversion
from .firehose_processor import Failure, Processed, Record, process, processor_of

logger = logging.getLogger(__name__)

_FAILED = "processing-failed"
_CONVERSION_FAILED = "format-conversion-failed"


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
        processed = Processed()
        for record in records:
            processed.take(record, record.data, {})
        return processed
    return process(_client("lambda", stream, configuration), processor, stream["arn"], records)


def _write(
    stream: dict[str, Any], configuration: dict[str, Any], arrived: float, processed: Processed
) -> None:
    unconverted: list[Failure] = []
    for prefix, numbers in _by_prefix(configuration, arrived, processed).items():
        data = [processed.data[number] for number in numbers]
        if firehose_conversion.is_enabled(configuration):
            glue = firehose_conversion.glue(stream, configuration)
            body, failed = firehose_conversion.parquet(glue, configuration, data)
            unconverted += [
                Failure(processed.records[numbers[number]], 1, code, message)
                for number, (code, message) in failed.items()
            ]
        else:
            body = b"".join(data)
        if body:
            key = _name(stream, prefix, arrived) + configuration.get("FileExtension", "")
            _put(stream, configuration, key, body)
    _keep(stream, configuration, arrived, processed.failures, _FAILED)
    _keep(stream, configuration, arrived, unconverted, _CONVERSION_FAILED)


def _by_prefix(
    configuration: dict[str, Any], arrived: float, processed: Processed
) -> Mapping[str, list[int]]:
    """The numbers of the data that go under each prefix.

    Data whose prefix the keys do not fill is a failure of the processor.
    """
    from ministack.services import firehose

    numbers, moment = defaultdict(list), time.gmtime(arrived)
    for number, keys in enumerate(processed.keys):
        try:
            prefix = firehose._evaluate_prefix(
                configuration.get("Prefix", ""), moment, lambda_keys=keys
            )
        except firehose._DeliveryError as error:
            failure = "DynamicPartitioning.ActivePartitionKeyMissing", error.message
            processed.failures.append(Failure(processed.records[number], 1, *failure))
            continue
        numbers[prefix].append(number)
    return numbers


def _keep(
    stream: dict[str, Any],
    configuration: dict[str, Any],
    arrived: float,
    failures: list[Failure],
    what: str,
) -> None:
    from ministack.services import firehose

    if not failures:
        return
    moment = time.gmtime(arrived)
    if configuration.get("ErrorOutputPrefix"):
        template = configuration["ErrorOutputPrefix"]
        prefix = firehose._evaluate_prefix(template, moment, error_type=what)
    else:
        prefix = f"{what}/" + time.strftime("%Y/%m/%d/%H/", moment)
    processor = processor_of(configuration)
    lines = _error_lines(failures, processor.lambda_arn if processor else "")
    _put(stream, configuration, _name(stream, prefix, arrived), "".join(lines).encode())


def _put(stream: dict[str, Any], configuration: dict[str, Any], key: str, body: bytes) -> None:
    bucket = configuration["BucketARN"].rpartition(":::")[2]
    _client("s3", stream, configuration).put_object(Bucket=bucket, Key=key, Body=body)


def _name(stream: dict[str, Any], prefix: str, arrived: float) -> str:
    """The object's name as AWS builds it.

    https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
    """
    date = time.strftime("%Y-%m-%d-%H-%M-%S", time.gmtime(arrived))
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
