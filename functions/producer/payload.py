"""What one run of the producer is asked to do, checked before anything is sent.

Every key of the payload is optional, and null is the same as leaving the key out:

    stores            5     store_1 to store_<n> sell; 1 to 1000
    duration_seconds  60    the events are spread evenly over it; 0: as fast as possible
    rate              19.5  events per second (the seed's 1170 a minute)
    count                   stop after so many events
    seed                    the same seed gives the same events, whatever the pace
    inventory_ratio   0.1   share of the events that are stock counts, the others are sales
    return_ratio      0.1   share of the sales that are returns
    bad_ratio         0     share of the events that are made malformed, for the rules to reject
    late_ratio        0     share of the sales that come an hour late, when their window has closed
    duplicate_ratio   0     share of the well-formed events that are sent a second time
    lifelike          false stores, prices and a pace that are not all alike (lifelike.py)

`count` without `rate` is spread over the duration. `rate` and `count` without `duration_seconds`
take as long as they need; with all three, the run ends with what is reached first.
`duration_seconds` 0 needs a `count` and takes no `rate`. With `lifelike`, `rate` is the average of
a day.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar

import lifelike

if TYPE_CHECKING:
    from typing_extensions import TypeGuard

KEYS = (
    "stores",
    "duration_seconds",
    "rate",
    "count",
    "seed",
    "inventory_ratio",
    "return_ratio",
    "bad_ratio",
    "late_ratio",
    "duplicate_ratio",
    "lifelike",
)
DEFAULT_STORES = 5
DEFAULT_SECONDS = 60.0
DEFAULT_RATE = 19.5
LONGEST_SECONDS = 900  # Lambda's own limit
SHOWN_CHARACTERS = 40

Default = TypeVar("Default")


class PayloadError(ValueError):
    """The payload asks for something that cannot be done; the message says what is allowed."""


@dataclass(frozen=True)
class Run:
    """A checked payload; `interval` is in seconds from one event to the next, on average.

    `progress` is empty when the events come evenly.
    """

    stores: int
    count: int
    interval: float
    seed: int | None
    inventory_ratio: float
    return_ratio: float
    bad_ratio: float
    late_ratio: float
    duplicate_ratio: float
    is_lifelike: bool
    progress: Sequence[float] = ()

    def due(self, number: int) -> float:
        """When the event of that number, from 0, is to be sent: seconds after the start."""
        if not self.progress:
            return number * self.interval
        return lifelike.due(self.progress, number / self.count)


def parse(payload: object, limit_seconds: float, start: float = 0) -> Run:
    """The run that a payload asks for; raises PayloadError, also when it takes too long.

    `start` is when it begins, in seconds since 1970.
    """
    values = _checked_keys(payload)
    count, interval = _pace(
        _number(values, "duration_seconds", 0, LONGEST_SECONDS, None),
        _number(values, "rate", 0.001, 10_000, None),
        _whole(values, "count", 1, 1_000_000, None),
    )
    run = Run(
        stores=_whole(values, "stores", 1, 1000, DEFAULT_STORES),
        count=count,
        interval=interval,
        seed=_whole(values, "seed", 0, 2**63 - 1, None),
        inventory_ratio=_number(values, "inventory_ratio", 0, 1, 0.1),
        return_ratio=_number(values, "return_ratio", 0, 1, 0.1),
        bad_ratio=_number(values, "bad_ratio", 0, 1, 0.0),
        late_ratio=_number(values, "late_ratio", 0, 1, 0.0),
        duplicate_ratio=_number(values, "duplicate_ratio", 0, 1, 0.0),
        is_lifelike=_truth(values, "lifelike"),
    )
    _check_time(count * interval, limit_seconds)
    return _with_pace(run, start, values.get("count") is None) if run.is_lifelike else run


def _with_pace(run: Run, start: float, may_change_count: bool) -> Run:
    """The run with a pace as in life, and as many events as that gives unless they were counted."""
    if not run.interval:
        return run
    seconds = run.count * run.interval
    progress = lifelike.progress(start, seconds)
    count = max(1, round(run.count * progress[-1] / seconds)) if may_change_count else run.count
    return replace(run, count=count, interval=seconds / count, progress=progress)


def _checked_keys(payload: object) -> Mapping[str, object]:
    if not isinstance(payload, dict):
        raise PayloadError(f"the payload must be a JSON object, not {_shown(payload)}")
    for key in payload:
        if key not in KEYS:
            raise PayloadError(f"{_shown(key)} is not a known key; known are {', '.join(KEYS)}")
    return payload


def _pace(duration: float | None, rate: float | None, count: int | None) -> tuple[int, float]:
    """How many events, and the seconds from one to the next."""
    if duration == 0:
        if count is None or rate is not None:
            raise PayloadError(
                "duration_seconds 0 (as fast as possible) needs a count and takes no rate"
            )
        return count, 0.0
    if count is not None and rate is None:
        return count, (duration or DEFAULT_SECONDS) / count
    rate = rate or DEFAULT_RATE
    if count is not None and duration is None:
        return count, 1 / rate
    # Exact, because 0.07 * 100 is a little over 7 in binary and would give an eighth event.
    fitting = math.ceil(Fraction(str(rate)) * Fraction(str(duration or DEFAULT_SECONDS)))
    return min(fitting, count or fitting), 1 / rate


def _check_time(seconds: float, limit_seconds: float) -> None:
    limit = max(0, math.floor(limit_seconds))
    if math.floor(seconds) > limit:
        raise PayloadError(
            f"duration_seconds must be at most {limit} (the time that this function has left), "
            f"not {math.floor(seconds)}"
        )


def _whole(
    values: Mapping[str, object], name: str, low: int, high: int, default: Default
) -> int | Default:
    value = values.get(name)
    if value is None:
        return default
    if _is_number(value) and low <= value <= high and value == int(value):
        return int(value)
    raise PayloadError(f"{name} must be a whole number from {low} to {high}, not {_shown(value)}")


def _number(
    values: Mapping[str, object], name: str, low: float, high: float, default: Default
) -> float | Default:
    value = values.get(name)
    if value is None:
        return default
    if _is_number(value) and low <= value <= high:
        return float(value)
    raise PayloadError(f"{name} must be a number from {low} to {high}, not {_shown(value)}")


def _truth(values: Mapping[str, object], name: str) -> bool:
    value = values.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise PayloadError(f"{name} must be true or false, not {_shown(value)}")


def _is_number(value: object) -> TypeGuard[int | float]:
    # To Python, true is the number 1.
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _shown(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
