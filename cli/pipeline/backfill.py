"""Windows of past days, made up for a demonstration: marked, and never where live ones are.

They are rows of `sales_revenue/` like any other, under the hour in which their window begins, with
`"backfill": true`, in objects whose names begin with `backfill-`. No event was ever sent for them.
Where there is a lake, it gets the sales that they are the sums of (backfill_sales.py).
They end an hour and more before the stream was created: no live window can begin there, and
`verify`, which begins at the stream's oldest record, does not come so far back.
"""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from random import Random
from typing import TYPE_CHECKING, Any

from ..errors import MiztiikError
from . import backfill_sales, data_store, results, windowing

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from .backfill_sales import Lake

MARK = '"backfill": true'
MOST_ROWS = 1_000_000
HOUR = timedelta(hours=1)
# The longest window and the longest that it waits are half of it together.
MARGIN = timedelta(hours=1)
# How often to look at the pace, which changes within minutes.
_PACE_SECONDS = 60


@dataclass(frozen=True)
class Demonstration:
    """What is made up, between two full hours; `rate` is sales a second, the average of a day."""

    first: datetime
    last: datetime
    window_seconds: float
    stores: int
    rate: float
    return_ratio: float
    seed: int | None

    @property
    def most_rows(self) -> int:
        windows = (self.last - self.first).total_seconds() / self.window_seconds
        return math.ceil(windows) * self.stores

    @property
    def hours(self) -> int:
        return (self.last - self.first) // HOUR

    @property
    def sales(self) -> int:
        """About how many are behind the rows."""
        first, last = (int(one.timestamp()) for one in (self.first, self.last))
        pace: float = sum(map(_lifelike().relative_pace, range(first, last, _PACE_SECONDS)))
        return round(self.rate * pace * _PACE_SECONDS)


@dataclass(frozen=True)
class Written:
    """How many rows of windows, and how many sales of the lake."""

    rows: int
    sales: int


def end_before(created: datetime) -> datetime:
    """The full hour at which a backfill has to end, for a stream that was created then."""
    return (created.astimezone(timezone.utc) - MARGIN).replace(minute=0, second=0, microsecond=0)


def is_marked(row: results.Row) -> bool:
    return MARK in row.text


def write(
    s3: S3Client,
    bucket: str,
    wanted: Demonstration,
    lake: Lake | None = None,
    listener: Callable[[], None] = lambda: None,
) -> Written:
    """Write an object for each hour, in the place of an earlier backfill's, and one of the lake.

    `listener` is called after each hour. Raises MiztiikError, and writes nothing, where live
    results are in the way.
    """
    live = data_store.first_live(s3, bucket, results.PREFIX, wanted.first, wanted.last)
    if live:
        raise MiztiikError(
            f"s3://{bucket}/{live} has live results, and a backfill is never mixed with them. "
            "Next: a shorter --backfill, or another --project"
        )

    def put(hour: tuple[datetime, list[str]]) -> Written:
        start, lines = hour
        sales = _put_sales(s3, bucket, lake, start, lines, wanted.seed) if lake else 0
        key = f"{results.PREFIX}{start:%Y/%m/%d/%H}{data_store.BACKFILL}rows"
        s3.put_object(Bucket=bucket, Key=key, Body="".join(lines).encode())
        listener()
        return Written(len(lines), sales)

    with ThreadPoolExecutor(data_store.PARALLEL_CALLS) as pool:
        hours = list(pool.map(put, lines_by_hour(wanted)))
    return Written(sum(hour.rows for hour in hours), sum(hour.sales for hour in hours))


def _put_sales(
    s3: S3Client, bucket: str, lake: Lake, hour: datetime, lines: list[str], seed: int | None
) -> int:
    chance = Random(f"{seed} {hour}").random()
    body, count = backfill_sales.parquet(lake, lines, chance)
    s3.put_object(Bucket=bucket, Key=backfill_sales.key(lake, hour), Body=body)
    return count


def lines_by_hour(wanted: Demonstration) -> Iterator[tuple[datetime, list[str]]]:
    """The lines of each hour: of the windows that begin in it, and end by the last of all."""
    shop = _Shop(wanted, Random(wanted.seed))
    length = round(wanted.window_seconds * 1000)
    last = round(wanted.last.timestamp() * 1000)
    hour = wanted.first
    while hour < wanted.last:
        first, after = (round(one.timestamp() * 1000) for one in (hour, hour + HOUR))
        starts = range(-(-first // length) * length, min(after, last - length + 1), length)
        yield hour, [line for start in starts for line in shop.window(start, start + length)]
        hour += HOUR


class _Shop:
    """The stores, which sell as the producer's do with `lifelike`."""

    def __init__(self, wanted: Demonstration, chance: Random) -> None:
        self._wanted, self._chance = wanted, chance
        self._lifelike = _lifelike()

    def window(self, start: int, end: int) -> Iterator[str]:
        """A line for each store that sells something in it; times in milliseconds."""
        pace = self._wanted.rate * self._lifelike.relative_pace(start / 1000)
        sold = pace * (end - start) / 1000
        shares = self._lifelike.store_shares(self._wanted.stores)
        for number, share in enumerate(shares, start=1):
            sales = self._about(sold * share, sold * share)
            if sales:
                yield f"{json.dumps(self._row(f'store_{number}', start, end, sales))}\n"

    def _row(self, store: str, start: int, end: int, sales: int) -> dict[str, object]:
        ratio = self._wanted.return_ratio
        returns = min(sales, self._about(sales * ratio, sales * ratio * (1 - ratio)))
        kept, returned = self._cents(sales - returns), self._cents(returns)
        return {
            "store_id": store,
            "revenue": (kept + returned) / 100,
            "timestamp": windowing.written(end),
            "window_start": windowing.written(start),
            "orders": sales - returns,
            "returns": returns,
            "returned_revenue": returned / 100,
            "backfill": True,
        }

    def _cents(self, sales: int) -> int:
        """What so many sales bring in, a cent each at the least."""
        mean, deviation = self._lifelike.average_price()
        return max(sales, self._about(100 * mean * sales, (100 * deviation) ** 2 * sales))

    def _about(self, mean: float, variance: float) -> int:
        return max(0, round(self._chance.gauss(mean, math.sqrt(variance))))


def _lifelike() -> Any:
    """The function's own, which has to stand alone."""
    return importlib.import_module("...functions.producer.lifelike", __name__)
