"""Firehose's buffer: records wait until there are enough of them, or for long enough."""

from __future__ import annotations

import json
import time
import uuid

import delivery_streams
from miztiik_events.local.gaps.firehose_buffer import Buffer
from miztiik_events.local.gaps.firehose_processor import Record
from shared_aws import TestAws
from waiting import until

HALF_A_MB = b"x" * 524_288


def record(data: bytes) -> Record:
    return Record(id="", data=data, arrived=0)


def test_as_much_as_the_size_is_delivered_at_once_as_one_object(local_aws: TestAws) -> None:
    stream = delivery_streams.create(local_aws)
    stream.put(b"first")
    stream.put(HALF_A_MB)
    assert not stream.objects()
    stream.put(HALF_A_MB)
    assert list(until(stream.objects).values()) == [b"first" + HALF_A_MB + HALF_A_MB]


def test_less_is_delivered_after_the_interval_as_one_object(local_aws: TestAws) -> None:
    stream = delivery_streams.create(local_aws, seconds=1)
    began = time.monotonic()
    stream.put(b"one", b"two", b"three")
    objects = until(stream.objects)
    assert time.monotonic() - began >= 1
    assert list(objects.values()) == [b"onetwothree"]


def test_after_a_delivery_the_buffer_begins_anew(local_aws: TestAws) -> None:
    stream = delivery_streams.create(local_aws)
    stream.put(HALF_A_MB, HALF_A_MB)
    until(stream.objects)
    stream.put(b"small")
    assert len(stream.objects()) == 1
    stream.put(HALF_A_MB, HALF_A_MB)
    until(lambda: len(stream.objects()) > 1)
    assert sorted(map(len, stream.objects().values())) == [1_048_576, 1_048_581]


def test_a_batch_is_answered_record_by_record(local_aws: TestAws) -> None:
    answer = delivery_streams.create(local_aws).put(*(b"%d" % number for number in range(500)))
    assert answer["FailedPutCount"] == 0
    assert len({one["RecordId"] for one in answer["RequestResponses"]}) == 500


def test_a_deletion_delivers_what_waits_in_the_order_of_its_coming(local_aws: TestAws) -> None:
    stream = delivery_streams.create(local_aws)
    stream.put(b"1", b"2")
    local_aws.client("firehose").put_record(DeliveryStreamName=stream.name, Record={"Data": b"3"})
    stream.put(b"4")
    assert list(stream.drained().values()) == [b"1234"]


def test_streams_do_not_share_a_buffer(local_aws: TestAws) -> None:
    one, other = delivery_streams.create(local_aws), delivery_streams.create(local_aws)
    one.put(b"of one")
    other.put(b"of the other")
    assert list(one.drained().values()) == [b"of one"]
    assert not other.objects()
    assert list(other.drained().values()) == [b"of the other"]


def test_the_deletion_of_its_stack_delivers_what_waits(local_aws: TestAws) -> None:
    bucket, role = delivery_streams.create_bucket(local_aws), delivery_streams.deliverer(local_aws)
    stream = delivery_streams.DeliveryStream(local_aws, f"delivery-{uuid.uuid4()}", bucket)
    destination = delivery_streams.destination(bucket, role, delivery_streams.LONGEST_SECONDS)
    properties = {
        "DeliveryStreamName": stream.name,
        "ExtendedS3DestinationConfiguration": destination,
    }
    resource = {"Type": "AWS::KinesisFirehose::DeliveryStream", "Properties": properties}
    cloudformation, quickly = local_aws.client("cloudformation"), {"Delay": 1, "MaxAttempts": 30}
    cloudformation.create_stack(
        StackName=stream.name, TemplateBody=json.dumps({"Resources": {"Stream": resource}})
    )
    waiter = cloudformation.get_waiter("stack_create_complete")
    waiter.wait(StackName=stream.name, WaiterConfig=quickly)
    stream.put(b"waiting")
    cloudformation.delete_stack(StackName=stream.name)
    assert list(until(stream.objects).values()) == [b"waiting"]


def test_what_could_not_be_delivered_comes_again_before_what_came_later() -> None:
    deliveries: list[list[bytes]] = []

    def second_time_lucky(records: list[Record]) -> bool:
        deliveries.append([record.data for record in records])
        if len(deliveries) > 1:
            return True
        buffer.add([record(b"3")])
        return False

    buffer = Buffer(second_time_lucky, size=1_000, seconds=900)
    buffer.add([record(b"1"), record(b"2")])
    buffer.flush()
    buffer.flush()
    buffer.flush()
    assert deliveries == [[b"1", b"2"], [b"1", b"2", b"3"]]
