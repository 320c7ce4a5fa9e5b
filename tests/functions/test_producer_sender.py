"""The producer's sender: calls, retries, and what comes of events that cannot be sent."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ReadTimeoutError

from function_loader import NO_AWS, load
from stubbed_bus import BURST, Bus, Entry, details, everything, produce, response, run, sent_entries


def test_a_call_has_at_most_ten_entries_and_far_less_than_a_megabyte() -> None:
    bus, _ = produce(everything, {**BURST, "count": 205, "bad_ratio": 0.5})
    assert Counter(map(len, bus.calls)) == {10: 20, 5: 1}
    assert max(len(json.dumps(call)) for call in bus.calls) < 10_000


def test_events_are_spread_over_the_duration() -> None:
    _, message = produce(everything, {"count": 30, "duration_seconds": 0.6})
    assert message["events_per_second"] < 30 / 0.57  # the last event is due after 0.58 seconds


@pytest.mark.parametrize(
    ("interval", "count", "sizes"),
    [
        (0.0, 25, [10, 10, 5]),
        (5e-324, 25, [10, 10, 5]),
        (0.01, 25, [10, 10, 5]),
        (0.25, 9, [4, 4, 1]),
        (3.0, 2, [1, 1]),
    ],
)
def test_events_wait_at_most_a_second_for_their_call(
    interval: float, count: int, sizes: list[int]
) -> None:
    function = load("producer", {**NO_AWS, "EVENT_BUS_NAME": "sales"})
    batches = list(function.batches(range(count), interval))
    assert [len(batch.events) for batch in batches] == sizes
    assert [batch.due for batch in batches] == [batch.events[-1] * interval for batch in batches]


def test_a_failed_entry_is_sent_again_alone_and_unchanged() -> None:
    def third_is_throttled_once(call: int, place: int) -> str:
        return "ThrottlingException" if (call, place) == (1, 2) else ""

    bus, message = produce(third_is_throttled_once, {**BURST, "count": 10})
    first, again = bus.calls
    assert (len(first), again) == (10, [first[2]])
    assert (message["status"], message["record_count"]) == (True, 10)


def test_however_often_entries_fail_each_is_counted_once_and_keeps_its_id_and_time() -> None:
    def only_even_places_succeed(_call: int, place: int) -> str:
        return "InternalFailure" if place % 2 else ""

    bus, message = produce(only_even_places_succeed, {**BURST, "inventory_ratio": 0})
    sent = {
        (detail["request_id"], entry["Time"]) for detail, entry in zip(details(bus), bus.entries)
    }
    assert len(bus.entries) > len(sent) == 200
    assert message["record_count"] == 200
    unique = {detail["request_id"]: Decimal(str(detail["sales"])) for detail in details(bus)}
    assert message["tot_sales"] == float(sum(unique.values()))


def test_an_entry_that_can_never_be_accepted_is_not_sent_again() -> None:
    def first_is_refused(_call: int, place: int) -> str:
        return "" if place else "NotAuthorizedForSourceException"

    bus, message = produce(first_is_refused, {**BURST, "count": 20})
    assert len(bus.calls) == 2
    assert (message["status"], message["record_count"], message["failed_count"]) == (False, 18, 2)
    assert message["reason"].startswith("NotAuthorizedForSourceException")


def test_what_is_not_accepted_in_time_is_counted_as_failed() -> None:
    bus, message = produce(
        lambda _call, place: "ThrottlingException" if place == 0 else "",
        {**BURST, "count": 30},
        seconds=10,
    )
    assert (message["status"], message["record_count"], message["failed_count"]) == (False, 27, 3)
    assert len(bus.entries) > 30
    assert message["reason"].startswith("ThrottlingException")


def test_a_burst_ends_when_the_time_does() -> None:
    _, message = produce(everything, {"count": 200_000, "duration_seconds": 0}, seconds=8.2)
    assert message["status"] is False
    assert message["record_count"] + message["failed_count"] == 200_000
    assert message["reason"] == "the function's time was over"


def test_nothing_is_sent_when_no_time_is_left() -> None:
    bus, message = produce(everything, BURST, seconds=3)
    assert bus.calls == []
    assert (message["status"], message["failed_count"]) == (False, 200)
    assert message["reason"] == "the function's time was over"


@pytest.mark.parametrize(("excess", "accepted"), [(0, 3), (1, 2)])
def test_a_detail_that_does_not_fit_what_comes_after_the_bus_is_told_and_not_sent(
    excess: int, accepted: int
) -> None:
    function, bus = load("producer", {**NO_AWS, "EVENT_BUS_NAME": "sales"}), Bus(everything)
    function.client.meta.events.register("before-send.eventbridge.PutEvents", bus)
    one, other, last = function.generate(function.payload.parse({"count": 3, "seed": 7}, 60))
    room = 900_000 + excess - len(json.dumps({**one.detail, "name": ""}))
    large = replace(one, detail={**one.detail, "name": "x" * room})
    sender = function.Sender(
        function.client, "sales", function.batches([large, other, last], 0), math.inf
    )
    sender.send()
    assert len(bus.entries) == accepted == sender.tally.summary(3, 1)["record_count"]
    told = "DetailTooLarge: a detail has 900,001 bytes; at most 900,000 fit"
    assert sender.last_error.startswith(told) == bool(excess)


def test_nothing_is_called_when_no_event_of_a_call_fits() -> None:
    function, bus = load("producer", {**NO_AWS, "EVENT_BUS_NAME": "sales"}), Bus(everything)
    function.client.meta.events.register("before-send.eventbridge.PutEvents", bus)
    (event,) = function.generate(function.payload.parse({"count": 1, "seed": 7}, 60))
    large = replace(event, detail={**event.detail, "name": "x" * 900_000})
    sender = function.Sender(function.client, "sales", function.batches([large], 0), math.inf)
    sender.send()
    assert bus.calls == []
    assert sender.tally.summary(1, 1)["failed_count"] == 1


class FaultyNetwork:
    """Fails some times, with an answer or without one, and then reaches the bus."""

    def __init__(self, fault: AWSResponse | Exception, times: int) -> None:
        self.bus = Bus(everything)
        self.lost: list[Entry] = []
        self._faults = [fault] * times

    def __call__(self, request: AWSPreparedRequest, **_kwargs: object) -> AWSResponse:
        if not self._faults:
            return self.bus(request)
        self.lost += sent_entries(request)
        fault = self._faults.pop()
        if isinstance(fault, Exception):
            raise fault
        return fault


@pytest.mark.parametrize(
    "fault",
    [
        ReadTimeoutError(endpoint_url="https://events"),
        response({"__type": "InternalException"}, status=500),
        response({"__type": "ServiceUnavailable"}, status=503),
        response({"__type": "ThrottlingException"}, status=400),
    ],
    ids=["no answer", "500", "503", "throttled"],
)
def test_a_call_that_fails_as_a_whole_is_sent_again_unchanged(
    fault: AWSResponse | Exception,
) -> None:
    network = FaultyNetwork(fault, 1)
    _, message = run(network, {**BURST, "count": 10})
    assert network.lost == network.bus.entries
    assert (message["status"], message["record_count"]) == (True, 10)


def test_a_refusal_of_the_whole_call_ends_the_run_and_is_told() -> None:
    refusal = response({"__type": "AccessDeniedException", "message": "not you"}, status=400)
    network = FaultyNetwork(refusal, 1000)
    status_code, message = run(network, {"count": 1000, "duration_seconds": 30})
    assert len(network.lost) <= 80
    assert (status_code, message["status"], message["failed_count"]) == (200, False, 1000)
    assert message["reason"] == "AccessDeniedException: not you"
