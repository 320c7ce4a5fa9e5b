"""The audit's arithmetic and the producer's batches, held against the oracle for any events."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from hashlib import md5
from types import ModuleType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import event_sequences
import oracle
import whereabouts
from analysed_project import LATENESS_SECONDS, WINDOW_SECONDS, StreamRecord, envelope
from event_sequences import Event, examples, sequences
from function_loader import NO_AWS, load
from miztiik_events.audit import comparison, ledger, sales
from miztiik_events.audit.ledger import RecordId
from miztiik_events.audit.places import Difference, Places
from miztiik_events.audit.timeline import Timeline
from miztiik_events.pipeline import results
from miztiik_events.pipeline.data_store import Line
from miztiik_events.pipeline.envelope import as_flink_reads as parse
from miztiik_events.pipeline.records import Record, Shard
from miztiik_events.pipeline.results import Row, RowKey
from miztiik_events.pipeline.windowing import Windowing
from whereabouts import Whereabouts

START = 1_795_532_400
WINDOWING = Windowing(WINDOW_SECONDS * 1000, LATENESS_SECONDS * 1000)
SHARDS = ("shard-0", "shard-1")
AMOUNTS = st.one_of(
    event_sequences.CENTS,
    event_sequences.ODD_AMOUNTS,
    event_sequences.ONLY_ON_THE_BUS["sales"],
    st.decimals(-5, 3 * 10**9, allow_nan=False).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(json.dumps),
)
VALUES = {
    name: st.one_of(odd, event_sequences.ONLY_ON_THE_BUS[name])
    for name, odd in {**event_sequences.ODD, "sales": AMOUNTS}.items()
}
TIMES = st.one_of(
    st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)).map(lambda one: f"{one:%FT%TZ}"),
    st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)).map(lambda one: f"{one:%FT%T.%fZ}"),
    st.sampled_from(["yesterday", "", "2026-13-01T00:00:00Z", "2026-11-25T00:00:00+00:00"]),
    st.sampled_from(["2026-11-25T00:00:00", "2026-11-25T00:00Z", None]),
    st.integers(),
)


def read(data: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(data, parse_int=Decimal, parse_float=Decimal)
    return found


@examples(300)
@given(st.fixed_dictionaries({}, optional=VALUES), st.sampled_from(["sales-events", "other"]))
@example(
    {"request_id": '"a-1"', "store_id": '"store_1"', "sales": "10.005", "is_return": "false"},
    "sales-events",
)
def test_the_audit_and_the_oracle_see_the_same_sale(members: dict[str, str], kind: str) -> None:
    usual = {"request_id": '"a"', "store_id": '"store_1"', "sales": "1.25", "is_return": "true"}
    for name in (None, *members):
        event = Event(0, tuple(({**usual, name: members[name]} if name else members).items()))
        data = envelope(replace(event, kind=kind), START, "id")
        parsed = parse(data.encode())
        assert parsed is not None
        ours, theirs = sales.sale(parsed), oracle.sale(read(data))
        assert (ours is None) == (theirs is None), data
        if ours and theirs:
            assert (ours.request_id, ours.store_id) == (theirs.request_id, theirs.store_id)
            assert (ours.amount * 100, ours.is_return) == (theirs.cents, theirs.is_return)


@examples(300)
@given(TIMES, st.integers(0, 7_000_000_000_000))
def test_the_audit_and_the_oracle_agree_when_it_happened(written: object, arrival: int) -> None:
    moment = datetime.fromtimestamp(arrival / 1000, timezone.utc)
    found = sales.event_time({"time": written}, moment)
    assert found == oracle.milliseconds({"time": written}, arrival)


@dataclass(repr=False)
class Story:
    """A sequence in the stream, and a data store as the oracle and the job's bounds want it."""

    records: list[StreamRecord]
    found: Whereabouts
    lines: list[dict[str, Any]]

    def __repr__(self) -> str:
        told = [f"{one.shard} {one.envelope}" for one in self.records]
        return "\n".join(["", *told, f"recorded {self.recorded}", *map(str, self.lines)])

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(repr(self))

    @property
    def recorded(self) -> dict[RecordId, str]:
        return {RecordId(*name): next(iter(said)) for name, said in self.found.reasons.items()}

    @property
    def rows(self) -> dict[RowKey, list[Row]]:
        rows = defaultdict(list)
        for fields in self.lines:
            row = results.parse(Line("key", "", fields))
            assert row
            rows[row.key].append(row)
        return rows

    @property
    def books(self) -> Places:
        read_again = [
            Record(
                one.shard,
                one.number,
                datetime.fromtimestamp(one.arrival / 1000, timezone.utc),
                one.envelope,
            )
            for one in self.records
        ]
        held = ledger.Ledger.written([Shard(name, True) for name in SHARDS], read_again)
        timeline = Timeline(WINDOWING, comparison.spans(self.rows))
        return Places(held, timeline, self.recorded, 0)

    @property
    def differences(self) -> list[Difference]:
        return comparison.differences(self.books, self.rows)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    records = in_the_stream(draw(sequences(most=60)))
    found = Whereabouts()
    for record in records:
        found.take_record(record)
    for name in found.malformed:
        found.reasons[name].add("malformed")
    for one in found.sales:
        if one.is_late:
            found.reasons[one.name].add("late")
        elif draw(st.integers(0, 9)) == 9:
            found.reasons[one.name].add("overtaken")
    return Story(records, found, [line(*item) for item in found.expected.items()])


def in_the_stream(sequence: Sequence[Event]) -> list[StreamRecord]:
    """Each in the shard of its key; heartbeats at the end."""
    beat = Event(200, (), kind="heartbeat")
    written = [(shard_of(event.key), known(event)) for event in sequence]
    written += [(shard, beat) for shard in SHARDS]
    return [
        StreamRecord(
            shard,
            str(100 + number),
            (START + event.arrival) * 1000,
            read(envelope(event, START, str(number))),
        )
        for number, (shard, event) in enumerate(written)
    ]


def shard_of(key: str) -> str:
    return SHARDS[int(md5(key.encode()).hexdigest(), 16) * len(SHARDS) >> 128]


def known(event: Event) -> Event:
    """From the producer: the bus lets no other source's events into the stream."""
    return replace(event, source=event_sequences.SOURCE)


def line(key: tuple[str, str], revenue: oracle.Revenue) -> dict[str, Any]:
    store, end = key
    start = datetime.strptime(end[:19], "%Y-%m-%d %H:%M:%S") - timedelta(seconds=WINDOW_SECONDS)
    return {
        "store_id": store,
        "timestamp": end,
        "window_start": f"{start:%F %T}.000",
        "revenue": Decimal(revenue.cents) / 100,
        "orders": revenue.orders,
        "returns": revenue.returns,
        "returned_revenue": Decimal(revenue.returned_cents) / 100,
    }


@examples(100)
@given(stories())
def test_what_is_as_the_oracle_says_is_no_difference_and_every_record_has_a_place(
    story: Story,
) -> None:
    assert story.differences == []
    due = whereabouts.counts([story.found])
    books = story.books
    assert {place: books.counts[place] for place in due} == due
    assert (
        sum(books.counts.values())
        == len(story.records)
        == books.counts["heartbeats"] + sum(due.values())
    )


@examples(100)
@given(stories(), st.data())
def test_whatever_is_changed_in_the_data_store_is_a_difference(story: Story, data: Any) -> None:
    if story.lines:
        number = data.draw(st.integers(0, len(story.lines) - 1))
        change = data.draw(st.sampled_from(["lost", "twice", *story.lines[number]]))
        sign = data.draw(st.sampled_from([1, -1]))
        story.lines[number : number + 1] = changed(story.lines[number], change, sign)
    elif story.found.malformed:
        del story.found.reasons[story.found.malformed[0]]
    else:
        story.lines.append(line(("store_1", "2026-11-24 15:00:04.000"), oracle.Revenue(1, 1, 0, 0)))
    assert story.differences


def changed(fields: dict[str, Any], what: str, sign: int) -> list[dict[str, Any]]:
    """No line, or two that contradict each other, or one with a field that is a little off."""
    if what in ("lost", "twice"):
        return [] if what == "lost" else [fields, {**fields, "orders": fields["orders"] + 1}]
    value = fields[what]
    if what in ("timestamp", "window_start"):
        return [{**fields, what: f"{value[:-1]}1"}]
    off = {"store_id": "x", "orders": sign, "returns": sign}.get(what, sign * Decimal("0.01"))
    return [{**fields, what: value + off}]


@pytest.fixture(scope="module")
def producer() -> ModuleType:
    return load("producer", {**NO_AWS, "EVENT_BUS_NAME": "bus"})


@examples(100)
@given(count=st.integers(0, 60), interval=st.one_of(st.just(0.0), st.floats(0.0001, 5)))
def test_batches_keep_every_event_in_its_order_and_wait_for_the_last_of_them(
    producer: ModuleType, count: int, interval: float
) -> None:
    batches = list(producer.batches(iter(range(count)), interval))
    assert [event for batch in batches for event in batch.events] == list(range(count))
    assert all(1 <= len(batch.events) <= 10 for batch in batches)
    assert [batch.due for batch in batches] == [batch.events[-1] * interval for batch in batches]


@examples(50)
@given(
    seed=st.integers(0, 2**63 - 1),
    stores=st.integers(1, 1000),
    bad_ratio=st.sampled_from([0, 0.5, 1]),
    count=st.integers(1, 30),
)
def test_ten_events_of_the_producer_are_far_below_a_megabyte(
    producer: ModuleType, **asked: int
) -> None:
    run = producer.payload.parse({**asked, "duration_seconds": 0}, 60)
    for batch in producer.batches(producer.generate(run), run.interval):
        sizes = [entry_size(event) for event in batch.events]
        assert sum(sizes) < 10_000


def entry_size(event: Any) -> int:
    """As EventBridge counts it: 14 bytes for the time, and each text in UTF-8."""
    texts = (event.source, event.detail_type, json.dumps(event.detail))
    return 14 + sum(len(text.encode()) for text in texts)
