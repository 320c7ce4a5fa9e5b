"""Replays: which events come again, through which rules, and as what."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared_aws import TestAws
from small_roles import ARN
from taken_messages import taken
from waiting import until

SOLD = datetime(2024, 2, 29, 23, 59, 58, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Bus:
    """A bus with an archive, and rules that each lead to a queue of their name."""

    aws: TestAws
    name: str

    @property
    def arn(self) -> str:
        return f"arn:aws:events:{ARN}:event-bus/{self.name}"

    def rule(self, name: str, target: str = "", **pattern: Any) -> str:
        """The rule's ARN; its target is a queue of its own, or the one that is named."""
        events, names = self.aws.client("events"), {"EventBusName": self.name}
        self.aws.client("sqs").create_queue(QueueName=f"{self.name}-{name}")
        text = json.dumps({"source": ["shop"], **pattern})
        arn = events.put_rule(Name=name, EventPattern=text, **names)["RuleArn"]
        queue = f"arn:aws:sqs:{ARN}:{self.name}-{name}"
        events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": target or queue}], **names)
        return str(arn)

    def archive(self, **settings: Any) -> None:
        self.aws.client("events").create_archive(
            ArchiveName=self.name, EventSourceArn=self.arn, **settings
        )

    def archived(self) -> int:
        found = self.aws.client("events").describe_archive(ArchiveName=self.name)
        return int(found["EventCount"])

    def put(self, number: int, time: datetime = SOLD) -> None:
        entry = {"Source": "shop", "DetailType": "sale", "EventBusName": self.name, "Time": time}
        detail = json.dumps({"number": number})
        answer = self.aws.client("events").put_events(Entries=[{**entry, "Detail": detail}])
        assert answer["FailedEntryCount"] == 0

    def replay(
        self, start: datetime = SOLD, end: datetime = SOLD + SECOND, rules: Sequence[str] = ()
    ) -> str:
        """Replay these times and wait for the end; the name of the replay."""
        events, name = self.aws.client("events"), f"replay-{uuid.uuid4()}"
        only = {"FilterArns": list(rules)} if rules else {}
        events.start_replay(
            ReplayName=name,
            EventSourceArn=f"arn:aws:events:{ARN}:archive/{self.name}",
            EventStartTime=start,
            EventEndTime=end,
            Destination={"Arn": self.arn, **only},
        )
        until(lambda: events.describe_replay(ReplayName=name)["State"] == "COMPLETED")
        return name

    def take(self, rule: str) -> list[dict[str, Any]]:
        """All that is in the rule's queue."""
        sqs, found = self.aws.client("sqs"), []
        url = sqs.get_queue_url(QueueName=f"{self.name}-{rule}")["QueueUrl"]
        while bodies := taken(sqs, url):
            found += map(json.loads, bodies)
        return found


@pytest.fixture
def bus(local_aws: TestAws) -> Bus:
    made = Bus(local_aws, f"bus-{uuid.uuid4().hex}")
    local_aws.client("events").create_event_bus(Name=made.name)
    return made


def numbers(events: list[dict[str, Any]]) -> list[int]:
    return sorted(event["detail"]["number"] for event in events)


def test_a_replayed_event_is_the_same_but_for_the_replays_name(bus: Bus) -> None:
    bus.rule("all")
    bus.archive()
    bus.put(1)
    [before] = bus.take("all")
    name = bus.replay()
    [after] = bus.take("all")
    assert after == {**before, "replay-name": name}
    assert after["time"] == "2024-02-29T23:59:58Z"


def test_a_replay_takes_the_events_of_its_times_alone(bus: Bus) -> None:
    bus.rule("all")
    bus.archive()
    for number in range(5):
        bus.put(number, SOLD + number * 60 * SECOND)
    bus.take("all")
    bus.replay(SOLD + 60 * SECOND, SOLD + 181 * SECOND)
    assert numbers(bus.take("all")) == [1, 2, 3]


def test_the_archive_keeps_what_its_pattern_matches(bus: Bus) -> None:
    bus.rule("all")
    bus.archive(EventPattern=json.dumps({"detail": {"number": [{"numeric": [">", 1]}]}}))
    for number in range(4):
        bus.put(number)
    bus.take("all")
    bus.replay()
    assert numbers(bus.take("all")) == [2, 3]


def test_only_the_rules_that_were_asked_for_get_a_replay(bus: Bus) -> None:
    rules = {name: bus.rule(name) for name in ("one", "two", "three")}
    bus.archive()
    bus.put(1)
    for name in rules:
        bus.take(name)
    bus.replay(rules=[rules["one"], rules["three"]])
    assert [numbers(bus.take(name)) for name in rules] == [[1], [], [1]]


def test_a_rule_may_leave_replays_out(bus: Bus) -> None:
    bus.rule("live", **{"replay-name": [{"exists": False}]})
    bus.archive()
    bus.put(1)
    assert numbers(bus.take("live")) == [1]
    bus.replay()
    assert bus.take("live") == []


def test_a_replayed_event_is_not_archived_again(bus: Bus, local_aws: TestAws) -> None:
    other = Bus(local_aws, f"other-{bus.name}")
    local_aws.client("events").create_event_bus(Name=other.name)
    other.archive()
    bus.rule("on", target=other.arn)
    bus.archive()
    bus.put(1)
    assert (bus.archived(), other.archived()) == (1, 1)
    bus.replay()
    assert (bus.archived(), other.archived()) == (1, 1)


def test_a_replay_that_ends_before_it_begins_is_refused(bus: Bus) -> None:
    bus.archive()
    with pytest.raises(ClientError, match="EventStartTime must be before EventEndTime"):
        bus.replay(SOLD, SOLD - SECOND)
