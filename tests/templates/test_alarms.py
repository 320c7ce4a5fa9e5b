"""The alarms: each watches what AWS measures, rings at its cause, and stays silent without."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from template_trees import TREES, statements
from waiting import until

if TYPE_CHECKING:
    from shared_aws import TestAws

# Two sites with resources of the same names, of which one stays silent.
CALM, RINGING = "eu-west-1", "eu-west-2"
OPERATIONS, EVENT_ALARMS = (
    next(tree for tree in TREES if tree.name == name) for name in ("operations", "event-alarms")
)
EMAIL = "night@example.com"
URL = "https://example.com/runbook.md"

# What AWS measures of a service: the dimensions that name the resource, and the metrics with them.
# https://docs.aws.amazon.com/managed-flink/latest/java/metrics-dimensions.html
# https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html
# https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
DOCUMENTED: Mapping[str, tuple[tuple[str, ...], set[str]]] = {
    "AWS/KinesisAnalytics": (
        ("Application",),
        {"downtime", "uptime", "fullRestarts", "numberOfFailedCheckpoints"},
    ),
    "AWS/Kinesis": (
        ("StreamName",),
        {"GetRecords.IteratorAgeMilliseconds", "WriteProvisionedThroughputExceeded"},
    ),
    "AWS/Firehose": (
        ("DeliveryStreamName",),
        {
            *("DeliveryToS3.DataFreshness", "ThrottledRecords"),
            *("KinesisMillisBehindLatest", "FailedConversion.Records"),
        },
    ),
    "AWS/SQS": (
        ("QueueName",),
        {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"},
    ),
    "AWS/Lambda": (("FunctionName",), {"Errors", "Throttles", "Invocations"}),
    "AWS/Events": (("EventBusName", "RuleName"), {"Invocations"}),
}

# By metric: how many minutes ago, and what was measured then.
Measured = Mapping[str, Mapping[int, float]]


@dataclass(frozen=True)
class Case:
    """The metrics that an alarm watches, each of the resource that these parameters name."""

    watches: Mapping[str, Sequence[str]]
    calm: Measured
    cause: Measured


def of_one(metric: str, parameter: str, calm: float, cause: float) -> Case:
    return Case({metric: [parameter]}, {metric: {0: calm}}, {metric: {0: cause}})


VISIBLE, AGE = "ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"
APPLICATION, STREAM = "AnalyticsApplicationName", "SalesStreamName"
SALES, FAILED = "Invocations", "numberOfFailedCheckpoints"
FRESHNESS, BEHIND = "DeliveryToS3.DataFreshness", "KinesisMillisBehindLatest"
UNCONVERTED, LAKE = "FailedConversion.Records", "LakeDeliveryStreamName"
SOLD = {1: 10.0, 6: 10.0, 11: 10.0}
CASES = {
    "ApplicationDown": of_one("downtime", APPLICATION, 0, 45_000),
    "ApplicationStopped": Case(
        {SALES: ["EventBusName", "SalesRuleName"], "uptime": [APPLICATION]},
        calm={SALES: SOLD, "uptime": {1: 660_000, 6: 360_000, 11: 60_000}},
        cause={SALES: SOLD},
    ),
    "ApplicationRestarting": of_one("uptime", APPLICATION, 3_600_000, 30_000),
    "FailedCheckpoints": Case(
        {FAILED: [APPLICATION]},
        calm={FAILED: {28: 7, 21: 7, 11: 8, 1: 8}},
        cause={FAILED: {28: 0, 21: 1, 11: 2, 1: 2}},
    ),
    "Behind": of_one("GetRecords.IteratorAgeMilliseconds", STREAM, 299_000, 301_000),
    "StreamThrottled": of_one("WriteProvisionedThroughputExceeded", STREAM, 0, 1),
    # Firehose may wait for 900 seconds by its settings alone.
    "Delivery": of_one("DeliveryToS3.DataFreshness", "DeliveryStreamName", 900, 1801),
    "RejectedEvents": of_one(VISIBLE, "RejectedEventsQueueName", 0, 1),
    "RuleDeadLetters": of_one(VISIBLE, "RuleDeadLetterQueueName", 0, 1),
    "DispatchDeadLetters": of_one(VISIBLE, "DispatchDeadLetterQueueName", 0, 1),
    "WarehouseDeadLetters": of_one(VISIBLE, "WarehouseDeadLetterQueueName", 0, 1),
    # A consumer's five tries take a quarter of an hour.
    "DispatchBehind": of_one(AGE, "DispatchQueueName", 900, 1801),
    "WarehouseBehind": of_one(AGE, "WarehouseQueueName", 900, 1801),
    "HeartbeatFailures": Case(
        {"Errors": ["HeartbeatFunction"], "Throttles": ["HeartbeatFunction"]},
        calm={"Errors": {1: 1, 3: 0, 4: 1}, "Throttles": {1: 0, 3: 0}},
        cause={"Errors": {1: 1, 3: 0, 4: 1}, "Throttles": {1: 0, 3: 2}},
    ),
    "TransformerErrors": of_one("Errors", "TransformerFunction", 0, 1),
    "TransformerThrottles": of_one("Throttles", "TransformerFunction", 0, 1),
    # 900 seconds by the settings alone, and half as long again.
    "LakeDelivery": Case(
        {FRESHNESS: [LAKE], BEHIND: [LAKE]},
        calm={FRESHNESS: {1: 1350}, BEHIND: {1: 60_000}},
        cause={FRESHNESS: {1: 10}, BEHIND: {1: 3_601_000}},
    ),
    "LakeFailures": Case(
        {
            UNCONVERTED: [LAKE],
            "Errors": ["EnrichmentFunction"],
            "Throttles": ["EnrichmentFunction"],
        },
        calm={UNCONVERTED: {1: 0}, "Errors": {1: 0}},
        cause={UNCONVERTED: {1: 1}},
    ),
}
every = pytest.mark.parametrize("name", CASES)


def watched(alarm: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The metrics of an alarm: of an expression, or the one that it is on."""
    queries = alarm.get("Metrics", [])
    return [query["MetricStat"]["Metric"] for query in queries if "MetricStat" in query] or [alarm]


@dataclass(frozen=True)
class Site:
    """The stacks in one region; what they watch has the name of the parameter that tells it."""

    aws: TestAws
    region: str
    stacks: Sequence[str]

    def client(self, service: str) -> Any:
        return self.aws.client(service, region_name=self.region)

    @property
    def alarms(self) -> dict[str, dict[str, Any]]:
        """As CloudWatch has them, by the logical id without `Alarm`."""
        ids = {
            one["PhysicalResourceId"]: one["LogicalResourceId"].removesuffix("Alarm")
            for stack in self.stacks
            for one in self.client("cloudformation").describe_stack_resources(StackName=stack)[
                "StackResources"
            ]
        }
        found = self.client("cloudwatch").describe_alarms()["MetricAlarms"]
        return {ids[one["AlarmName"]]: one for one in found if one["AlarmName"] in ids}

    @property
    def topic(self) -> str:
        return str(next(iter(self.alarms.values()))["AlarmActions"][0])

    def measure(self, name: str, measured: Measured) -> None:
        now = datetime.now(timezone.utc)
        for metric in watched(self.alarms[name]):
            datum = {key: metric[key] for key in ("MetricName", "Dimensions")}
            values = measured.get(metric["MetricName"], {})
            data = [
                {**datum, "Value": value, "Timestamp": now - timedelta(minutes=minutes)}
                for minutes, value in values.items()
            ]
            if data:
                self.client("cloudwatch").put_metric_data(
                    Namespace=metric["Namespace"], MetricData=data
                )


def deployed(aws: TestAws, region: str, suffix: str = "") -> Iterator[Site]:
    """Both templates without the rest of the system: a template deploys alone.

    What they watch has the name of the parameter that tells it, and the suffix.
    """
    cloudformation = aws.client("cloudformation", region_name=region)
    known = {"AlarmEmail": EMAIL, "RunbookUrl": URL}
    # These have a default, because there may be no lake.
    known.update({name: name + suffix for name in (LAKE, "EnrichmentFunction")})
    stacks: list[str] = []
    for tree in (OPERATIONS, EVENT_ALARMS):
        stacks.insert(0, f"alarms-{uuid.uuid4().hex[:8]}")
        values = [
            {"ParameterKey": name, "ParameterValue": known.get(name, name + suffix)}
            for name, parameter in tree.parameters.items()
            if name in known or "Default" not in parameter
        ]
        cloudformation.create_stack(StackName=stacks[0], TemplateBody=tree.body, Parameters=values)
        until(lambda: status(cloudformation, stacks[0]) == "CREATE_COMPLETE", stacks[0], 20)
        (stack,) = cloudformation.describe_stacks(StackName=stacks[0])["Stacks"]
        known.update((one["OutputKey"], one["OutputValue"]) for one in stack["Outputs"])
    yield Site(aws, region, stacks)
    for name in stacks:
        cloudformation.delete_stack(StackName=name)


def status(cloudformation: Any, stack: str) -> str:
    return str(cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])


@pytest.fixture(scope="module")
def calm(local_aws: TestAws) -> Iterator[Site]:
    yield from deployed(local_aws, CALM)


@pytest.fixture(scope="module")
def ringing(local_aws: TestAws) -> Iterator[Site]:
    yield from deployed(local_aws, RINGING)


def test_every_alarm_has_a_case(calm: Site) -> None:
    assert calm.alarms.keys() == CASES.keys()


@every
def test_it_watches_what_aws_measures_of_the_resource(calm: Site, name: str) -> None:
    metrics = watched(calm.alarms[name])
    assert {metric["MetricName"] for metric in metrics} == CASES[name].watches.keys()
    for metric in metrics:
        dimensions, documented = DOCUMENTED[metric["Namespace"]]
        assert metric["MetricName"] in documented
        parameters = CASES[name].watches[metric["MetricName"]]
        assert metric["Dimensions"] == [
            {"Name": dimension, "Value": parameter}
            for dimension, parameter in zip(dimensions, parameters)
        ]


@every
def test_it_tells_the_topic_when_it_rings_and_when_it_is_over(calm: Site, name: str) -> None:
    alarm = calm.alarms[name]
    assert alarm["AlarmActions"] == alarm["OKActions"] == [calm.topic]
    assert f"See {URL}#{name.lower()}" in alarm["AlarmDescription"]
    # An application at rest and a queue without messages measure nothing.
    assert alarm["TreatMissingData"] == "notBreaching"


@every
def test_it_stays_silent_without_a_cause(calm: Site, name: str) -> None:
    calm.measure(name, CASES[name].calm)
    assert calm.alarms[name]["StateValue"] == "OK"


@every
def test_it_rings_at_its_cause(ringing: Site, name: str) -> None:
    ringing.measure(name, CASES[name].cause)
    assert ringing.alarms[name]["StateValue"] == "ALARM"


@pytest.mark.parametrize(
    ("name", "measured", "state"),
    [
        # Stopped by a person, or never started: the heartbeat is no sale, and nothing is measured.
        ("ApplicationStopped", {}, "OK"),
        ("ApplicationStopped", {SALES: {16: 10, 21: 10}}, "OK"),
        # A deploy, or the minutes before start-analytics.
        ("ApplicationStopped", {SALES: SOLD, "uptime": {14: 3_600_000}}, "OK"),
        ("ApplicationStopped", {SALES: SOLD, "uptime": {1: 30_000}}, "OK"),
        ("ApplicationStopped", {SALES: {1: 10, 6: 10}}, "OK"),
        ("ApplicationStopped", {"uptime": {1: 660_000, 6: 360_000, 11: 60_000}}, "OK"),
        # It ran until a quarter of an hour ago, or runs for no time, or for -1: it has ended.
        ("ApplicationStopped", {SALES: SOLD, "uptime": {16: 3_600_000, 21: 3_300_000}}, "ALARM"),
        ("ApplicationStopped", {SALES: SOLD, "uptime": {1: 0, 6: -1, 11: 0}}, "ALARM"),
        ("ApplicationStopped", {SALES: {1: 1, 6: 1, 11: 1, 16: 1}}, "ALARM"),
        # Failures of long ago; a restart, which begins to count anew.
        ("FailedCheckpoints", {FAILED: {31: 5, 26: 9, 21: 9, 1: 9}}, "OK"),
        ("FailedCheckpoints", {FAILED: {26: 9, 21: 0, 16: 0, 11: 0}}, "OK"),
        ("FailedCheckpoints", {FAILED: {26: 9, 21: 0, 11: 1, 1: 2}}, "ALARM"),
        ("HeartbeatFailures", {"Errors": {6: 1, 7: 1, 8: 1, 1: 0}}, "OK"),
        ("HeartbeatFailures", {"Throttles": {1: 2, 2: 2, 3: 2}}, "ALARM"),
        ("LakeDelivery", {}, "OK"),
        ("LakeDelivery", {FRESHNESS: {1: 3601}}, "ALARM"),
        ("LakeFailures", {"Errors": {1: 1}}, "ALARM"),
        ("LakeFailures", {"Throttles": {1: 1}}, "ALARM"),
    ],
)
def test_an_expression_tells_a_cause_from_what_looks_like_one(
    local_aws: TestAws, name: str, measured: Measured, state: str
) -> None:
    for site in deployed(local_aws, CALM, f"-{uuid.uuid4().hex[:8]}"):
        site.measure(name, measured)
        assert site.alarms[name]["StateValue"] == state


def uptimes(*runs: int) -> list[int]:
    """What is measured each minute of an application that runs for so many minutes at a time."""
    return [minute * 60_000 for run in runs for minute in range(run)]


@pytest.mark.parametrize(
    ("measured", "does_ring"),
    [
        (uptimes(60), False),
        # One failure in the middle, or the service's own maintenance.
        (uptimes(60, 60), False),
        (uptimes(60, 30, 60), False),
        (uptimes(8, 60), True),
        (uptimes(60, *[1] * 20), True),
        (uptimes(60, *[9] * 3), True),
    ],
)
def test_one_restart_is_no_cause_but_several_are(
    calm: Site, measured: list[int], does_ring: bool
) -> None:
    alarm = calm.alarms["ApplicationRestarting"]
    assert alarm["ComparisonOperator"] == "LessThanThreshold"
    last, needed = alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]
    breaches = [value < alarm["Threshold"] for value in measured]
    windows = [breaches[max(0, end - last) : end] for end in range(1, len(breaches) + 1)]
    assert any(sum(window) >= needed for window in windows) == does_ring


def test_the_address_is_subscribed(calm: Site) -> None:
    (found,) = calm.client("sns").list_subscriptions_by_topic(TopicArn=calm.topic)["Subscriptions"]
    assert (found["Protocol"], found["Endpoint"]) == ("email", EMAIL)


def test_without_an_address_nobody_is_subscribed() -> None:
    assert OPERATIONS.parameters["AlarmEmail"]["Default"] == ""
    (subscription,) = OPERATIONS.resources("AWS::SNS::Subscription").values()
    assert subscription["Condition"] == "HasAlarmEmail"


def test_the_topic_takes_alarms_of_this_account_over_tls_alone() -> None:
    (policy,) = OPERATIONS.properties("AWS::SNS::TopicPolicy").values()
    allowed, denied = statements(policy)
    assert (allowed["Effect"], denied["Effect"]) == ("Allow", "Deny")
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    }
    assert denied["Principal"] == "*"
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    # SNS refuses a topic's policy with sns:*.
    assert allowed["Action"] == denied["Action"] == "sns:Publish"


def subscribed(site: Site) -> str:
    """The URL of a queue that the topic writes into, as its policy allows."""
    sqs, name = site.client("sqs"), f"subscribed-{uuid.uuid4().hex[:8]}"
    url = str(sqs.create_queue(QueueName=name)["QueueUrl"])
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn["QueueArn"],
        "Condition": {"ArnEquals": {"aws:SourceArn": site.topic}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    site.client("sns").subscribe(TopicArn=site.topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    return url


def test_who_subscribed_is_told_what_rings_and_where_the_runbook_is(calm: Site) -> None:
    """The last one: the region is calm no longer."""
    sqs = calm.client("sqs")
    url = subscribed(calm)
    calm.measure("TransformerErrors", CASES["TransformerErrors"].cause)
    (received,) = until(lambda: sqs.receive_message(QueueUrl=url).get("Messages"), "a message", 10)
    told = json.loads(json.loads(received["Body"])["Message"])
    assert told["NewStateValue"] == "ALARM"
    assert told["AlarmDescription"].endswith(f"See {URL}#transformererrors")
    sqs.delete_queue(QueueUrl=url)
