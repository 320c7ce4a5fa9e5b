"""Alarms ring for the series with their own dimensions, and for no other."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import pytest

from shared_aws import TestAws
from waiting import until


@dataclass(frozen=True)
class Shop:
    """Alarms and measurements of one namespace."""

    aws: TestAws
    namespace: str

    def alarm(self, name: str, **dimensions: str) -> None:
        self.aws.client("cloudwatch").put_metric_alarm(
            AlarmName=f"{self.namespace}-{name}",
            Namespace=self.namespace,
            MetricName="Errors",
            Dimensions=_listed(dimensions),
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
        )

    def measure(self, value: float, **dimensions: str) -> None:
        datum = {"MetricName": "Errors", "Dimensions": _listed(dimensions), "Value": value}
        client = self.aws.client("cloudwatch")
        client.put_metric_data(Namespace=self.namespace, MetricData=[datum])

    def state(self, name: str) -> str:
        answer = self.aws.client("cloudwatch").describe_alarms(
            AlarmNames=[f"{self.namespace}-{name}"]
        )
        return str(answer["MetricAlarms"][0]["StateValue"])


def _listed(dimensions: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in dimensions.items()]


@pytest.fixture
def shop(local_aws: TestAws) -> Shop:
    return Shop(local_aws, f"shop-{uuid.uuid4()}")


def test_an_alarm_rings_for_its_own_dimensions_alone(shop: Shop) -> None:
    shop.alarm("ours", FunctionName="ours")
    shop.alarm("theirs", FunctionName="theirs")
    shop.measure(0, FunctionName="ours")
    shop.measure(5, FunctionName="theirs")
    until(lambda: shop.state("theirs") == "ALARM")
    assert shop.state("ours") == "OK"
    shop.measure(1, FunctionName="ours")
    until(lambda: shop.state("ours") == "ALARM")


def test_more_dimensions_or_fewer_are_another_series(shop: Shop) -> None:
    shop.alarm("all")
    shop.alarm("one", FunctionName="one")
    shop.measure(5, FunctionName="one", Resource="one:live")
    shop.alarm("alias", Resource="one:live", FunctionName="one")
    until(lambda: shop.state("alias") == "ALARM")
    assert (shop.state("all"), shop.state("one")) == ("INSUFFICIENT_DATA",) * 2
