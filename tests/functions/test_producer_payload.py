"""The producer's payload: what it means, and what is refused."""

from __future__ import annotations

import math
from collections import Counter
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function_loader import NO_AWS, load
from miztiik_events.commands import backfill, produce

LIMIT_SECONDS = 890


@pytest.fixture(scope="module")
def payload() -> ModuleType:
    module: ModuleType = load("producer", {**NO_AWS, "EVENT_BUS_NAME": "sales"}).payload
    return module


def test_an_empty_payload_is_the_seeds_run(payload: ModuleType) -> None:
    run = payload.parse({}, LIMIT_SECONDS)
    assert (run.stores, run.count, run.seed, run.bad_ratio) == (5, 1170, None, 0)
    assert run.count * run.interval == pytest.approx(60)


def test_the_command_tells_of_the_same_usual_run(payload: ModuleType) -> None:
    run = payload.parse({}, LIMIT_SECONDS)
    assert (run.stores, run.return_ratio) == (backfill.STORES, backfill.RETURN_RATIO)
    assert run.interval == 1 / backfill.USUAL_RATE
    assert run.count == backfill.USUAL_RATE * produce.USUAL_SECONDS
    assert backfill.USUAL_RATE * (1 - run.inventory_ratio) == backfill.SALES_RATE
    helps = {option.name: getattr(option, "help", "") for option in produce.command.params}
    assert f"[default: {run.stores}]" in helps["stores"]
    assert f"[default: {backfill.USUAL_RATE:g}]" in helps["rate"]
    assert f"[default: {produce.USUAL_SECONDS:g}]" in helps["duration_seconds"]
    for name in ("inventory_ratio", "return_ratio", "bad_ratio", "late_ratio", "duplicate_ratio"):
        assert f"[default: {getattr(run, name):g}]" in helps[name]


def test_null_is_the_same_as_leaving_out(payload: ModuleType) -> None:
    nothing = dict.fromkeys(payload.KEYS)
    assert payload.parse(nothing, LIMIT_SECONDS) == payload.parse({}, LIMIT_SECONDS)


@pytest.mark.parametrize(
    ("asked", "count", "seconds"),
    [
        ({"rate": 10}, 600, 60),
        ({"duration_seconds": 2}, 39, 2),
        ({"rate": 0.07, "duration_seconds": 100}, 7, 100),
        ({"rate": 0.001, "duration_seconds": 1}, 1, 1000),
        ({"count": 30}, 30, 60),
        ({"count": 30, "duration_seconds": 3}, 30, 3),
        ({"count": 5000, "duration_seconds": 0}, 5000, 0),
        ({"count": 30, "rate": 10}, 30, 3),
        ({"count": 30, "rate": 10, "duration_seconds": 60}, 30, 3),
        ({"count": 30, "rate": 10, "duration_seconds": 2}, 20, 2),
    ],
)
def test_rate_count_and_duration_make_the_pace(
    payload: ModuleType, asked: dict[str, Any], count: int, seconds: float
) -> None:
    run = payload.parse(asked, 1000)
    assert run.count == count
    assert run.count * run.interval == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"stores": 0}, "stores must be a whole number from 1 to 1000, not 0"),
        ({"stores": 1001}, "stores must be a whole number from 1 to 1000, not 1001"),
        ({"stores": "5"}, 'stores must be a whole number from 1 to 1000, not "5"'),
        ({"stores": 2.5}, "stores must be a whole number from 1 to 1000, not 2.5"),
        ({"stores": True}, "stores must be a whole number from 1 to 1000, not true"),
        ({"stores": math.nan}, "stores must be a whole number from 1 to 1000, not NaN"),
        ({"rate": 0}, "rate must be a number from 0.001 to 10000, not 0"),
        ({"rate": math.inf}, "rate must be a number from 0.001 to 10000, not Infinity"),
        ({"duration_seconds": -1}, "duration_seconds must be a number from 0 to 900, not -1"),
        ({"count": 0}, "count must be a whole number from 1 to 1000000, not 0"),
        ({"return_ratio": 1.1}, "return_ratio must be a number from 0 to 1, not 1.1"),
        ({"bad_ratio": [0]}, "bad_ratio must be a number from 0 to 1, not [0]"),
        ({"inventory_ratio": math.nan}, "inventory_ratio must be a number from 0 to 1, not NaN"),
        ({"late_ratio": -0.1}, "late_ratio must be a number from 0 to 1, not -0.1"),
        ({"duplicate_ratio": "1"}, 'duplicate_ratio must be a number from 0 to 1, not "1"'),
        ({"lifelike": 1}, "lifelike must be true or false, not 1"),
        ([], "the payload must be a JSON object, not []"),
        (None, "the payload must be a JSON object, not null"),
        (
            {"duration_seconds": 0},
            "duration_seconds 0 (as fast as possible) needs a count and takes no rate",
        ),
        (
            {"duration_seconds": 0, "count": 5, "rate": 5},
            "duration_seconds 0 (as fast as possible) needs a count and takes no rate",
        ),
        (
            {"duration_seconds": 891},
            "duration_seconds must be at most 890 (the time that this function has left), not 891",
        ),
        (
            {"count": 1000, "rate": 1},
            "duration_seconds must be at most 890 (the time that this function has left), not 1000",
        ),
    ],
)
def test_a_bad_payload_is_refused_with_its_reason(
    payload: ModuleType, asked: object, reason: str
) -> None:
    with pytest.raises(payload.PayloadError) as refusal:
        payload.parse(asked, LIMIT_SECONDS)
    assert str(refusal.value) == reason


DAY = 24 * 3600
NIGHT, EVENING = 4 * 3600, 18 * 3600


@pytest.mark.parametrize("asked", [{}, {"rate": 50, "duration_seconds": 800}, {"count": 500}])
def test_a_lifelike_run_sends_all_its_events_in_its_time_and_in_order(
    payload: ModuleType, asked: dict[str, Any]
) -> None:
    run = payload.parse({**asked, "lifelike": True}, 1000, start=EVENING)
    even = payload.parse(asked, 1000)
    moments = [run.due(number) for number in range(run.count)]
    assert moments[0] == 0
    assert moments == sorted(moments)
    assert moments[-1] < run.count * run.interval == pytest.approx(even.count * even.interval)


def test_a_lifelike_rate_is_the_average_of_a_day(payload: ModuleType) -> None:
    seconds = 600
    counts = [
        payload.parse(
            {"rate": 10, "duration_seconds": seconds, "lifelike": True}, 1000, start=start
        ).count
        for start in range(0, DAY, seconds)
    ]
    # The bursts come on top.
    assert 1 < sum(counts) / (10 * DAY) < 2
    assert max(counts) > 10 * min(counts)
    assert counts[EVENING // seconds] > 10 * counts[NIGHT // seconds]


def test_a_lifelike_run_has_bursts(payload: ModuleType) -> None:
    run = payload.parse(
        {"rate": 10, "duration_seconds": 850, "lifelike": True}, 1000, start=EVENING
    )
    by_minute = Counter(int(run.due(number) // 60) for number in range(run.count))
    whole = [by_minute[minute] for minute in range(14)]
    assert max(whole) > 1.8 * min(whole)


def test_a_lifelike_count_stays_as_it_was_asked_for(payload: ModuleType) -> None:
    for pace in ({"duration_seconds": 0}, {"rate": 10}, {"duration_seconds": 30}):
        run = payload.parse({"count": 300, "lifelike": True, **pace}, 1000, start=NIGHT)
        assert run.count == 300


def test_a_wrong_value_is_told_before_the_time_that_it_would_take(payload: ModuleType) -> None:
    with pytest.raises(payload.PayloadError, match=r"^stores must be"):
        payload.parse({"stores": 0}, limit_seconds=0)


def test_an_unknown_key_is_named_with_those_that_are_known(payload: ModuleType) -> None:
    with pytest.raises(
        payload.PayloadError, match=r'^"store" is not a known key; known are stores'
    ):
        payload.parse({"store": 5}, LIMIT_SECONDS)


def test_a_long_value_is_not_repeated_in_full(payload: ModuleType) -> None:
    with pytest.raises(payload.PayloadError, match=r"x…$") as refusal:
        payload.parse({"seed": "x" * 10_000}, LIMIT_SECONDS)
    assert len(str(refusal.value)) < 150


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=5,
)
KEYS = st.sampled_from(["stores", "duration_seconds", "rate", "count", "seed", "bad_ratio"])


@given(asked=st.dictionaries(KEYS, JSON_VALUES) | JSON_VALUES)
def test_any_payload_is_a_run_that_fits_or_is_refused(payload: ModuleType, asked: object) -> None:
    try:
        run = payload.parse(asked, LIMIT_SECONDS)
    except payload.PayloadError:
        return
    assert 1 <= run.stores <= 1000
    assert run.count >= 1
    assert 0 <= run.count * run.interval <= LIMIT_SECONDS + 1
