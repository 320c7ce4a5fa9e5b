"""Stores, prices and a pace as in life, for a run that asks for them.

Few stores sell much and many sell little (Zipf's law). A price lies around what is usual in its
category (log-normal). The pace follows the hours of the day, UTC, and comes in bursts; it depends
on the clock alone, so that a run goes on where another has ended.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from random import Random

# What is usual: the median.
PRICES = {
    "Books": 18,
    "Games": 45,
    "Mobiles": 480,
    "Groceries": 12,
    "Shoes": 75,
    "Stationaries": 7,
    "Laptops": 900,
    "Tablets": 350,
    "Notebooks": 6,
    "Camera": 520,
    "Printers": 160,
    "Monitors": 230,
    "Speakers": 90,
    "Projectors": 400,
    "Cables": 11,
    "Furniture": 280,
}
PRICE_SPREAD = 0.4
STORE_STEEPNESS = 0.9
# By the hour, from midnight: a quiet night, a rise to noon, and most after work.
_HOURS = (4, 3, 2, 1, 1, 2, 5, 9, 13, 16, 18, 20, 22, 20, 17, 16, 17, 20, 24, 23, 18, 13, 9, 6)
_HOUR_SECONDS, _DAY_SECONDS = 3600, 24 * 3600
# A burst of a minute in each of these spans, or of two in the longer one.
_BURST_SECONDS = (7 * 60, 17 * 60)
_BURST_HEIGHT = 1.5
_BURST_SHARPNESS = 12


def price(category: str, chance: Random) -> float:
    """In whole cents, and one at the least."""
    return (
        max(1, round(chance.lognormvariate(math.log(PRICES[category]), PRICE_SPREAD) * 100)) / 100
    )


@lru_cache(maxsize=1)
def average_price() -> tuple[float, float]:
    """The mean of all prices, each category alike, and their standard deviation."""
    growth = math.exp(PRICE_SPREAD**2 / 2)
    means = [usual * growth for usual in PRICES.values()]
    # The mean square of a log-normal number is its mean's square, times the growth squared.
    mean_square = sum((mean * growth) ** 2 for mean in means) / len(means)
    mean = sum(means) / len(means)
    return mean, math.sqrt(mean_square - mean**2)


def store(stores: int, chance: Random) -> int:
    """The number of a store, from 1; the first sells the most."""
    return min(bisect_left(_summed_shares(stores), chance.random()) + 1, stores)


@lru_cache(maxsize=1)
def store_shares(stores: int) -> Sequence[float]:
    """The share of each store in all sales."""
    weights = [1 / number**STORE_STEEPNESS for number in range(1, stores + 1)]
    whole = sum(weights)
    return [weight / whole for weight in weights]


@lru_cache(maxsize=1)
def _summed_shares(stores: int) -> Sequence[float]:
    return list(itertools.accumulate(store_shares(stores)))


def relative_pace(moment: float) -> float:
    """The pace at a moment, in seconds since 1970, as a multiple of the day's average."""
    hour, within = divmod(moment % _DAY_SECONDS, _HOUR_SECONDS)
    now, later = _HOURS[int(hour)], _HOURS[(int(hour) + 1) % 24]
    of_day = (now + (later - now) * within / _HOUR_SECONDS) / (sum(_HOURS) / 24)
    waves = (max(0.0, math.sin(2 * math.pi * moment / span)) for span in _BURST_SECONDS)
    return of_day * (1 + _BURST_HEIGHT * sum(wave**_BURST_SHARPNESS for wave in waves))


def progress(start: float, seconds: float) -> Sequence[float]:
    """How much is done after each second of a run, in seconds of the average pace, from 0."""
    whole = math.ceil(seconds)
    paces = (relative_pace(start + second) * min(1.0, seconds - second) for second in range(whole))
    return list(itertools.accumulate(paces, initial=0.0))


def due(done: Sequence[float], share: float) -> float:
    """The seconds after which a share of all that `progress` tells is done."""
    goal = share * done[-1]
    after = max(1, bisect_left(done, goal))
    return after - 1 + (goal - done[after - 1]) / (done[after] - done[after - 1])
