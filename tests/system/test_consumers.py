"""Dispatch and warehouse on real parts: neither waits for the other, and a copy has no effect.

The whole package is deployed; the analytics is not started, because no consumer needs it.
"""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pytest

from deployed_pipeline import INVENTORY, SALES, SOURCE, Pipeline, deployed
from sample_events import Item, order, stock_count
from waiting import until

if TYPE_CHECKING:
    from shared_aws import TestAws

DISPATCH, WAREHOUSE = "DispatchQueueName", "WarehouseQueueName"
DEAD_LETTERS = ("DispatchDeadLetterQueueName", "WarehouseDeadLetterQueueName")
BROKEN = "def handler(event, context):\n    raise RuntimeError('dispatch is broken')\n"


@pytest.fixture(scope="module")
def pipeline(local_aws: TestAws) -> Iterator[Pipeline]:
    with deployed(local_aws, "consumers") as project:
        # What failed comes again after a second instead of three minutes.
        for queue in (DISPATCH, WAREHOUSE):
            project.aws.client("sqs").set_queue_attributes(
                QueueUrl=project.url(queue), Attributes={"VisibilityTimeout": "1"}
            )
        yield project


@pytest.fixture
def project(pipeline: Pipeline) -> Iterator[Pipeline]:
    """Each test takes orders of its own; none may leave a dead letter."""
    yield pipeline
    assert [pipeline.waiting(queue) for queue in DEAD_LETTERS] == [0, 0]


def orders(first: int, count: int = 20) -> list[Item]:
    return [order(number) for number in range(first, first + count)]


def ids(details: Sequence[Item]) -> set[str]:
    return {detail["request_id"] for detail in details}


def applied(project: Pipeline) -> set[str]:
    return {item["request_id"]["S"] for item in project.items("AppliedTableName")}


def until_applied(project: Pipeline, sold: Sequence[Item]) -> None:
    until(lambda: ids(sold) <= applied(project), "each order applied by the warehouse")


def until_noted(project: Pipeline, sold: Sequence[Item]) -> None:
    until(lambda: ids(sold) <= project.notes().keys(), "a note for each order")


def held(project: Pipeline) -> int:
    """How many messages wait for dispatch, or for somebody to redrive them."""
    return project.waiting(DISPATCH) + project.waiting(DEAD_LETTERS[0])


@contextlib.contextmanager
def dispatch_throttled(project: Pipeline) -> Iterator[None]:
    """Lambda refuses every call of dispatch for as long as the block runs."""
    functions, name = project.aws.client("lambda"), project.outputs["DispatchFunction"]
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        yield
    finally:
        functions.delete_function_concurrency(FunctionName=name)


@contextlib.contextmanager
def dispatch_broken(project: Pipeline) -> Iterator[None]:
    """Every call of dispatch fails for as long as the block runs."""
    functions, name = project.aws.client("lambda"), project.outputs["DispatchFunction"]
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("handler.py", BROKEN)
    functions.update_function_code(FunctionName=name, ZipFile=package.getvalue())
    try:
        yield
    finally:
        stack = project.aws.client("cloudformation").describe_stacks(
            StackName=f"{project.name}-dispatch"
        )["Stacks"][0]
        given = {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}
        functions.update_function_code(
            FunctionName=name, S3Bucket=given["ArtifactBucket"], S3Key=given["DispatchCode"]
        )


def test_while_dispatch_is_throttled_the_warehouse_goes_on(project: Pipeline) -> None:
    sold = orders(0)
    with dispatch_throttled(project):
        project.put(*sold)
        until_applied(project, sold)
        project.until_done(WAREHOUSE)
        assert not ids(sold) & project.notes().keys()
        until(lambda: held(project) == len(sold), "every order that dispatch has missed")
    # What was refused too often meanwhile comes back by redrive, all else by itself.
    project.until_done(DISPATCH)
    project.run("redrive", "dispatch", "--yes")
    until_noted(project, sold)


def test_what_a_broken_dispatch_missed_is_dead_lettered_and_comes_back_by_redrive(
    project: Pipeline,
) -> None:
    sold = orders(100)
    with dispatch_broken(project):
        project.put(*sold)
        until_applied(project, sold)
        until(lambda: project.waiting(DEAD_LETTERS[0]) == len(sold), "a dead letter for each order")
        assert not ids(sold) & project.notes().keys()
        assert project.waiting(DEAD_LETTERS[1]) == 0
        later = orders(200)
        project.put(*later)
        until_applied(project, later)
    project.until_done(DISPATCH)
    project.run("redrive", "dispatch", "--yes")
    until_noted(project, [*sold, *later])


def as_message(detail: Item, kind: str, time: str) -> str:
    """The event as a rule of the bus puts it into a queue."""
    envelope = {"id": detail["request_id"], "source": SOURCE, "detail-type": kind, "time": time}
    return json.dumps({**envelope, "detail": detail})


def deliver(project: Pipeline, queue: str, *bodies: str) -> None:
    """Put these messages into the queue, and see them done."""
    for body in bodies:
        project.aws.client("sqs").send_message(QueueUrl=project.url(queue), MessageBody=body)
    project.until_done(queue)


def test_a_message_that_is_delivered_again_changes_nothing(project: Pipeline) -> None:
    counted, sold = stock_count(300, 9, 50), order(300, store_id="store_9")
    messages = [
        as_message(counted, INVENTORY, "2026-01-31T14:47:00Z"),
        as_message(sold, SALES, "2026-01-31T14:48:00Z"),
    ]
    deliver(project, WAREHOUSE, messages[0], messages[0])
    deliver(project, WAREHOUSE, messages[1], messages[1], messages[0], messages[1])
    assert project.stock()[("store_9", "Books")] == 49
    deliver(project, DISPATCH, messages[1])
    note = project.notes()[sold["request_id"]]
    deliver(project, DISPATCH, messages[1], messages[1])
    assert project.notes()[sold["request_id"]] == note


def test_an_event_that_is_on_the_bus_twice_has_one_effect(project: Pipeline) -> None:
    counted = stock_count(400, 8, 50)
    project.put(counted, counted, kind=INVENTORY)
    project.until_done(WAREHOUSE)
    sold = [order(number, store_id="store_8") for number in range(400, 410)]
    project.put(*sold, *sold)
    project.put(*sold)
    project.until_done(WAREHOUSE, DISPATCH)
    assert project.stock()[("store_8", "Books")] == 40
    notes = [one for one in project.notes().values() if one["store_id"]["S"] == "store_8"]
    assert len(notes) == 10
