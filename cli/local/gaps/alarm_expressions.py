"""Alarms on expressions.

MiniStack's CloudFormation refuses an alarm with `Metrics`. On AWS such an alarm watches the series
that one expression makes out of several metrics. Here are the operators and functions that the
templates use, each with what AWS says of missing values: + and -, comparisons, FILL with a number,
RATE. As in MiniStack, an alarm is looked at whenever something is measured. One on anomalies keeps
its INSUFFICIENT_DATA, as on AWS before its model has learned what is usual.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from __future__ import annotations

import ast
import operator
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Union

from ..requirements import require

Data = dict[str, Any]
# A value a period, the oldest first; None where nothing was measured.
Series = list[Union[float, None]]
Operator = Callable[[Any, Any], Any]

_OPERATORS: Mapping[type[ast.AST], Operator] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_COMPARISONS: Mapping[str, Operator] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
# What an alarm of one metric has instead.
_OF_ONE_METRIC = {
    "Namespace",
    "MetricName",
    "Dimensions",
    "Period",
    "Statistic",
    "ExtendedStatistic",
    "Unit",
}
# AWS looks at more periods than it evaluates; the first of all has no RATE.
_MORE_PERIODS = 5


def fill() -> None:
    from ministack.services import cloudwatch
    from ministack.services.cloudformation import provisioners

    require(provisioners, "_cw_metric_alarm_record")
    require(cloudwatch, "_calc_stats", "_dims_from_list", "_dims_key", "_metrics")
    require(cloudwatch, "_dispatch_alarm_actions", "_evaluate_alarm", "_evaluate_parent_alarms")
    require(cloudwatch, "_record_history")
    record, evaluate = provisioners._cw_metric_alarm_record, cloudwatch._evaluate_alarm

    def record_of_any(name: str, properties: Data) -> Data:
        if not properties.get("Metrics"):
            return dict(record(name, properties))
        rest = {key: value for key, value in properties.items() if key != "Metrics"}
        # What an alarm on anomalies has instead of a threshold, MiniStack does not know.
        alarm = record(name, {"Threshold": 0, **rest, "Namespace": "-", "MetricName": "-"})
        shared = {key: value for key, value in alarm.items() if key not in _OF_ONE_METRIC}
        if "ThresholdMetricId" in properties:
            del shared["Threshold"]
            shared["ThresholdMetricId"] = properties["ThresholdMetricId"]
        return {**shared, "Metrics": [_typed(query) for query in properties["Metrics"]]}

    def evaluate_any(alarm: Data) -> None:
        if "ThresholdMetricId" in alarm:
            return
        if "Metrics" in alarm:
            _evaluate(cloudwatch, alarm)
        else:
            evaluate(alarm)

    provisioners._cw_metric_alarm_record = record_of_any
    cloudwatch._evaluate_alarm = evaluate_any


def _typed(query: Data) -> Data:
    """As the API has it: a template may write a number or a truth as text."""
    typed = {**query, "ReturnData": str(query.get("ReturnData", True)).lower() == "true"}
    if "MetricStat" in query:
        typed["MetricStat"] = {**query["MetricStat"], "Period": int(query["MetricStat"]["Period"])}
    return typed


def _evaluate(cloudwatch: Any, alarm: Data) -> None:
    """Put the alarm into the state that its expression's newest values ask for."""
    periods, threshold = alarm["EvaluationPeriods"], alarm["Threshold"]
    values = _watched(cloudwatch, alarm["Metrics"], periods + _MORE_PERIODS)[-periods:]
    breaches = _COMPARISONS[alarm["ComparisonOperator"]]
    missing = alarm["TreatMissingData"] == "breaching"
    count = sum(missing if value is None else breaches(value, threshold) for value in values)
    new = "ALARM" if count >= alarm.get("DatapointsToAlarm", periods) else "OK"
    old = alarm["StateValue"]
    if new == old or (old == "INSUFFICIENT_DATA" and set(values) == {None}):
        return
    reason = f"Threshold Crossed: {count} of {values} {alarm['ComparisonOperator']} {threshold}"
    alarm.update(StateValue=new, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    cloudwatch._record_history(alarm["AlarmName"], old, new, reason)
    cloudwatch._dispatch_alarm_actions(alarm, old, new, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def _watched(cloudwatch: Any, queries: list[Data], length: int) -> Series:
    """The series of the one query that returns data, of so many periods up to now."""
    now = time.time()
    stats = {query["Id"]: query["MetricStat"] for query in queries if "MetricStat" in query}
    (period,) = {stat["Period"] for stat in stats.values()}
    series = {name: _measured(cloudwatch, stat, length, now) for name, stat in stats.items()}
    (watched,) = (query["Expression"] for query in queries if query["ReturnData"])
    return _Expressions(series, period).series(ast.parse(watched, mode="eval").body)


def _measured(cloudwatch: Any, stat: Data, length: int, now: float) -> Series:
    metric = stat["Metric"]
    dimensions = cloudwatch._dims_key(cloudwatch._dims_from_list(metric["Dimensions"]))
    points: list[list[Data]] = [[] for _ in range(length)]
    key = (metric["Namespace"], metric["MetricName"], dimensions)
    for point in cloudwatch._metrics.get(key, []):
        age = int((now - point["Timestamp"]) // stat["Period"])
        if 0 <= age < length:
            points[-1 - age].append(point)
    return [cloudwatch._calc_stats(one).get(stat["Stat"]) for one in points]


@dataclass(frozen=True)
class _Expressions:
    """Of series by their names, with a value each `period` seconds."""

    known: Mapping[str, Series]
    period: int

    def series(self, node: ast.AST) -> Series:
        """What an expression gives; raises ValueError for one that has more than is known here."""
        if isinstance(node, ast.Name) and node.id in self.known:
            return self.known[node.id]
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return self._combined(node.op, node.left, node.right)
        if isinstance(node, ast.Compare) and type(node.ops[0]) in _OPERATORS:
            return self._combined(node.ops[0], node.left, node.comparators[0])
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "RATE":
            return self._rate(self.series(node.args[0]))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "FILL":
            filler = ast.literal_eval(node.args[1])
            return [filler if value is None else value for value in self.series(node.args[0])]
        raise ValueError(f"the AWS on this machine knows no expression {ast.unparse(node)!r}")

    def _combined(self, kind: ast.AST, left: ast.AST, right: ast.AST) -> Series:
        """Of two series, the one that has no value counts as 0 where the other has one."""
        apply, values = _OPERATORS[type(kind)], self.series(left)
        if isinstance(right, ast.Constant):
            number = ast.literal_eval(right)
            return [None if value is None else float(apply(value, number)) for value in values]
        return [
            None if one is other is None else float(apply(one or 0, other or 0))
            for one, other in zip(values, self.series(right))
        ]

    def _rate(self, series: Series) -> Series:
        """The change by the second since the value before, however long ago that was."""
        rates: Series = [None] * len(series)
        measured = [(number, value) for number, value in enumerate(series) if value is not None]
        for (earlier, before), (later, value) in zip(measured, measured[1:]):
            rates[later] = (value - before) / ((later - earlier) * self.period)
        return rates
