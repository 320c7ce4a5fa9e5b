"""The embedded metric format: what a function prints becomes metrics, if it keeps to every rule."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

import small_functions
from miztiik_events.local.gaps import embedded_metrics
from shared_aws import TestAws

NOW = 1_800_000_000.0
DAY, HOUR = 24 * 3600, 3600


def directive(**changes: Any) -> dict[str, Any]:
    names = {"Namespace": "shop", "Dimensions": [["Store"]], "Metrics": [{"Name": "Sold"}]}
    return {**names, **changes}


def message(
    seconds: Any = NOW, directives: Any = None, root: Mapping[str, Any] | None = None
) -> str:
    timestamp = seconds * 1000 if isinstance(seconds, str) else int(seconds * 1000)
    metadata = {"Timestamp": timestamp, "CloudWatchMetrics": directives or [directive()]}
    return json.dumps({"_aws": metadata, "Store": "store_1", "Sold": 3, **(root or {})})


@pytest.mark.parametrize(
    "document",
    [
        message(),
        message(NOW - 14 * DAY),
        message(NOW + 2 * HOUR),
        message(directives=[directive(Dimensions=[[]])]),
        message(directives=[directive(Metrics=[{"Name": "Sold", "Unit": "Count/Second"}])]),
        message(directives=[directive(Metrics=[{"Name": "Sold", "StorageResolution": 1}])]),
        message(root={"Sold": -0.5}),
        message(root={"Store": "x" * 1024}),
    ],
)
def test_a_document_that_keeps_to_the_rules_is_one_datum(document: str) -> None:
    (datum,) = embedded_metrics.measured(document, NOW)
    assert (datum.namespace, datum.name) == ("shop", "Sold")


def test_each_set_of_dimensions_has_each_metric_with_all_its_values() -> None:
    document = message(
        directives=[
            directive(Dimensions=[["Store"], []], Metrics=[{"Name": "Sold"}, {"Name": "Took"}])
        ],
        root={"Sold": [1, 2, 2.5], "Took": 8},
    )
    data = embedded_metrics.measured(document, NOW)
    assert [(one.name, one.dimensions, one.values) for one in data] == [
        ("Sold", {"Store": "store_1"}, [1, 2, 2.5]),
        ("Took", {"Store": "store_1"}, [8]),
        ("Sold", {}, [1, 2, 2.5]),
        ("Took", {}, [8]),
    ]


def test_as_much_as_the_format_allows_is_taken_and_one_more_is_not() -> None:
    def names(count: int) -> dict[str, Any]:
        return {f"n{number}": "x" for number in range(count)}

    def taken(root: dict[str, Any], **changes: Any) -> int:
        document = message(directives=[directive(**changes)], root=root)
        return len(embedded_metrics.measured(document, NOW))

    assert taken(names(30), Dimensions=[list(names(30))]) == 1
    assert taken(names(31), Dimensions=[list(names(31))]) == 0
    assert taken({}, Metrics=[{"Name": "Sold"}] * 100) == 100
    assert taken({}, Metrics=[{"Name": "Sold"}] * 101) == 0
    assert taken({"Sold": [1] * 100}) == 1
    assert taken({"Sold": [1] * 101}) == 0
    assert taken({}, Namespace="n" * 255) == 1
    assert taken({}, Namespace="n" * 256) == 0


@pytest.mark.parametrize(
    "document",
    [
        "sold 3",
        '"_aws"',
        '{"_aws"',
        '["_aws"]',
        '{"_aws": {}}',
        f"START {message()}",
        message(NOW - 14 * DAY - 1),
        message(NOW + 2 * HOUR + 1),
        message("1"),
        message(directives="none"),
        message(directives=["none"]),
        message(directives=[directive(Dimensions=[])]),
        message(directives=[directive(Dimensions=["Store"])]),
        message(directives=[directive(Dimensions=[["Shop"]])]),
        message(directives=[directive(Dimensions=[["Sold"]])]),
        message(directives=[directive(Metrics=[{"Name": "Sent"}])]),
        message(directives=[directive(Metrics=["Sold"])]),
        message(directives=[directive(Metrics=[{"Name": "Sold", "Unit": "count"}])]),
        message(directives=[directive(Metrics=[{"Name": "Sold", "StorageResolution": 5}])]),
        message(directives=[directive(Namespace="")]),
        message(directives=[directive(Namespace="AWS/Lambda")]),
        message(root={"Sold": "3"}),
        message(root={"Sold": True}),
        message(root={"Sold": None}),
        message(root={"Sold": float("nan")}),
        message(root={"Sold": 1e200}),
        message(root={"Sold": {"of": 3}}),
        message(root={"Store": ""}),
        message(root={"Store": "  "}),
        message(root={"Store": "ż"}),
        message(root={"Store": "a\nb"}),
        message(root={"Store": ":a"}),
        message(root={"Store": "x" * 1025}),
        # One that breaks a rule, and none of the document is taken.
        message(directives=[directive(), directive(Metrics=[{"Name": "Sent"}])]),
    ],
)
def test_a_document_that_breaks_a_rule_is_no_metric_at_all(document: str) -> None:
    assert embedded_metrics.measured(document, NOW) == []


FUNCTION = """
def handler(event, context):
    for line in event:
        print(line)
"""


def test_what_a_function_prints_and_what_is_put_into_a_log_can_be_asked_for(
    local_aws: TestAws,
) -> None:
    namespace, ago = f"shop-{uuid.uuid4()}", time.time() - 3 * DAY
    line = message(ago, [directive(Namespace=namespace)])
    function = small_functions.create(local_aws, FUNCTION)
    local_aws.client("lambda").invoke(
        FunctionName=function, Payload=json.dumps(["plain", line, line[1:]])
    )
    logs, group = local_aws.client("logs"), f"/test/{uuid.uuid4()}"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="stream")
    event = {"timestamp": int(time.time() * 1000), "message": line}
    logs.put_log_events(logGroupName=group, logStreamName="stream", logEvents=[event])

    cloudwatch, then = local_aws.client("cloudwatch"), datetime.fromtimestamp(ago, timezone.utc)
    metric = {
        "Namespace": namespace,
        "MetricName": "Sold",
        "Dimensions": [{"Name": "Store", "Value": "store_1"}],
    }
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[
            {"Id": "sold", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}
        ],
        StartTime=then - timedelta(minutes=2),
        EndTime=then + timedelta(minutes=2),
    )
    assert answer["MetricDataResults"][0]["Values"] == [6]
