"""The queues of what nobody processed."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from miztiik_events.pipeline import queues
from miztiik_events.pipeline.queues import DeadEnd

if TYPE_CHECKING:
    from shared_aws import TestAws


def test_failed_calls_are_counted_by_function_and_are_no_dead_letters(local_aws: TestAws) -> None:
    sqs, name = local_aws.client("sqs"), f"failures-{uuid.uuid4().hex[:8]}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="one")
    outputs = {"HeartbeatFailureQueueName": name, "WarehouseQueueName": "another"}
    assert queues.failures(sqs, outputs) == {"Heartbeat": 1}
    assert queues.messages(sqs, outputs) == {}
    sqs.delete_queue(QueueUrl=url)


def test_queues_are_named_by_their_outputs() -> None:
    outputs = {
        "RejectedEventsQueueUrl": "1",
        "RejectedEventsQueueName": "rejected",
        "PriceCheckDeadLetterQueueUrl": "2",
        "PriceCheckQueueName": "checks",
        "RuleDeadLetterQueueUrl": "3",
        "DispatchQueueUrl": "4",
    }
    assert queues.dead_ends(outputs) == {
        "price-check": DeadEnd("price-check", "2", "checks", is_rejected=False),
        "rejected": DeadEnd("rejected", "1", None, is_rejected=True),
        "rule": DeadEnd("rule", "3", None, is_rejected=False),
    }
