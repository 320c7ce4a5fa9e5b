"""Firehose's Lambda processor.

MiniStack passes a record on unchanged when the function fails, and drops it when the function says
ProcessingFailed. AWS calls the function with many records at once, up to four times when it fails,
and keeps every failed record with the reason.
https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

ATTEMPTS = 4
_MB = 1024 * 1024
_DEFAULT_BUFFER_MB = "1"
_MOST_RECORDS = 10_000


@dataclass(frozen=True)
class Record:
    """A record and when it arrived, in seconds since 1970.

    `metadata` is what a function is told of where in a Kinesis stream it was.
    """

    id: str
    data: bytes
    arrived: float
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Failure:
    """A record that could not be processed, after how many attempts, and why."""

    record: Record
    attempts: int
    code: str
    message: str


@dataclass
class Processed:
    """What became of records: data to deliver, failures to keep; the rest was dropped.

    `records` has the record that each data comes from, `keys` the partition keys that go with it.
    """

    data: list[bytes] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    keys: list[Mapping[str, str]] = field(default_factory=list)

    def take(self, record: Record, data: bytes, keys: Mapping[str, str]) -> None:
        self.data.append(data)
        self.records.append(record)
        self.keys.append(keys)


@dataclass(frozen=True)
class Processor:
    """A Lambda processor: its function and how many bytes it gets at once."""

    lambda_arn: str
    batch_bytes: int


def processor_of(configuration: dict[str, Any]) -> Processor | None:
    """The Lambda processor that a destination's configuration enables, if it does."""
    processing = configuration.get("ProcessingConfiguration") or {}
    # A template's parameter comes as text.
    if str(processing.get("Enabled")).lower() != "true":
        return None
    for processor in processing.get("Processors") or []:
        if processor.get("Type") == "Lambda":
            values = {p["ParameterName"]: p["ParameterValue"] for p in processor["Parameters"]}
            megabytes = float(values.get("BufferSizeInMBs", _DEFAULT_BUFFER_MB))
            return Processor(values["LambdaArn"], int(megabytes * _MB))
    return None


def process(
    client: Any, processor: Processor, stream_arn: str, records: Sequence[Record]
) -> Processed:
    """Send the records through the function; `client` is a Lambda client."""
    processed = Processed()
    for batch in _batches(records, processor.batch_bytes):
        answer = _answer(client, processor.lambda_arn, stream_arn, batch)
        if isinstance(answer, _CallFailed):
            failures = [Failure(record, ATTEMPTS, answer.code, answer.message) for record in batch]
            processed.failures.extend(failures)
        else:
            _sort(batch, answer, processed)
    return processed


def _batches(records: Sequence[Record], size: int) -> Iterator[list[Record]]:
    batch: list[Record] = []
    room = size
    for record in records:
        if batch and (len(record.data) > room or len(batch) == _MOST_RECORDS):
            yield batch
            batch, room = [], size
        batch.append(record)
        room -= len(record.data)
    if batch:
        yield batch


@dataclass(frozen=True)
class _CallFailed:
    code: str
    message: str


def _answer(
    client: Any, lambda_arn: str, stream_arn: str, batch: list[Record]
) -> dict[str, dict[str, Any]] | _CallFailed:
    """What the function says of each record id, tried four times."""
    failed = _CallFailed("", "")
    for _ in range(ATTEMPTS):
        try:
            response = client.invoke(FunctionName=lambda_arn, Payload=_event(stream_arn, batch))
            payload = json.loads(response["Payload"].read())
        except ClientError as error:
            failed = _CallFailed(f"Lambda.{error.response['Error']['Code']}", str(error))
            continue
        if response.get("FunctionError"):
            failed = _CallFailed(
                "Lambda.FunctionError",
                "The Lambda function was successfully invoked but it returned an error result.",
            )
            continue
        try:
            return {record["recordId"]: record for record in payload["records"]}
        except (KeyError, TypeError):
            failed = _CallFailed(
                "Lambda.JsonProcessingException",
                "There was an error parsing returned records from the Lambda function.",
            )
    return failed


def _event(stream_arn: str, batch: list[Record]) -> bytes:
    records = [
        {
            "recordId": record.id,
            "approximateArrivalTimestamp": int(record.arrived * 1000),
            "data": base64.b64encode(record.data).decode(),
            **({"kinesisRecordMetadata": record.metadata} if record.metadata else {}),
        }
        for record in batch
    ]
    event = {
        "invocationId": str(uuid.uuid4()),
        "deliveryStreamArn": stream_arn,
        "region": stream_arn.split(":")[3],
        "records": records,
    }
    return json.dumps(event).encode()


def _sort(batch: list[Record], answer: dict[str, dict[str, Any]], processed: Processed) -> None:
    for record in batch:
        verdict = answer.get(record.id, {"result": None})
        try:
            if verdict["result"] == "Ok":
                data = base64.b64decode(verdict["data"], validate=True)
                keys = (verdict.get("metadata") or {}).get("partitionKeys") or {}
                processed.take(record, data, {name: str(key) for name, key in keys.items()})
                continue
            result = verdict["result"]
        except (AttributeError, KeyError, TypeError, ValueError):
            result = "Unreadable"
        if result != "Dropped":
            reason = _REASONS.get(result, _REASONS["Unreadable"])
            processed.failures.append(Failure(record, 1, *reason))


_REASONS: dict[Any, tuple[str, str]] = {
    None: (
        "Lambda.MissingRecordId",
        "One or more record Ids were not returned. "
        "Ensure that the Lambda function returns all received record Ids.",
    ),
    "ProcessingFailed": (
        "Lambda.ProcessingFailedStatus",
        "ProcessingFailed status set for record",
    ),
    "Unreadable": (
        "Lambda.JsonProcessingException",
        "There was an error parsing returned records from the Lambda function.",
    ),
}
