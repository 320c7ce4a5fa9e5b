"""What CloudWatch has measured of a project, and which of its alarms ring."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

PERIOD_SECONDS = 60
# Firehose tells every few minutes, the others each minute.
LOOK_BACK = timedelta(minutes=15)


@dataclass(frozen=True)
class Metric:
    namespace: str
    name: str
    dimensions: Mapping[str, str]


@dataclass(frozen=True)
class Alarm:
    """An alarm; `description` says what is wrong when it rings, `reason` what was measured."""

    name: str
    state: Literal["ALARM", "OK", "INSUFFICIENT_DATA"]
    description: str
    since: datetime
    reason: str


def lag(application: str) -> Metric:
    """How far the application is behind the end of its stream, in milliseconds.

    https://docs.aws.amazon.com/managed-flink/latest/java/metrics-dimensions.html
    """
    return Metric("AWS/KinesisAnalytics", "millisBehindLatest", {"Application": application})


def iterator_age(stream: str) -> Metric:
    """How old what is read from the stream is, in milliseconds, whoever reads it."""
    name = "GetRecords.IteratorAgeMilliseconds"
    return Metric("AWS/Kinesis", name, {"StreamName": stream})


def freshness(delivery_stream: str) -> Metric:
    """The age of the oldest record that is not yet in the data store, in seconds."""
    name = "DeliveryToS3.DataFreshness"
    return Metric("AWS/Firehose", name, {"DeliveryStreamName": delivery_stream})


def refined(cloudwatch: CloudWatchClient, metric: Metric) -> list[Metric]:
    """The metrics of that name that have these dimensions and perhaps more, as a source's own."""
    answer = cloudwatch.list_metrics(
        Namespace=metric.namespace,
        MetricName=metric.name,
        Dimensions=[{"Name": k, "Value": v} for k, v in metric.dimensions.items()],
        RecentlyActive="PT3H",
    )
    return [
        Metric(metric.namespace, metric.name, {d["Name"]: d["Value"] for d in entry["Dimensions"]})
        for entry in answer["Metrics"]
    ]


def newest(cloudwatch: CloudWatchClient, metrics: Sequence[Metric]) -> list[float | None]:
    """The last maximum of each, None where nothing was measured in the last quarter of an hour."""
    if not metrics:
        return []
    now = datetime.now(timezone.utc)
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[_query(f"m{number}", metric) for number, metric in enumerate(metrics)],
        StartTime=now - LOOK_BACK,
        EndTime=now,
        ScanBy="TimestampDescending",
    )
    values = {result["Id"]: result["Values"] for result in answer["MetricDataResults"]}
    return [next(iter(values.get(f"m{number}", [])), None) for number in range(len(metrics))]


def alarms(cloudwatch: CloudWatchClient, project: str, stacks: Collection[str]) -> list[Alarm]:
    """The alarms of these stacks, the project's.

    CloudFormation gives an alarm the name of its stack, and more after it.
    """
    pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{project}-")
    return [
        Alarm(
            name=alarm["AlarmName"],
            state=alarm["StateValue"],
            description=alarm.get("AlarmDescription", ""),
            since=alarm["StateUpdatedTimestamp"],
            reason=alarm.get("StateReason", ""),
        )
        for page in pages
        for alarm in page["MetricAlarms"]
        if alarm["AlarmName"].startswith(tuple(f"{stack}-" for stack in stacks))
    ]


def _query(identity: str, metric: Metric) -> MetricDataQueryTypeDef:
    return {
        "Id": identity,
        "MetricStat": {
            "Metric": {
                "Namespace": metric.namespace,
                "MetricName": metric.name,
                "Dimensions": [{"Name": k, "Value": v} for k, v in metric.dimensions.items()],
            },
            "Period": PERIOD_SECONDS,
            "Stat": "Maximum",
        },
    }
