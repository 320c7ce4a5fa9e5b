"""The lake beside the stream, sale by sale."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from miztiik_events.audit import lake
from miztiik_events.audit.lake import LakeDifference, Moments, Row
from miztiik_events.audit.ledger import Ledger, RecordId, ShardPage, Stamp
from miztiik_events.audit.sales import Sale
from miztiik_events.pipeline.windowing import written

SHARD = "shardId-000000000000"
MINUTE = 60_000
NOW = 30_000_000 * MINUTE
MOMENTS = Moments(start=0, due=NOW, configured=0, lateness=5_000, length=MINUTE)


def ledger(*sales: tuple[int, int], last: int = 100) -> Ledger:
    """Of sales by the number and the arrival of their records; each happened a second before."""
    page = ShardPage(is_open=True, records=last, first=1, last=last)
    return Ledger({SHARD: page}, [(stamp(*one), sale(one[0])) for one in sales])


def name(number: int) -> RecordId:
    return RecordId(SHARD, str(number))


def stamp(number: int, arrival: int) -> Stamp:
    return Stamp(name(number), arrival - 1000, arrival)


def sale(number: int) -> Sale:
    return Sale(f"r-{number}", "store_1", Decimal("1.10"), is_return=False)


def row(number: int, arrival: int, /, **changes: Any) -> dict[RecordId, Row]:
    start = (arrival - 1000) // MINUTE * MINUTE
    fields = {
        **sale(number)._asdict(),
        "event_time": arrival - 1000,
        "arrival": arrival,
        "window_start": start,
        "window_end": start + MINUTE,
        "is_late": False,
        **changes,
    }
    return {name(number): Row(**fields)}


def test_what_is_in_both_agrees() -> None:
    arrival = NOW - MINUTE
    report = lake.compared(ledger((1, arrival)), row(1, arrival), MOMENTS)
    assert report.agrees
    assert (report.sales, report.stored, report.missing) == (1, 1, 0)


@pytest.mark.parametrize(
    ("arrival", "place"),
    [(NOW - 2, "missing"), (NOW - 1, "missing"), (NOW, "on_their_way"), (10, "before")],
)
def test_what_is_not_there_is_missing_on_its_way_or_from_before(arrival: int, place: str) -> None:
    report = lake.compared(ledger((1, arrival)), {}, replace(MOMENTS, start=20))
    assert {one: getattr(report, one) for one in ("missing", "on_their_way", "before")} == {
        **dict.fromkeys(("missing", "on_their_way", "before"), 0),
        place: 1,
    }
    assert report.agrees is (place != "missing")


@pytest.mark.parametrize(
    ("changes", "expected", "stored"),
    [
        ({"request_id": "other"}, "r-1", "other"),
        ({"store_id": "store_2"}, "store_1", "store_2"),
        ({"amount": Decimal("1.11")}, "1.10", "1.11"),
        ({"is_return": True}, "False", "True"),
        ({"event_time": 5}, written(NOW - 1000), written(5)),
        ({"arrival": 5}, written(NOW), written(5)),
        ({"window_end": 5}, written(NOW), written(5)),
        ({"is_late": True}, "False", "True"),
    ],
)
def test_a_field_that_differs_is_told(changes: dict[str, Any], expected: str, stored: str) -> None:
    report = lake.compared(ledger((1, NOW)), row(1, NOW, **changes), MOMENTS)
    [field] = changes
    assert report.differences == [LakeDifference(field, f"{SHARD}/1", expected, stored)]


def test_windows_of_settings_that_changed_since_are_not_judged() -> None:
    other = row(1, NOW, window_start=NOW - 7, window_end=NOW + 7, is_late=True)
    since = replace(MOMENTS, configured=NOW + 1)
    assert lake.compared(ledger((1, NOW)), other, since).agrees


@pytest.mark.parametrize(("number", "agrees"), [(50, False), (101, True)])
def test_a_row_of_no_sale_is_told_when_the_stream_would_have_its_record(
    number: int, agrees: bool
) -> None:
    report = lake.compared(ledger((1, NOW)), {**row(1, NOW), **row(number, NOW)}, MOMENTS)
    assert report.agrees is agrees
    assert agrees or report.differences[0].what == "no such sale"
