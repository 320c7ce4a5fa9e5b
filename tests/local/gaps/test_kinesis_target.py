"""Rules that send events to a Kinesis stream, in each form that AWS knows."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import pytest

import small_streams
from shared_aws import TestAws
from small_roles import ACCOUNT, ARN
from small_streams import SmallStream
from waiting import until

DETAIL = {"store_id": "store_4", "sale": {"sales": 9.5, "is_return": False}, "number": 7}


@dataclass(frozen=True)
class Route:
    """An event bus, and a stream that its one rule leads to."""

    aws: TestAws
    bus: str
    stream: SmallStream

    def lead(self, **target: Any) -> None:
        """Have the rule write to the stream as the target's settings say."""
        events, names = self.aws.client("events"), {"EventBusName": self.bus}
        events.put_rule(Name="all", EventPattern='{"source": ["shop"]}', **names)
        whole = {"Id": "stream", "Arn": self.stream.arn, **target}
        events.put_targets(Rule="all", Targets=[whole], **names)

    def send(self, **further: str) -> str:
        """Send one event, with further members of its detail; its id."""
        detail = json.dumps({**DETAIL, **further})
        entry = {"Source": "shop", "DetailType": "sale", "Detail": detail}
        moment = datetime(2026, 11, 24, 15, 4, 5, tzinfo=timezone.utc)
        whole = {**entry, "EventBusName": self.bus, "Time": moment, "Resources": ["till"]}
        answer = self.aws.client("events").put_events(Entries=[whole])
        assert answer["FailedEntryCount"] == 0
        return str(answer["Entries"][0]["EventId"])

    def record(self) -> dict[str, Any]:
        (record,) = until(self.stream.records)
        return record

    def data(self) -> str:
        return str(self.record()["Data"].decode())


@pytest.fixture
def route(local_aws: TestAws) -> Route:
    bus = f"bus-{uuid.uuid4()}"
    local_aws.client("events").create_event_bus(Name=bus)
    return Route(local_aws, bus, small_streams.create(local_aws))


def envelope(event_id: str) -> dict[str, Any]:
    return {
        "version": "0",
        "id": event_id,
        "detail-type": "sale",
        "source": "shop",
        "account": ACCOUNT,
        "time": "2026-11-24T15:04:05Z",
        "region": "us-east-1",
        "resources": ["till"],
        "detail": DETAIL,
    }


def test_the_whole_event_is_written_with_its_id_as_partition_key(route: Route) -> None:
    route.lead()
    event_id = route.send()
    assert json.loads(route.data()) == envelope(event_id)
    assert route.record()["PartitionKey"] == event_id


def test_every_event_is_a_record_in_the_order_of_sending(route: Route) -> None:
    route.lead()
    sent = [route.send() for _ in range(5)]
    until(lambda: len(route.stream.records()) >= len(sent))
    assert [event["id"] for event in route.stream.documents()] == sent


def test_a_fixed_input_is_written_as_it_stands(route: Route) -> None:
    route.lead(Input='{"always":  "this"}')
    route.send()
    assert route.data() == '{"always":  "this"}'


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("$.detail", DETAIL),
        ("$.detail.sale", DETAIL["sale"]),
        ("$.detail.store_id", "store_4"),
        ("$.time", "2026-11-24T15:04:05Z"),
    ],
)
def test_an_input_path_selects_a_part(route: Route, path: str, part: Any) -> None:
    route.lead(InputPath=path)
    route.send()
    assert json.loads(route.data()) == part


def test_an_input_transformer_builds_a_document_of_its_own(route: Route) -> None:
    paths = {"store": "$.detail.store_id", "sales": "$.detail.sale.sales"}
    template = '{"shop": <store>, "paid": <sales>}'
    route.lead(InputTransformer={"InputPathsMap": paths, "InputTemplate": template})
    route.send()
    assert json.loads(route.data()) == {"shop": "store_4", "paid": 9.5}


@pytest.mark.parametrize(
    ("path", "key"), [("$.detail.store_id", "store_4"), ("$.detail.number", "7")]
)
def test_the_partition_key_is_what_its_path_leads_to(route: Route, path: str, key: str) -> None:
    route.lead(KinesisParameters={"PartitionKeyPath": path}, Input='"without a store"')
    route.send()
    assert route.record()["PartitionKey"] == key


def test_a_partition_key_path_that_leads_nowhere_leaves_the_events_id(route: Route) -> None:
    route.lead(KinesisParameters={"PartitionKeyPath": "$.detail.till"})
    event_id = route.send()
    assert route.record()["PartitionKey"] == event_id


@pytest.mark.parametrize(
    ("path", "key"),
    [("$.detail.sale", '{"sales": 9.5, "is_return": false}'), ("$.resources", '["till"]')],
)
def test_a_partition_key_that_is_no_text_is_its_json(route: Route, path: str, key: str) -> None:
    route.lead(KinesisParameters={"PartitionKeyPath": path})
    route.send()
    assert route.record()["PartitionKey"] == key


@pytest.mark.parametrize("source", ["", "x" * 257])
def test_an_event_whose_partition_key_kinesis_refuses_goes_to_the_dead_letters(
    route: Route, source: str
) -> None:
    sqs, name = route.aws.client("sqs"), f"dead-{uuid.uuid4()}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    key = {"KinesisParameters": {"PartitionKeyPath": "$.detail.key"}}
    route.lead(DeadLetterConfig={"Arn": f"arn:aws:sqs:{ARN}:{name}"}, **key)
    refused = route.send(key=source)
    route.send(key="x" * 256)

    assert [record["PartitionKey"] for record in until(route.stream.records)] == ["x" * 256]
    (message,) = until(lambda: sqs.receive_message(QueueUrl=url).get("Messages"))
    assert json.loads(message["Body"])["id"] == refused


def test_an_event_for_a_stream_that_is_gone_goes_to_the_dead_letters(route: Route) -> None:
    sqs, name = route.aws.client("sqs"), f"dead-{uuid.uuid4()}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    route.lead(DeadLetterConfig={"Arn": f"arn:aws:sqs:{ARN}:{name}"})
    kept = route.send()
    until(route.stream.records)
    route.aws.client("kinesis").delete_stream(StreamName=route.stream.name)
    lost = route.send()

    (message,) = until(lambda: sqs.receive_message(QueueUrl=url).get("Messages"))
    assert json.loads(message["Body"]) == envelope(lost)
    assert kept not in message["Body"]
