"""The queues in which events end that nobody processed: rejected, dead letters, failed calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

REJECTED = "RejectedEvents"
_SUFFIX = "QueueUrl"
_FAILURES_SUFFIX = "FailureQueueName"


def messages(sqs: SQSClient, outputs: Mapping[str, str]) -> dict[str, int]:
    """About how many messages are in each, by the name of the output without `QueueUrl`.

    Those that somebody is just looking at are among them.
    """
    return {
        name[: -len(_SUFFIX)]: _count(sqs, url)
        for name, url in sorted(outputs.items())
        if name == f"{REJECTED}{_SUFFIX}" or name.endswith(f"DeadLetter{_SUFFIX}")
    }


def failures(sqs: SQSClient, outputs: Mapping[str, str]) -> dict[str, int]:
    """About how many calls failed of each function that has such a queue, by the function's name.

    Not dead letters: no event is lost with them, since the next call does the same again.
    """
    return {
        name[: -len(_FAILURES_SUFFIX)]: _count(sqs, sqs.get_queue_url(QueueName=queue)["QueueUrl"])
        for name, queue in sorted(outputs.items())
        if name.endswith(_FAILURES_SUFFIX)
    }


def _count(sqs: SQSClient, url: str) -> int:
    answer = sqs.get_queue_attributes(
        QueueUrl=url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )
    return sum(int(count) for count in answer["Attributes"].values())
