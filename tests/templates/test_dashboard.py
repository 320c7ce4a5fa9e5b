"""The dashboard: its first row shows the sales that are told as metrics, or says that none are."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from template_trees import TREES
from waiting import until

if TYPE_CHECKING:
    from shared_aws import TestAws

DASHBOARD = next(tree for tree in TREES if tree.name == "dashboard")
WIDTH = 24


def widgets(aws: TestAws, sales_metrics: str) -> list[dict[str, Any]]:
    """Those of the dashboard, whose parameters have their own names as values."""
    cloudformation, stack = aws.client("cloudformation"), f"dashboard-{uuid.uuid4().hex[:8]}"
    values = {name: name for name in DASHBOARD.parameters} | {"SalesMetrics": sales_metrics}
    cloudformation.create_stack(
        StackName=stack,
        TemplateBody=DASHBOARD.body,
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in values.items()],
    )

    def is_there() -> bool:
        (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
        return bool(found["StackStatus"] == "CREATE_COMPLETE")

    until(is_there, stack, 20)
    body = aws.client("cloudwatch").get_dashboard(DashboardName=stack)["DashboardBody"]
    cloudformation.delete_stack(StackName=stack)
    found: list[dict[str, Any]] = json.loads(body)["widgets"]
    return found


def rows(found: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """The widgets that stand side by side."""
    row: list[dict[str, Any]] = []
    for widget in found:
        row.append(widget)
        if sum(one["width"] for one in row) == WIDTH:
            yield row
            row = []
    assert not row


def lines(row: list[dict[str, Any]]) -> list[Any]:
    """The metrics and expressions of a row's widgets."""
    return [line for widget in row for line in widget["properties"]["metrics"]]


def is_of_deliveries(widget: dict[str, Any]) -> bool:
    return str(widget["properties"]["title"]).startswith("Deliveries")


@pytest.mark.parametrize("sales_metrics", ["none", "total", "stores"])
def test_the_first_row_is_of_the_sales(local_aws: TestAws, sales_metrics: str) -> None:
    first, *others = rows(widgets(local_aws, sales_metrics))
    if sales_metrics == "none":
        (text,) = first
        assert "SalesMetrics" in text["properties"]["markdown"]
    else:
        stream = ["DeliveryStreamName", "DeliveryStreamName"]
        assert [line[:4] for line in lines(first)] == [
            ["miztiik-events", name, *stream] for name in ("Revenue", "Orders", "Returns")
        ]
        assert {line[4]["stat"] for line in lines(first)} == {"Sum"}
    if sales_metrics == "stores":
        ((search,),) = lines(others.pop(0))
        assert (
            'MetricName="Revenue" DeliveryStreamName="DeliveryStreamName"' in search["expression"]
        )
        assert search["label"] == "${PROP('Dim.StoreId')}"
    assert len(others) == 4
    (deliveries,) = (widget for row in others for widget in row if is_of_deliveries(widget))
    lake = ["DeliveryStreamName", "LakeDeliveryStreamName"]
    assert [line[1] for line in lines([deliveries]) if line[2:4] == lake] == [
        "DeliveryToS3.DataFreshness",
        "FailedConversion.Records",
    ]
    assert not any("miztiik-events" in line for row in others for line in lines(row))
