"""Which of the resources that AWS lists with a project's tags should be gone."""

from __future__ import annotations

import pytest

from miztiik_events.cloudformation.stacks import PROJECT_TAG, STACK_ID_TAG, STACK_TAG
from miztiik_events.destroy import leftovers
from miztiik_events.destroy.inventory import Inventory

ACCOUNT = "111122223333"
QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q"
STACK = f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/sales-stream/1"
ELSEWHERE = STACK.replace("eu-west-1", "us-east-1")
INVENTORY = Inventory(
    *(ACCOUNT, "eu-west-1", "sales", {}, (), (), {}),
    names=frozenset({"sales-stream"}),
    others=frozenset({"sales-data-store"}),
)


@pytest.mark.parametrize(
    ("arn", "tags", "should_be_gone"),
    [
        (QUEUE, {PROJECT_TAG: "sales"}, True),
        (QUEUE, {STACK_TAG: "sales-stream"}, True),
        (QUEUE, {PROJECT_TAG: "sales", STACK_TAG: "sales-old", STACK_ID_TAG: STACK}, True),
        (QUEUE, {PROJECT_TAG: "sales-eu", STACK_TAG: "sales-stream"}, False),
        (QUEUE, {PROJECT_TAG: "sales", STACK_TAG: "sales-data-store"}, False),
        (QUEUE, {PROJECT_TAG: "sales", STACK_ID_TAG: ELSEWHERE}, False),
        (STACK, {PROJECT_TAG: "sales"}, False),
    ],
)
def test_what_should_be_gone_is_the_projects_and_in_no_stack_that_stays(
    arn: str, tags: dict[str, str], should_be_gone: bool
) -> None:
    assert leftovers.should_be_gone(arn, tags, INVENTORY) is should_be_gone
