"""What CloudWatch has measured, and which alarms ring."""

from __future__ import annotations

import uuid
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from miztiik_events.pipeline import metrics
from stubs import Answer, stubbed

if TYPE_CHECKING:
    from shared_aws import TestAws

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)


def test_the_last_datapoint_counts_and_none_is_none(local_aws: TestAws) -> None:
    cloudwatch, name = local_aws.client("cloudwatch"), f"delivery-{uuid.uuid4().hex[:8]}"
    measured, missing = metrics.freshness(name), metrics.freshness(f"{name}-none")
    cloudwatch.put_metric_data(
        Namespace=measured.namespace,
        MetricData=[
            {
                "MetricName": measured.name,
                "Dimensions": [{"Name": k, "Value": v} for k, v in measured.dimensions.items()],
                "Value": 62,
            }
        ],
    )
    assert metrics.newest(cloudwatch, [measured, missing]) == [62, None]


def test_a_metric_is_found_with_the_dimensions_that_its_source_adds(local_aws: TestAws) -> None:
    cloudwatch, name = local_aws.client("cloudwatch"), f"application-{uuid.uuid4().hex[:8]}"
    metric = metrics.lag(name)
    dimensions = [{"Name": "Application", "Value": name}, {"Name": "Id", "Value": "sales"}]
    assert metrics.refined(cloudwatch, metric) == []
    cloudwatch.put_metric_data(
        Namespace=metric.namespace,
        MetricData=[{"MetricName": metric.name, "Dimensions": dimensions, "Value": 5}],
    )
    (found,) = metrics.refined(cloudwatch, metric)
    assert found.dimensions == {"Application": name, "Id": "sales"}
    assert metrics.newest(cloudwatch, [found]) == [5]


def test_only_the_alarms_of_the_projects_own_stacks_count_in_whatever_state() -> None:
    def alarm(name: str, state: str) -> dict[str, object]:
        known = {"StateUpdatedTimestamp": NOW, "StateReason": "1 > 0"}
        return {"AlarmName": name, "StateValue": state, **known}

    states = {
        "sales-operations-Down-1": "ALARM",
        "sales-stream-Full-2": "INSUFFICIENT_DATA",
        "sales-eu-operations-Down-3": "ALARM",
    }
    answer = Answer(
        "describe_alarms",
        {"MetricAlarms": [alarm(*one) for one in states.items()]},
        {"AlarmNamePrefix": "sales-"},
    )
    with stubbed("cloudwatch", answer) as cloudwatch:
        found = metrics.alarms(cloudwatch, "sales", ["sales-operations", "sales-stream"])
    assert [(one.name, one.state) for one in found] == list(states.items())[:2]
