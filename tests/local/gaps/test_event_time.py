"""The time of an event: the one that its PutEvents entry gives, or that of the call."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared_aws import TestAws
from small_roles import ARN
from waiting import until

PAST = datetime(2024, 2, 29, 23, 59, 58, tzinfo=timezone.utc)
FUTURE = datetime(2031, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Bus:
    """An event bus, and a queue that gets all its events."""

    aws: TestAws
    name: str
    queue: str

    def entry(self, number: int, **fields: Any) -> dict[str, Any]:
        detail = json.dumps({"number": number})
        entry = {"Source": "shop", "DetailType": "sale", "Detail": detail}
        return {**entry, "EventBusName": self.name, **fields}

    def put(self, *entries: dict[str, Any]) -> Any:
        return self.aws.client("events").put_events(Entries=list(entries))

    def delivered(self, count: int) -> dict[int, Any]:
        """So many events, by their numbers, in the order of the numbers."""
        sqs = self.aws.client("sqs")
        events: list[dict[str, Any]] = []

        def look() -> bool:
            answer = sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
            events.extend(json.loads(message["Body"]) for message in answer.get("Messages", []))
            return len(events) >= count

        until(look)
        assert len(events) == count
        return dict(sorted((event["detail"]["number"], event) for event in events))


@pytest.fixture
def bus(local_aws: TestAws) -> Bus:
    name, events = f"time-{uuid.uuid4()}", local_aws.client("events")
    events.create_event_bus(Name=name)
    queue = local_aws.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    events.put_rule(Name="all", EventBusName=name, EventPattern='{"source": ["shop"]}')
    target = {"Id": "queue", "Arn": f"arn:aws:sqs:{ARN}:{name}"}
    events.put_targets(Rule="all", EventBusName=name, Targets=[target])
    return Bus(local_aws, name, queue)


def is_of_the_call(event: dict[str, Any], began: float) -> bool:
    moment = datetime.strptime(event["time"], "%Y-%m-%dT%H:%M:%S%z").timestamp()
    return int(began) <= moment <= time.time()


@pytest.mark.parametrize("moment", [PAST, FUTURE])
def test_the_entrys_time_is_the_events_time(bus: Bus, moment: datetime) -> None:
    bus.put(bus.entry(1, Time=moment))
    assert bus.delivered(1)[1]["time"] == moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_part_of_a_second_is_cut_off(bus: Bus) -> None:
    bus.put(bus.entry(1, Time=PAST + timedelta(microseconds=999_000)))
    assert bus.delivered(1)[1]["time"] == "2024-02-29T23:59:58Z"


def test_a_time_in_another_zone_is_told_in_utc(bus: Bus) -> None:
    moment = PAST.astimezone(timezone(timedelta(hours=5, minutes=30)))
    bus.put(bus.entry(1, Time=moment))
    assert bus.delivered(1)[1]["time"] == "2024-02-29T23:59:58Z"


def test_without_a_time_it_is_that_of_the_call(bus: Bus) -> None:
    began = time.time()
    bus.put(bus.entry(1))
    assert is_of_the_call(bus.delivered(1)[1], began)


def test_each_entry_of_a_call_has_its_own_time_and_answer(bus: Bus) -> None:
    began = time.time()
    answer = bus.put(
        bus.entry(1, Time=PAST),
        bus.entry(2),
        bus.entry(3, Time=PAST, Source="aws.shop"),
        bus.entry(4, Time=FUTURE),
    )
    events = bus.delivered(3)
    assert [events[1]["time"], events[4]["time"]] == [
        "2024-02-29T23:59:58Z",
        "2031-01-02T03:04:05Z",
    ]
    assert is_of_the_call(events[2], began)
    ids = [entry.get("EventId") for entry in answer["Entries"]]
    assert ids == [events[1]["id"], events[2]["id"], None, events[4]["id"]]
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][2]["ErrorCode"] == "NotAuthorizedForSourceException"


@pytest.mark.parametrize("fields", [{}, {"Time": PAST}])
def test_ten_entries_are_taken_and_eleven_are_refused_as_a_whole(
    bus: Bus, fields: dict[str, Any]
) -> None:
    with pytest.raises(ClientError, match="less than or equal to 10"):
        bus.put(*(bus.entry(number, **fields) for number in range(100, 111)))
    bus.put(*(bus.entry(number, **fields) for number in range(10)))
    assert list(bus.delivered(10)) == list(range(10))
