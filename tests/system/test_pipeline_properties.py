"""Any sequence of events, sent through bus, stream, Flink and Firehose, ends as the oracles say.

Every example is two minutes of event time in the past, after those of the example before; a
heartbeat at the end closes its windows. The examples are the same each time. For others, and more:

    MIZTIIK_EVENTS_EXAMPLES=200 pytest tests/system/test_pipeline_properties.py
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given

import whereabouts
from analysed_project import LATENESS_SECONDS, WINDOW_SECONDS, AnalysedProject
from event_sequences import Event, examples, sequences
from waiting import until
from whereabouts import Whereabouts

if TYPE_CHECKING:
    from shared_aws import TestAws

pytestmark = pytest.mark.scenario

# The windows of an example's last seconds, and one more for the sale that shows that they are over.
STRETCH_SECONDS = 33 * WINDOW_SECONDS
MARKED_SECOND = STRETCH_SECONDS - 2 * WINDOW_SECONDS
HOURS_BACK = 20
# How long what is still to come is waited for when the last window's result is there.
GRACE_SECONDS = 5


@dataclass(repr=False)
class Course:
    """The examples so far; event time has come to `start`, in seconds, and goes on from there.

    `marked`: when the result of the example's last window was seen; 0 before.
    """

    project: AnalysedProject
    start: int
    finished: list[Whereabouts] = field(default_factory=list)
    marked: float = 0.0

    def play(self, sequence: list[Event]) -> None:
        """Send a sequence, close its windows, and fail when anything is not where it has to be."""
        start, self.start = self.start, self.start + STRETCH_SECONDS
        marker = Event(MARKED_SECOND, sale(request_id="marker", store_id="store_marker"), shard=0)
        sent = self.project.send([*sequence, marker], start)
        self.close(sent, start + MARKED_SECOND + WINDOW_SECONDS + LATENESS_SECONDS)

    def close(self, sent: dict[str, Event], moment: int) -> None:
        """Let event time come to the moment, and look until all is as it has to be."""
        self.project.beat(moment)
        self.marked = 0.0
        before = self.finished[-1] if self.finished else Whereabouts()
        found = Whereabouts(before.settled, before.reached)
        self.finished.append(found)
        try:
            (differences,) = until(lambda: self.outcome(found, sent), "the last window's result")
        finally:
            found.settled = (moment - LATENESS_SECONDS) * 1000
        assert not differences, "\n".join(differences)

    def outcome(self, found: Whereabouts, sent: dict[str, Event]) -> tuple[list[str]] | None:
        """The differences, none or those that last; None while there is something to wait for."""
        differences = self.look(found, sent)
        if any(store == "store_marker" for store, _ in found.rows):
            self.marked = self.marked or time.monotonic()
        is_over = self.marked and time.monotonic() > self.marked + GRACE_SECONDS
        return (differences,) if is_over or not differences else None

    def look(self, found: Whereabouts, sent: dict[str, Event]) -> list[str]:
        for record in self.project.fresh_records():
            found.take_record(record)
        found.rejected.update(self.project.rejected())
        for line in self.project.fresh_lines("sales_revenue/"):
            found.take_row(line)
        for line in self.project.fresh_lines("late_events/"):
            found.take_reason(line)
        return found.differences(sent)


def sale(**members: str | float | bool) -> tuple[tuple[str, str], ...]:
    """The members of a sale's detail."""
    whole = {"request_id": "a-1", "store_id": "store_1", "sales": 1, "is_return": False, **members}
    return tuple((name, json.dumps(value)) for name, value in whole.items())


def odd(**members: str) -> tuple[tuple[str, str], ...]:
    """The members of a sale's detail, some as JSON text."""
    return tuple({**dict(sale()), **members}.items())


@pytest.fixture(scope="module")
def course(local_aws: TestAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    project = AnalysedProject(local_aws, "properties")
    project.deploy(tmp_path_factory.mktemp("templates"))
    now = int(time.time()) - HOURS_BACK * 3600
    yield Course(project, now - now % WINDOW_SECONDS)
    project.run("destroy", "--yes")


@examples(6)
@given(sequences())
@example(
    [
        # What once went wrong: the job stopped for good, or counted what it should not, or not.
        Event(0, odd(store_id=json.dumps("store_" + "x" * 1_030_000)), shard=0),
        Event(0, odd(sales="[5" + ',""' * 340_000 + "]"), shard=1),
        Event(1, odd(request_id='["a-1"]')),
        Event(1, odd(request_id='"a-2"', sales="0.1e10")),
        Event(1, odd(request_id='"a-3"', sales="1e-30")),
        Event(1, odd(request_id='"a-4"', sales="1.0000000000000000000e-999999999"), shard=0),
        Event(1, odd(request_id='"a-5"', sales="9999999999.995"), shard=0),
        Event(1, sale(request_id="a-6"), shard=0, kind="inventory-events"),
        Event(1, odd(request_id='"a-7"', store_id='"store_\\ud800"'), shard=0),
        # Of copies that differ, the one that happened first counts, in both orders of the shards.
        Event(7, sale(sales=5, store_id="store_2"), shard=1),
        Event(6, sale(sales=7), shard=0),
        Event(9, sale(sales=5, store_id="store_2"), shard=0),
        Event(8, sale(sales=7), shard=1),
        Event(10, sale(sales=10.005), padding=1_000_000),
    ]
)
def test_every_event_is_in_its_place_and_every_window_right(
    course: Course, sequence: list[Event]
) -> None:
    course.play(sequence)


NO_TIME = ['"yesterday"', "null", "5", '["x"]', '""', '"2999-01-01T00:00:00Z"']


def test_what_has_no_time_or_one_to_come_happens_when_it_arrives(course: Course) -> None:
    sequence = [
        Event(0, sale(request_id=f"{number}", store_id=f"store_{number}"), number % 2, time=written)
        for number, written in enumerate([*NO_TIME, *NO_TIME])
    ]
    sent = course.project.send(sequence, course.start)
    over = time.time() + WINDOW_SECONDS + LATENESS_SECONDS + 1
    until(lambda: time.time() > over, "the windows' real end")
    course.close(sent, int(time.time()))
    assert sum(len(found) for found in course.finished[-1].rows.values()) == len(sequence)


def test_verify_agrees_and_counts_the_same(course: Course) -> None:
    due = whereabouts.counts(course.finished)
    rejected = sum(sum(one.rejected.values()) for one in course.finished)
    print(f"{len(course.finished)} examples; on the stream {due}, rejected {rejected}")
    audit = json.loads(course.project.run("verify", "--output=json"))
    assert audit["differences"] == []
    assert {place: audit["counts"][place] for place in due} == due
    assert audit["counts"]["records"] == sum(due.values()) + audit["counts"]["heartbeats"]
    assert min(*due.values(), rejected) > 0
