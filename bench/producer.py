"""How many events a second the producer puts on the bus: `make bench-producer`.

Beside what the bus takes here at all, when the same entries are there already and nothing is
generated or counted; and beside one event a call, one call after the other, as the seed of this
project had it. Once straight to the bus of the AWS on this machine, and once with a network of
15 ms in between. The bus has no rules, so that it has the least to do.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from statistics import median
from typing import Any

import boto3
import round_trip

from miztiik_events.local import launch
from miztiik_events.text import as_table

FUNCTION = Path(__file__).resolve().parents[1] / "functions" / "producer"
ROUND_TRIP_SECONDS = 0.015
STRAIGHT, FAR = "straight", "15 ms away"
BUS = "bench-producer"
BURST = {"count": 20_000, "duration_seconds": 0, "seed": 1}
CALLS_ALONE = 500
Rates = dict[tuple[str, str], list[float]]


class Unhurried:
    """Lambda's context, of a function that has all its time left."""

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeat", type=int, default=3, help="rounds (default: %(default)s)")
    parser.add_argument("--measure", choices=MEASURES, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        sys.path.insert(0, str(FUNCTION))
        print(MEASURES[asked.measure]())
        return
    with launch.local_aws() as aws, aws.in_effect():
        boto3.client("events").create_event_bus(Name=BUS)
        with round_trip.in_front_of(aws.address.port, ROUND_TRIP_SECONDS) as far:
            print(_table(_rates({STRAIGHT: aws.endpoint, FAR: far}, asked.repeat)))


def _rates(networks: dict[str, str], rounds: int) -> Rates:
    """Events a second in each round, by what was measured and over which network."""
    rates: Rates = {}
    for number, name, network in itertools.product(range(rounds), MEASURES, networks):
        print(f"Round {number + 1} of {rounds}: {name}, {network}", file=sys.stderr)
        rates.setdefault((name, network), []).append(_measured(name, networks[network]))
    return rates


def _measured(name: str, url: str) -> float:
    """In a process of its own, as a function has one."""
    variables = {**os.environ, "AWS_ENDPOINT_URL": url, "EVENT_BUS_NAME": BUS}
    command = [sys.executable, __file__, "--measure", name]
    done = subprocess.run(command, env=variables, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


def _table(rates: Rates) -> str:
    middle = {key: median(values) for key, values in rates.items()}
    rows = [
        {"events a second": name, **{way: f"{middle[name, way]:,.0f}" for way in (STRAIGHT, FAR)}}
        for name in MEASURES
    ]
    ratios = [
        f"{way}: the producer has {middle['producer', way] / middle['bus', way]:.0%} of the bus,"
        f" and {middle['producer', way] / middle['one a call', way]:.0f} times one event a call"
        for way in (STRAIGHT, FAR)
    ]
    return "\n".join([as_table(rows, {name: name for name in rows[0]}), "", *ratios])


def _producer() -> float:
    from handler import handler  # type: ignore[import-not-found]

    started = time.monotonic()
    message = json.loads(handler(BURST, Unhurried())["body"])["message"]
    seconds = time.monotonic() - started
    assert message["record_count"] == BURST["count"], message
    return message["record_count"] / seconds


def _bus() -> float:
    """As many calls in flight as the producer has, and more give no more."""
    import handler
    from sender import CALLS_IN_FLIGHT, ENTRIES_PER_CALL  # type: ignore[import-not-found]

    entries = _entries(BURST["count"])
    calls = [entries[at : at + ENTRIES_PER_CALL] for at in range(0, len(entries), ENTRIES_PER_CALL)]
    with ThreadPoolExecutor(CALLS_IN_FLIGHT) as pool:
        started = time.monotonic()
        _check(pool.map(lambda call: handler.client.put_events(Entries=call), calls))
        return len(entries) / (time.monotonic() - started)


def _one_a_call() -> float:
    client = boto3.client("events")
    entries = _entries(CALLS_ALONE)
    started = time.monotonic()
    _check(client.put_events(Entries=[entry]) for entry in entries)
    return len(entries) / (time.monotonic() - started)


def _entries(count: int) -> list[Any]:
    """The entries of the producer's own events."""
    import generator  # type: ignore[import-not-found]
    import payload  # type: ignore[import-not-found]
    import sender

    run = payload.parse({**BURST, "count": count}, 900)
    now = datetime.now(timezone.utc)
    return [sender._entry(event, BUS, now) for event in generator.generate(run)]


def _check(answers: Any) -> None:
    for answer in answers:
        assert answer["FailedEntryCount"] == 0, answer


MEASURES: dict[str, Callable[[], float]] = {
    "bus": _bus,
    "producer": _producer,
    "one a call": _one_a_call,
}

if __name__ == "__main__":
    main()
