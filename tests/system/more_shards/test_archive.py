"""The archive of the bus on real parts, and the replay that docs/replay.md describes.

One story is told: events of all kinds come, copies and a late sale among them; windows close; one
dispatch note is lost. Then the very commands of the document replay everything, and after that once
more for a new rule alone. The tests look at every place before and after, and leave out what was
there at the start.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

import aws_cli
import command_line
from deployed_pipeline import INVENTORY, SALES, Pipeline
from repository import DOCS
from sample_events import Item, order, stock_count
from waiting import until

pytestmark = pytest.mark.scenario

DOCUMENT = DOCS / "replay.md"
IN_TIME = [*map(order, range(30)), *(order(number, is_return=True) for number in range(30, 40))]
COPIES = IN_TIME[:5]
LATE = order(50)
COUNTS = [stock_count(number, store, 100) for number, store in enumerate((1, 2, 3))]
MALFORMED = [order(number, sales=None) for number in range(60, 63)]
SOLD = [*IN_TIME, *COPIES, LATE]
LOST = IN_TIME[7]["request_id"]
DELIVERED = ("DispatchQueueName", "WarehouseQueueName")


@dataclass(frozen=True)
class Commands:
    """The commands of the document, with these values in place of those that it has."""

    project: Pipeline
    values: Mapping[str, str]

    def run(self, *headings: str) -> str:
        """What those under these beginnings of sentences print; the last of them ends well."""
        script = "\n".join(_block(heading) for heading in headings)
        for name, value in self.values.items():
            script, count = re.subn(rf"^{name}=.*$", f"{name}={value}", script, flags=re.MULTILINE)
            assert count <= 1
        path = f"{aws_cli.folder()}:{command_line.PROGRAM.parent}:{os.environ['PATH']}"
        environment = {**command_line.NO_SETTINGS, **self.project.aws.environment, "PATH": path}
        done = subprocess.run(
            ["bash", "-uc", script], env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def replay(self, start: str) -> None:
        """Start a replay as this sentence of the document does, and wait for its end."""
        self.run("Choose the events", "Look up", start)
        events, name = self.project.aws.client("events"), self.values["replay"]
        until(
            lambda: events.describe_replay(ReplayName=name)["State"] == "COMPLETED",
            "the end of the replay",
        )
        assert self.run("Choose the events", "Wait").strip() == "COMPLETED"


def _block(sentence: str) -> str:
    """The commands after a sentence of the document."""
    found = re.search(
        rf"^{sentence}.*?^```sh\n(.*?)^```$", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert found, sentence
    return found[1]


@dataclass(frozen=True)
class Places:
    """All places of the project at one moment."""

    revenue: list[Item]
    late: list[Item]
    notes: dict[str, Item]
    stock: dict[tuple[str, str], int]
    applied: list[Item]
    archived: int
    audit: dict[str, Any]


def places(project: Pipeline) -> Places:
    project.until_done(*DELIVERED)
    events = project.aws.client("events")
    archive = events.describe_archive(ArchiveName=project.outputs["ArchiveName"])
    # Ends with 3, which `run` takes for a failure, when anything is counted twice or not at all.
    audit = json.loads(project.run("verify", "--output=json"))
    return Places(
        project.stored("sales_revenue/"),
        project.stored("late_events/"),
        project.notes(),
        project.stock(),
        project.items("AppliedTableName"),
        archive["EventCount"],
        audit,
    )


@dataclass(frozen=True)
class Story:
    """`name` is the replay's."""

    name: str
    start: Places
    before: Places
    after: Places
    end: Places
    taken: list[Item]


@pytest.fixture(scope="module")
def story(pipeline: Pipeline) -> Story:
    pipeline.run("start-analytics")
    start, begun = places(pipeline), datetime.now(timezone.utc)
    sell(pipeline, begun)
    before = places(pipeline)
    lose_a_note(pipeline)

    moments = (begun - timedelta(seconds=5), datetime.now(timezone.utc) + timedelta(minutes=1))
    first, end = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in moments)
    name = pipeline.name
    values = {"project": name, "start": first, "end": end, "replay": f"{name}-again"}
    commands = Commands(pipeline, values)
    commands.replay("Start it")
    recorded = len(before.late) + len(SOLD)
    until(lambda: len(pipeline.stored("late_events/")) >= recorded, "the replayed sales' records")
    after = places(pipeline)

    rule = new_rule(pipeline)
    alone = Commands(pipeline, {**values, "replay": f"{name}-alone", "name": rule})
    alone.replay("or for one")
    taken = drain(pipeline, rule, len([*SOLD, *COUNTS, *MALFORMED]))
    remove(pipeline, rule)
    return Story(values["replay"], start, before, after, places(pipeline), taken)


def sell(project: Pipeline, begun: datetime) -> None:
    """Send everything, and see it counted, recorded and set aside.

    The late sale happens before the stock is counted, and in the time that is replayed.
    """
    rows, late = (len(project.stored(prefix)) for prefix in ("sales_revenue/", "late_events/"))
    project.put(*COUNTS, kind=INVENTORY)
    project.until_done("WarehouseQueueName")
    project.put(*IN_TIME, *COPIES, *MALFORMED)
    project.let_windows_close()
    until(lambda: len(project.stored("sales_revenue/")) > rows, "the window's rows")
    project.put(LATE, time=begun - timedelta(seconds=2))
    until(lambda: len(project.stored("late_events/")) > late, "the late sale's record")


def lose_a_note(project: Pipeline) -> None:
    project.aws.client("dynamodb").delete_item(
        TableName=project.outputs["DispatchTableName"], Key={"request_id": {"S": LOST}}
    )


def new_rule(project: Pipeline) -> str:
    """A rule of the person's own, which leads everything on the bus into a queue of its name."""
    name, events = f"{project.name}-new", project.aws.client("events")
    sqs = project.aws.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    bus = {"EventBusName": project.outputs["EventBusName"]}
    events.put_rule(Name=name, EventPattern='{"account": [{"exists": true}]}', **bus)
    target = {"Id": "queue", "Arn": attributes["QueueArn"]}
    events.put_targets(Rule=name, Targets=[target], **bus)
    return name


def remove(project: Pipeline, rule: str) -> None:
    events = project.aws.client("events")
    bus = {"EventBusName": project.outputs["EventBusName"]}
    events.remove_targets(Rule=rule, Ids=["queue"], **bus)
    events.delete_rule(Name=rule, **bus)


def drain(project: Pipeline, queue: str, count: int) -> list[Item]:
    """All messages of the queue, when there are as many."""
    sqs, found = project.aws.client("sqs"), []
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]

    def is_empty() -> bool:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            found.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return not messages and len(found) >= count

    until(is_empty, f"{count} messages in {queue}")
    return found


def since(start: list[Item], end: list[Item]) -> list[Item]:
    """The lines that were not there at the start; no two are alike."""
    return [line for line in end if line not in start]


def test_a_replayed_sale_is_recorded_as_late_with_all_its_fields(story: Story) -> None:
    late = since(story.start.late, story.after.late)
    first, *replayed = sorted(late, key=lambda line: line["replay_name"] or "")
    assert since(story.start.late, story.before.late) == [first]
    assert (first["request_id"], first["replay_name"]) == (LATE["request_id"], None)
    assert {(line["reason"], line["replay_name"]) for line in replayed} == {("late", story.name)}
    sold = [{key: line[key] for key in LATE} for line in replayed]
    as_text = [{**sale, **_as_text(sale)} for sale in SOLD]
    assert sorted(sold, key=str) == sorted(as_text, key=str)


def _as_text(sale: Item) -> dict[str, str]:
    return {"sales": str(sale["sales"]), "is_return": str(sale["is_return"]).lower()}


def test_nothing_is_counted_twice_and_nothing_is_lost(story: Story) -> None:
    assert story.after.revenue == story.before.revenue
    revenue = since(story.start.revenue, story.after.revenue)
    assert sum(line["orders"] + line["returns"] for line in revenue) == len(IN_TIME)
    places = (story.start, story.before, story.after)
    start, before, after = (Counter(one.audit["counts"]) for one in places)
    assert after - before == Counter(
        records=len(SOLD) + after["heartbeats"] - before["heartbeats"],
        heartbeats=after["heartbeats"] - before["heartbeats"],
        duplicates=len(SOLD),
    )
    assert (after - start)["counted"] == len(IN_TIME)
    assert ((after - start)["late"], (before - start)["duplicates"]) == (1, len(COPIES))


def test_a_lost_note_comes_back_and_the_others_stay(story: Story) -> None:
    orders = {sale["request_id"] for sale in SOLD if not sale["is_return"]}
    assert (
        story.before.notes.keys() == story.after.notes.keys() == orders | story.start.notes.keys()
    )
    changed = {key for key in orders if story.before.notes[key] != story.after.notes[key]}
    assert changed <= {LOST}


def test_the_warehouse_applies_nothing_again(story: Story) -> None:
    # The late order is older than the count, so it is part of it.
    sold = Counter(sale["store_id"] for sale in IN_TIME if not sale["is_return"])
    counted = {(store, "Books"): 100 - sold[store] for store in sold}
    assert story.before.stock == {**story.start.stock, **counted}
    assert story.after.stock == story.before.stock
    key = str
    assert sorted(story.after.applied, key=key) == sorted(story.before.applied, key=key)


def test_what_is_malformed_is_not_set_aside_again(story: Story) -> None:
    places = (story.start, story.before, story.after)
    start, before, after = (one.audit["queues"] for one in places)
    rejected = start["RejectedEvents"] + len(MALFORMED)
    assert before == after == {**dict.fromkeys(before, 0), "RejectedEvents": rejected}


def test_the_archive_keeps_every_event_once(story: Story) -> None:
    sent = len([*SOLD, *COUNTS, *MALFORMED])
    places = (story.before, story.after, story.end)
    assert [one.archived - story.start.archived for one in places] == [sent] * 3


def test_a_new_rule_gets_all_events_and_nobody_else_does(pipeline: Pipeline, story: Story) -> None:
    kinds = Counter(event["detail-type"] for event in story.taken)
    assert kinds == {SALES: len([*SOLD, *MALFORMED]), INVENTORY: len(COUNTS)}
    assert {event["replay-name"] for event in story.taken} == {f"{pipeline.name}-alone"}
    end, after = Counter(story.end.audit["counts"]), Counter(story.after.audit["counts"])
    assert (end - after).keys() <= {"records", "heartbeats"}
    assert end["records"] - end["heartbeats"] == after["records"] - after["heartbeats"]
    assert len(story.end.late) == len(story.after.late)


def test_what_the_document_looks_at_in_the_end_is_well(pipeline: Pipeline, story: Story) -> None:
    assert story.after
    look = Commands(pipeline, {"project": pipeline.name})
    script = _block("Then look").splitlines()
    assert [line.split()[1] for line in script] == ["status", "verify"]
    assert "Copies of one of these" in look.run("Choose the events", "Then look")
