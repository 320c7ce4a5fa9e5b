"""The short names of what logs, and the log groups that they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from live_project import LiveProject
from miztiik_events.commands import completion
from miztiik_events.errors import NotDeployedError
from miztiik_events.operate import logs
from small_projects import empty_project

if TYPE_CHECKING:
    from pathlib import Path

    from shared_aws import TestAws

GROUPS = """\
Resources:
  LogGroup: {Type: AWS::Logs::LogGroup}
  QueueLogGroup: {Type: AWS::Logs::LogGroup}
  Queue: {Type: AWS::SQS::Queue}
"""


@pytest.mark.parametrize(
    ("group", "others", "name"),
    [
        ("ProducerLogGroup", ["ProducerFunction"], "producer"),
        ("StockTakeLogGroup", ["StockTakeFunction"], "stock-take"),
        ("DeliveryLogGroup", ["TransformerFunction"], "shop"),
        ("LogGroup", ["Function"], "shop"),
        ("Log", [], "shop"),
    ],
)
def test_a_group_is_named_after_its_function_or_else_its_template(
    group: str, others: list[str], name: str
) -> None:
    assert logs.component("shop", group, [group, *others]) == name


def test_the_templates_of_this_package_have_the_names_that_people_know() -> None:
    assert completion.component_names() == [
        "analytics",
        "compaction",
        "dispatch",
        "enrichment",
        "firehose",
        "heartbeat",
        "lake",
        "producer",
        "recomputation",
        "transformer",
        "warehouse",
    ]


def test_the_groups_are_those_of_the_live_stacks_whatever_their_template(
    local_aws: TestAws, tmp_path: Path
) -> None:
    project = LiveProject(local_aws, empty_project(tmp_path))
    cloudformation = local_aws.client("cloudformation")
    stack = project.create("one-of-its-own", GROUPS)
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=stack, WaiterConfig={"Delay": 0.2}
    )
    found = logs.log_groups(cloudformation, project.name)
    ids = [project.physical_id("one-of-its-own", one) for one in ("LogGroup", "QueueLogGroup")]
    assert found == dict.fromkeys(ids, "one-of-its-own")


def test_a_project_without_stacks_is_told_what_comes_first(local_aws: TestAws) -> None:
    with pytest.raises(NotDeployedError):
        logs.log_groups(local_aws.client("cloudformation"), "nowhere")
