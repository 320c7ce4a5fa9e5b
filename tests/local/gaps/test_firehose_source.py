"""Delivery streams that read from a Kinesis stream, as their role, from their creation on."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import delivery_streams
import processor_function
import small_roles
import small_streams
from delivery_streams import DeliveryStream
from small_roles import allow
from waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from shared_aws import TestAws
    from small_streams import SmallStream

READ = ["kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords"]
WRITE = ["s3:PutObject", "lambda:InvokeFunction"]


def reading(aws: TestAws, source: SmallStream, actions: list[str], **more: Any) -> DeliveryStream:
    role = small_roles.create(aws, allow(actions, "*"))
    bucket = delivery_streams.create_bucket(aws)
    stream = DeliveryStream(aws, f"delivery-{uuid.uuid4()}", bucket)
    aws.client("firehose").create_delivery_stream(
        DeliveryStreamName=stream.name,
        DeliveryStreamType="KinesisStreamAsSource",
        KinesisStreamSourceConfiguration={"KinesisStreamARN": source.arn, "RoleARN": role.arn},
        ExtendedS3DestinationConfiguration=delivery_streams.destination(bucket, role, 1, **more),
    )
    return stream


def test_what_is_written_after_its_creation_is_delivered(local_aws: TestAws) -> None:
    source = small_streams.create(local_aws)
    source.put(b"before")
    stream = reading(local_aws, source, READ + WRITE)
    source.put(b"one")
    source.put(b"two")
    until(stream.objects)
    assert b"".join(stream.objects().values()).replace(b"before", b"") == b"onetwo"


def test_a_function_is_told_where_in_the_stream_a_record_is(
    local_aws: TestAws, tmp_path: Path
) -> None:
    function = processor_function.create(local_aws, tmp_path)
    source = small_streams.create(local_aws)
    processing = delivery_streams.processing(function.arn)
    stream = reading(local_aws, source, READ + WRITE, **processing)
    source.put(b"one")
    until(stream.objects)
    [written] = source.records()
    [event] = function.events()
    assert event["records"][0]["kinesisRecordMetadata"] == {
        "sequenceNumber": written["SequenceNumber"],
        "subsequenceNumber": 0,
        "partitionKey": "key",
        "shardId": small_streams.SHARD,
        "approximateArrivalTimestamp": round(
            written["ApproximateArrivalTimestamp"].timestamp() * 1000
        ),
    }


def test_records_go_under_the_keys_that_the_function_gives(
    local_aws: TestAws, tmp_path: Path
) -> None:
    function = processor_function.create(local_aws, tmp_path)
    source = small_streams.create(local_aws)
    stream = reading(
        local_aws,
        source,
        READ + WRITE,
        **delivery_streams.processing(function.arn),
        Prefix="day=!{partitionKeyFromLambda:day}/!{timestamp:yyyy}-",
        ErrorOutputPrefix="failed/!{firehose:error-output-type}/",
        DynamicPartitioningConfiguration={"Enabled": True},
    )
    for day in ("31", "01", "31"):
        answer = json.loads(processor_function.ok(f"of {day};"))
        source.put(json.dumps({**answer, "metadata": {"partitionKeys": {"day": day}}}).encode())
    source.put(processor_function.ok("without a key").encode())
    wanted = {"day=01": b"of 01;", "day=31": b"of 31;of 31;", "failed": b""}

    def written() -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for key, body in stream.objects().items():
            folder = key.partition("/")[0]
            found[folder] = found.get(folder, b"") + (b"" if folder == "failed" else body)
        return found

    assert until(lambda: found if len(found := written()) == 3 else None)
    until(lambda: written() == wanted)


def test_a_role_that_may_not_read_delivers_nothing(local_aws: TestAws) -> None:
    source = small_streams.create(local_aws)
    refused = reading(local_aws, source, WRITE)
    allowed = reading(local_aws, source, READ + WRITE)
    source.put(b"one")
    until(allowed.objects)
    assert not refused.drained(0)
