"""Alarms on expressions see what was measured as AWS's metric math does."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from shared_aws import TestAws
from waiting import until


@dataclass(frozen=True)
class Shop:
    """An alarm on an expression of the metrics `a` and `b` of one namespace."""

    aws: TestAws
    name: str

    def queries(self, *metrics: str, is_returned: bool = False) -> list[dict[str, Any]]:
        return [
            {
                "Id": metric,
                "ReturnData": is_returned,
                "MetricStat": {
                    "Metric": {"Namespace": self.name, "MetricName": metric, "Dimensions": []},
                    "Stat": "Sum",
                    "Period": 60,
                },
            }
            for metric in metrics
        ]

    def create(
        self,
        expression: str = "a",
        periods: int = 1,
        to_alarm: int = 1,
        changes: Mapping[str, Any] | None = None,
    ) -> str:
        """The stack's status in the end."""
        properties = {
            "AlarmName": self.name,
            "Metrics": [{"Id": "watched", "Expression": expression}, *self.queries("a", "b")],
            "EvaluationPeriods": periods,
            "DatapointsToAlarm": to_alarm,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            **(changes or {}),
        }
        if "ThresholdMetricId" in properties:
            del properties["Threshold"]
        resources = {"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}}
        cloudformation = self.aws.client("cloudformation")
        cloudformation.create_stack(
            StackName=self.name, TemplateBody=json.dumps({"Resources": resources})
        )

        def status() -> str:
            (stack,) = cloudformation.describe_stacks(StackName=self.name)["Stacks"]
            return str(stack["StackStatus"])

        return until(lambda: (now := status()).endswith("COMPLETE") and now, "an end", 20)

    def measure(self, metric: str, values: Mapping[int, float]) -> None:
        """The values of so many minutes ago."""
        now = datetime.now(timezone.utc)
        data = [
            {"MetricName": metric, "Value": value, "Timestamp": now - timedelta(minutes=minutes)}
            for minutes, value in values.items()
        ]
        self.aws.client("cloudwatch").put_metric_data(Namespace=self.name, MetricData=data)

    @property
    def alarm(self) -> Any:
        answer = self.aws.client("cloudwatch").describe_alarms(AlarmNames=[self.name])
        return answer["MetricAlarms"][0]


@pytest.fixture
def shop(local_aws: TestAws) -> Iterator[Shop]:
    shop = Shop(local_aws, f"shop-{uuid.uuid4()}")
    yield shop
    local_aws.client("cloudformation").delete_stack(StackName=shop.name)


@pytest.mark.parametrize(
    ("expression", "a", "b", "state"),
    [
        ("a + b", {1: 0}, {1: 0}, "OK"),
        ("a + b", {1: 0}, {1: 1}, "ALARM"),
        # Where only one was measured, the other is 0.
        ("a - b", {1: 1}, {2: 5}, "ALARM"),
        ("a - b", {1: 1}, {1: 5}, "OK"),
        ("a > b", {1: 1}, {2: 5}, "ALARM"),
        ("a <= b", {1: 0}, {2: 5}, "ALARM"),
        ("a >= b", {1: 1}, {1: 5}, "OK"),
        # Against a number, what was not measured stays so.
        ("a < 5", {9: 1}, {1: 1}, "INSUFFICIENT_DATA"),
        ("FILL(a, 0) < 5", {9: 1}, {1: 1}, "ALARM"),
        ("(a > 0) - (FILL(b, 0) > 0)", {1: 3}, {1: 0}, "ALARM"),
        ("RATE(a)", {1: 5}, {}, "INSUFFICIENT_DATA"),
        ("RATE(a)", {2: 5, 1: 5}, {}, "OK"),
        ("RATE(a)", {2: 5, 1: 4}, {}, "OK"),
        # The value before may be some minutes old.
        ("RATE(a)", {4: 5, 1: 6}, {}, "ALARM"),
    ],
)
def test_an_expression_is_what_aws_makes_of_it(
    shop: Shop, expression: str, a: Mapping[int, float], b: Mapping[int, float], state: str
) -> None:
    assert shop.create(expression, periods=3) == "CREATE_COMPLETE"
    for metric, values in (("a", a), ("b", b)):
        if values:
            shop.measure(metric, values)
    assert shop.alarm["StateValue"] == state


def test_so_many_of_the_newest_values_ring(shop: Shop) -> None:
    shop.create("a + b", periods=3, to_alarm=2)
    shop.measure("a", {1: 1, 3: 1, 4: 1})
    assert shop.alarm["StateValue"] == "OK"
    shop.measure("a", {2: 1})
    assert shop.alarm["StateValue"] == "ALARM"


def test_it_is_described_as_aws_describes_it(shop: Shop) -> None:
    shop.create("a + b")
    alarm = shop.alarm
    assert [query.get("Expression") for query in alarm["Metrics"]] == ["a + b", None, None]
    assert [query["ReturnData"] for query in alarm["Metrics"]] == [True, False, False]
    assert not {"Namespace", "MetricName", "Dimensions", "Period", "Statistic"} & alarm.keys()


def test_an_expression_that_is_not_known_here_fails_the_stack(shop: Shop) -> None:
    assert shop.create("ANOMALY_DETECTION_BAND(a)") == "ROLLBACK_COMPLETE"


def test_one_on_anomalies_has_nothing_to_say_yet(shop: Shop) -> None:
    changes = {
        "Metrics": [
            {"Id": "usual", "Expression": "ANOMALY_DETECTION_BAND(a, 3)"},
            *shop.queries("a", is_returned=True),
        ],
        "ThresholdMetricId": "usual",
        "ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold",
    }
    assert shop.create(changes=changes) == "CREATE_COMPLETE"
    shop.measure("a", {1: 1_000})
    alarm = shop.alarm
    assert (alarm["StateValue"], alarm["ThresholdMetricId"]) == ("INSUFFICIENT_DATA", "usual")
    assert "Threshold" not in alarm
