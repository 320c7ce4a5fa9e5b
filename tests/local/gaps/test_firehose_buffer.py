"""Firehose's buffer: records wait until there are enough of them, or for long enough."""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import delivery_streams
import small_roles
from delivery_streams import DeliveryStream
from miztiik_events.local.gaps.firehose_buffer import Buffer
from miztiik_events.local.gaps.firehose_processor import Record
from shared_aws import TestAws
from small_roles import allow
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


@contextlib.contextmanager
def deployed(
    stream: DeliveryStream, destination: dict[str, Any]
) -> Iterator[Callable[[dict[str, Any]], None]]:
    """A stack of it for as long as the block runs; what is yielded gives it another destination."""
    cloudformation, name = stream.aws.client("cloudformation"), {"StackName": stream.name}

    def template(destination: dict[str, Any]) -> str:
        properties = {
            "DeliveryStreamName": stream.name,
            "ExtendedS3DestinationConfiguration": destination,
        }
        resource = {"Type": "AWS::KinesisFirehose::DeliveryStream", "Properties": properties}
        return json.dumps({"Resources": {"Stream": resource}})

    def wait(end: str) -> None:
        waiter = cloudformation.get_waiter(end)
        waiter.wait(**name, WaiterConfig={"Delay": 0.2, "MaxAttempts": 150})

    def update(destination: dict[str, Any]) -> None:
        cloudformation.update_stack(**name, TemplateBody=template(destination))
        wait("stack_update_complete")

    cloudformation.create_stack(**name, TemplateBody=template(destination))
    wait("stack_create_complete")
    yield update
    cloudformation.delete_stack(**name)


def test_the_deletion_of_its_stack_delivers_what_waits(local_aws: TestAws) -> None:
    bucket, role = delivery_streams.create_bucket(local_aws), delivery_streams.deliverer(local_aws)
    stream = DeliveryStream(local_aws, f"delivery-{uuid.uuid4()}", bucket)
    with deployed(stream, delivery_streams.destination(bucket, role, 900)):
        stream.put(b"waiting")
    assert list(until(stream.objects).values()) == [b"waiting"]


def test_an_update_of_the_destination_loses_nothing_and_counts_from_then_on(
    local_aws: TestAws,
) -> None:
    stream, firehose = delivery_streams.create(local_aws), local_aws.client("firehose")
    stream.put(b"before")
    described = firehose.describe_delivery_stream(DeliveryStreamName=stream.name)
    [at_work] = described["DeliveryStreamDescription"]["Destinations"]
    firehose.update_destination(
        DeliveryStreamName=stream.name,
        CurrentDeliveryStreamVersionId=described["DeliveryStreamDescription"]["VersionId"],
        DestinationId=at_work["DestinationId"],
        ExtendedS3DestinationUpdate={
            "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 1},
            "Prefix": "after/",
        },
    )
    assert list(stream.objects().values()) == [b"before"]
    stream.put(b"after")
    assert list(until(lambda: stream.objects("after/")).values()) == [b"after"]


@pytest.mark.parametrize("may_deliver", [True, False])
def test_an_update_of_its_stack_loses_nothing_and_counts_from_then_on(
    local_aws: TestAws, may_deliver: bool
) -> None:
    """What the role of before may not deliver, that of the update does."""
    bucket, role = delivery_streams.create_bucket(local_aws), delivery_streams.deliverer(local_aws)
    first = role if may_deliver else small_roles.create(local_aws, allow("sqs:ListQueues", "*"))
    stream = DeliveryStream(local_aws, f"delivery-{uuid.uuid4()}", bucket)
    with deployed(
        stream, delivery_streams.destination(bucket, first, 900, Prefix="before/")
    ) as update:
        stream.put(b"before")
        update(delivery_streams.destination(bucket, role, 1, Prefix="after/"))
        assert list(stream.objects("before/").values()) == [b"before"] * may_deliver
        stream.put(b"after")
        whole = b"after" if may_deliver else b"beforeafter"
        until(lambda: b"".join(stream.objects("after/").values()) == whole)


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
