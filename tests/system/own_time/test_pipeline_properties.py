"""Any sequence of events, sent through bus, stream, Flink and Firehose, ends as the oracles say.

Every example is two minutes in the past, after those of the example before: its records say when
they arrive (past_aws.py). A heartbeat at the end closes its windows. The examples are the same each
time. For others, and more:

    MIZTIIK_EVENTS_EXAMPLES=200 pytest tests/system/own_time/test_pipeline_properties.py
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given

import whereabouts
from analysed_project import WINDOW_SECONDS, AnalysedProject
from event_sequences import Event, examples, sequences
from flink_job import FlinkJob
from waiting import until
from whereabouts import Whereabouts

pytestmark = pytest.mark.scenario

# The windows of an example's last seconds, and one more for the sale that shows that they are over;
# then time for it to close.
STRETCH_SECONDS = 35 * WINDOW_SECONDS
MARKED_SECOND = STRETCH_SECONDS - 4 * WINDOW_SECONDS
# How long what is still to come is waited for when the last window's result is there.
GRACE_SECONDS = 5


@dataclass(repr=False)
class Course:
    """The examples so far; `marked` is when the result of the last one's last window was seen.

    It is 0 before.
    """

    project: AnalysedProject
    finished: list[Whereabouts] = field(default_factory=list)
    marked: float = 0.0

    def play(self, sequence: list[Event]) -> None:
        """Send a sequence, close its windows, and fail when anything is not where it has to be."""
        start = self.project.clock
        self.project.clock += STRETCH_SECONDS
        members = sale(request_id="marker", store_id="store_marker")
        marker = Event(MARKED_SECOND, members, past_bus=True)
        sent = self.project.send([*sequence, marker], start)
        self.project.beat(start + STRETCH_SECONDS - 1)
        self.marked = 0.0
        found = Whereabouts()
        self.finished.append(found)
        (differences,) = until(lambda: self.outcome(found, sent), "the last window's result")
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
        found.dead_letters.update(self.project.dead_letters())
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
def course(project: AnalysedProject) -> Course:
    return Course(project)


@examples(6)
@given(sequences())
@example(
    [
        # What once went wrong: the job stopped for good, or counted what it should not, or not.
        Event(0, odd(store_id=json.dumps("store_" + "x" * 1_030_000)), past_bus=True),
        Event(0, odd(sales="[5" + ',""' * 340_000 + "]"), past_bus=True),
        Event(1, odd(request_id='["a-1"]')),
        Event(1, odd(request_id='"a-2"', sales="0.1e10")),
        Event(1, odd(request_id='"a-3"', sales="1e-30")),
        Event(1, odd(request_id='"a-4"', sales="1.0000000000000000000e-999999999"), past_bus=True),
        Event(1, odd(request_id='"a-5"', sales="9999999999.995"), past_bus=True),
        Event(1, sale(request_id="a-6"), past_bus=True, kind="inventory-events"),
        Event(1, odd(request_id='"a-7"', store_id='"store_\\ud800"'), past_bus=True),
        # The bus cannot write it into the stream, and past the bus it is malformed.
        Event(1, sale(request_id="-" * 257)),
        Event(1, sale(request_id="-" * 257), past_bus=True),
        # Of copies that differ, the first in the stream counts, whichever happened first.
        Event(7, sale(sales=5, store_id="store_2"), past_bus=True, arrives=7),
        Event(6, sale(sales=7), arrives=7),
        Event(8, sale(sales=7), arrives=9),
        Event(9, sale(sales=5, store_id="store_2"), past_bus=True, arrives=9),
        Event(10, sale(sales=10.005), padding=1_000_000),
        # The window of 8 to 12 s waits until 14 s, and is closed at 17 s: at 13 s a sale is in
        # time, from 14 s on it is late, before its window is closed and after.
        Event(11, sale(request_id="b-1"), arrives=13),
        Event(11, sale(request_id="b-2"), arrives=14),
        Event(11, sale(request_id="b-3"), arrives=16),
        Event(11, sale(request_id="b-4"), arrives=17),
        Event(11, sale(request_id="b-1"), arrives=60),
    ]
)
def test_every_event_is_in_its_place_and_every_window_right(
    course: Course, sequence: list[Event]
) -> None:
    course.play(sequence)


NO_TIME = ['"yesterday"', "null", "5", '["x"]', '""', '"2999-01-01T00:00:00Z"']


def test_what_has_no_time_or_one_to_come_happens_when_it_arrives(course: Course) -> None:
    course.play(
        [
            Event(number, sale(request_id=f"{number}", store_id=f"store_{number}"), True, time=time)
            for number, time in enumerate([*NO_TIME, *NO_TIME])
        ]
    )
    sales = 2 * len(NO_TIME) + len(["the marker"])
    assert sum(len(found) for found in course.finished[-1].rows.values()) == sales


def test_what_arrived_in_time_and_finds_its_window_closed_is_recorded_as_overtaken(
    course: Course,
) -> None:
    """Here arrivals go back by seconds; else it takes two shards in one subtask."""
    start, found = course.project.clock - STRETCH_SECONDS, course.finished[-1]
    overtaken = Event(MARKED_SECOND, sale(request_id="overtaken"), past_bus=True)
    course.project.send([overtaken], start)
    until(lambda: course.look(found, {}) and found.sales[-1].name in found.reasons, "its record")
    assert found.sales[-1].sale.request_id == "overtaken"
    assert found.reasons[found.sales[-1].name] == {"overtaken"}
    flink = FlinkJob(course.project.aws.running.folder.flink)
    assert flink.late_records_dropped() == 0
    assert flink.state_backend() == "EmbeddedRocksDBStateBackend"


def test_verify_agrees_and_counts_the_same(course: Course) -> None:
    due = whereabouts.counts(course.finished)
    rejected = sum(sum(one.rejected.values()) for one in course.finished)
    print(f"{len(course.finished)} examples; on the stream {due}, rejected {rejected}")
    audit = json.loads(course.project.run("verify", "--output=json"))
    assert audit["differences"] == []
    assert {place: audit["counts"][place] for place in due} == due
    assert audit["counts"]["records"] == sum(due.values()) + audit["counts"]["heartbeats"]
    assert min(*due.values(), rejected) > 0
