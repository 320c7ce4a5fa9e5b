"""The queues in which events end that nobody processed: rejected, dead letters, failed calls."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

REJECTED = "RejectedEvents"
_SUFFIX = "QueueUrl"
_FAILURES_SUFFIX = "FailureQueueName"


@dataclass(frozen=True)
class DeadEnd:
    """A queue of events that nobody processed, by its short name.

    `owner` is the name of the consumer's queue in which the events would have been processed, None
    where they belong on the event bus.
    """

    name: str
    url: str
    owner: str | None
    is_rejected: bool


def dead_ends(outputs: Mapping[str, str]) -> dict[str, DeadEnd]:
    """By short name, which comes from the output's.

    `DispatchDeadLetterQueueUrl` is `dispatch`, and `RejectedEventsQueueUrl` is `rejected`; a
    `DispatchQueueName` is its owner.
    """
    ends = (_dead_end(name, outputs) for name in sorted(outputs) if _is_dead_end(name))
    return {end.name: end for end in ends}


def messages(sqs: SQSClient, outputs: Mapping[str, str]) -> dict[str, int]:
    """About how many messages are in each, by the name of the output without `QueueUrl`.

    Those that somebody is just looking at are among them.
    """
    return {
        name[: -len(_SUFFIX)]: count(sqs, url)
        for name, url in sorted(outputs.items())
        if _is_dead_end(name)
    }


def failures(sqs: SQSClient, outputs: Mapping[str, str]) -> dict[str, int]:
    """About how many calls failed of each function that has such a queue, by the function's name.

    Not dead letters: no event is lost with them, since the next call does the same again.
    """
    return {
        name[: -len(_FAILURES_SUFFIX)]: count(sqs, sqs.get_queue_url(QueueName=queue)["QueueUrl"])
        for name, queue in sorted(outputs.items())
        if name.endswith(_FAILURES_SUFFIX)
    }


def count(sqs: SQSClient, url: str) -> int:
    """About how many messages are in the queue, those that somebody is looking at among them."""
    answer = sqs.get_queue_attributes(
        QueueUrl=url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )
    return sum(int(number) for number in answer["Attributes"].values())


def _is_dead_end(output: str) -> bool:
    return output == f"{REJECTED}{_SUFFIX}" or output.endswith(f"DeadLetter{_SUFFIX}")


def _dead_end(output: str, outputs: Mapping[str, str]) -> DeadEnd:
    role = re.sub(f"(Events|DeadLetter){_SUFFIX}$", "", output)
    return DeadEnd(
        name=re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", role).lower(),
        url=outputs[output],
        owner=outputs.get(f"{role}QueueName"),
        is_rejected=output == f"{REJECTED}{_SUFFIX}",
    )
