"""The windows' revenue, orders and returns as CloudWatch metrics, in the embedded metric format.

A row counts at its window's end, under its delivery stream's name: a recomputation has another. The
statistic to ask for is Sum, over one window's length or more. It is a picture and not the books,
because every hop delivers at least once, CloudWatch's own as well. What comes again to this process
is left out (Firehose repeats a call, the application begins again at a checkpoint); what comes
again to another process counts twice. The results know a copy, and have the truth.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

NONE, TOTAL, STORES = "none", "total", "stores"
NAMESPACE = "miztiik-events"
STREAM, STORE = "DeliveryStreamName", "StoreId"
UNITS = {"Revenue": "None", "Orders": "Count", "Returns": "Count"}
# CloudWatch takes what is at most two weeks old; an hour is for the way.
LONGEST_AGE = timedelta(days=14) - timedelta(hours=1)
FARTHEST_AHEAD = timedelta(hours=2)
# A dimension's value: ASCII without control characters, not blank, with no colon before it.
DIMENSION = re.compile(r"(?!:)(?=.*[!-~])[ -~]{1,1024}")
# Twenty windows of a thousand stores: copies come soon.
REMEMBERED = 20_000
HIGHEST = 10**20
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Key(NamedTuple):
    """A row of a store and a window, in one delivery stream."""

    stream: str
    start: str
    end: str
    store: str


@dataclass(frozen=True)
class Row:
    key: Key
    end: datetime
    revenue: Decimal
    orders: int
    returns: int


class SalesMetrics:
    """What of the rows is told to CloudWatch: `none`, `total`, or the total and the `stores`."""

    def __init__(self, kind: str) -> None:
        if kind not in (NONE, TOTAL, STORES):
            raise ValueError(f"no kind of sales metrics: {kind!r}")
        self._kind = kind
        self._counted: dict[Key, None] = {}

    def lines(self, stream: str, results: Iterable[bytes], now: datetime) -> Iterator[str]:
        """A line for each window among the results, and with `stores` one for each row."""
        if self._kind == NONE:
            return
        rows = [row for line in results if (row := parse(stream, line)) and self._is_new(row)]
        rows = [row for row in rows if -FARTHEST_AHEAD < now - row.end < LONGEST_AGE]
        for end, of_window in groupby(sorted(rows, key=_end), key=_end):
            window = list(of_window)
            yield _line(end, window, {STREAM: stream})
            for row in window if self._kind == STORES else ():
                if DIMENSION.fullmatch(row.key.store):
                    yield _line(end, [row], {STREAM: stream, STORE: row.key.store})

    def _is_new(self, row: Row) -> bool:
        if row.key in self._counted:
            return False
        self._counted[row.key] = None
        if len(self._counted) > REMEMBERED:
            del self._counted[next(iter(self._counted))]
        return True


def parse(stream: str, line: bytes) -> Row | None:
    """The row that the line is; None when it is something else, as a late event is."""
    try:
        fields = json.loads(line, parse_float=Decimal)
        key = Key(stream, fields["window_start"], fields["timestamp"], fields["store_id"])
        end = datetime.fromisoformat(key.end).replace(tzinfo=timezone.utc)
        revenue, orders, returns = (
            _number(fields[name]) for name in ("revenue", "orders", "returns")
        )
    except (KeyError, TypeError, ValueError, ArithmeticError, RecursionError):
        return None
    if not all(isinstance(text, str) for text in key):
        return None
    return Row(key, end, revenue, int(orders), int(returns))


def _number(value: Any) -> Decimal:
    # To Python, true is the number 1.
    is_number = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    if not is_number or abs(value) > HIGHEST:
        raise ValueError(f"no number: {value!r}")
    return Decimal(value)


def _end(row: Row) -> datetime:
    return row.end


def _line(end: datetime, rows: list[Row], dimensions: Mapping[str, str]) -> str:
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": name, "Unit": unit} for name, unit in UNITS.items()],
    }
    timestamp = (end - _EPOCH) // timedelta(milliseconds=1)
    return json.dumps(
        {
            "_aws": {"Timestamp": timestamp, "CloudWatchMetrics": [directive]},
            **dimensions,
            "Revenue": float(sum(row.revenue for row in rows)),
            "Orders": sum(row.orders for row in rows),
            "Returns": sum(row.returns for row in rows),
        }
    )
