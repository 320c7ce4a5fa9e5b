"""Metrics in the embedded metric format.

MiniStack keeps a log event of that format and takes nothing out of it. On AWS it becomes metrics,
unless it breaks a rule, or is too old or too far ahead: then none of it does.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from ..requirements import require

MOST_METRICS = 100
MOST_VALUES = 100
MOST_DIMENSIONS = 30
LONGEST_NAME = 255
OLDEST_SECONDS, FARTHEST_SECONDS = 14 * 24 * 3600, 2 * 3600
HIGHEST = 2.0**360
_DIMENSION_VALUE = re.compile(r"(?!:)(?=.*[!-~])[ -~]{1,1024}")

Document = dict[str, Any]


@dataclass(frozen=True)
class Datum:
    """The values of one metric; `timestamp` in seconds since 1970."""

    namespace: str
    name: str
    dimensions: dict[str, str]
    timestamp: float
    unit: str
    values: Sequence[float]


def fill() -> None:
    from ministack.services import cloudwatch, cloudwatch_logs

    require(cloudwatch_logs, "_append_log_events")
    require(cloudwatch, "_store_datum", "_evaluate_all_alarms")
    append = cloudwatch_logs._append_log_events

    def append_and_measure(stream: dict[str, Any], events: list[dict[str, Any]]) -> None:
        append(stream, events)
        data = [datum for event in events for datum in measured(event["message"], time.time())]
        for datum in data:
            cloudwatch._store_datum(
                *(datum.namespace, datum.name, datum.dimensions, datum.timestamp, datum.unit),
                *(None, datum.values, None, None),
            )
        if data:
            cloudwatch._evaluate_all_alarms()

    cloudwatch_logs._append_log_events = append_and_measure


def measured(message: str, now: float) -> list[Datum]:
    """The data in a log event; none unless all of it is as the format asks for."""
    # A plain line is told from a document without being read.
    if '"_aws"' not in message:
        return []
    try:
        document = json.loads(message)
        seconds = document["_aws"]["Timestamp"] / 1000
        _check(isinstance(document["_aws"]["Timestamp"], int))
        _check(-FARTHEST_SECONDS <= now - seconds <= OLDEST_SECONDS)
        directives = _listed(document["_aws"]["CloudWatchMetrics"], math.inf)
        return [datum for one in directives for datum in _data(document, one, seconds)]
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return []


def _data(document: Document, directive: Document, seconds: float) -> Iterator[Datum]:
    namespace = _text(directive["Namespace"])
    _check(not namespace.startswith(("AWS/", ":")))
    metrics = _listed(directive["Metrics"], MOST_METRICS)
    sets = _listed(directive["Dimensions"], math.inf)
    _check(bool(sets))
    for names in sets:
        dimensions = {_text(name): document[name] for name in _listed(names, MOST_DIMENSIONS)}
        _check(all(_DIMENSION_VALUE.fullmatch(value) for value in dimensions.values()))
        for metric in metrics:
            _check(metric.get("StorageResolution", 60) in (1, 60))
            unit = metric.get("Unit", "None")
            _check(unit in _units())
            values = _values(document[_text(metric["Name"])])
            yield Datum(namespace, metric["Name"], dimensions, seconds, unit, values)


def _values(target: Any) -> list[float]:
    values = _listed(target, MOST_VALUES) if isinstance(target, list) else [target]
    # To Python, true is the number 1.
    _check(all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in values))
    _check(all(abs(one) <= HIGHEST for one in values))
    return [float(one) for one in values]


@cache
def _units() -> frozenset[str]:
    """Those of PutMetricData."""
    from botocore.session import Session

    shape = Session().get_service_model("cloudwatch").shape_for("StandardUnit")
    return frozenset(shape.metadata["enum"])


def _listed(value: Any, most: float) -> list[Any]:
    _check(isinstance(value, list) and len(value) <= most)
    return list(value)


def _text(value: Any) -> str:
    _check(isinstance(value, str) and 1 <= len(value) <= LONGEST_NAME)
    return str(value)


def _check(holds: bool) -> None:
    if not holds:
        raise ValueError("not as the format asks for")
