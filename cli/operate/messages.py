"""The messages of a queue: looked at, given back, deleted, sent to another.

The only module that receives messages.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import BatchResultErrorEntryTypeDef, MessageTypeDef

MOST_PER_CALL = 10
# What PutEvents takes in one call; SendMessageBatch takes a little more.
MOST_BYTES = 1_000_000
# Time for a person to read and to answer. Whoever is killed meanwhile gives the messages back then.
HIDDEN_SECONDS = 600
# With a wait, SQS asks all of its servers: nothing then means that there is nothing.
WAIT_SECONDS = 1


@dataclass(frozen=True)
class Message:
    """One message; `receipt` deletes it or gives it back, `receives` counts this look too.

    `error` is what EventBridge says of an event that it could not deliver, empty for any other.
    """

    id: str
    receipt: str
    body: str
    sent: datetime
    receives: int
    error: str


@dataclass
class Look:
    """The messages of a queue that we hold; nobody else sees them meanwhile."""

    sqs: SQSClient
    url: str
    held: dict[str, Message] = field(default_factory=dict)

    @property
    def messages(self) -> list[Message]:
        """The oldest first."""
        return sorted(self.held.values(), key=lambda message: message.sent)

    def receive(self, most: int) -> None:
        """Hold so many messages, or all that there are."""
        while len(self.held) < most:
            received = self.sqs.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=min(MOST_PER_CALL, most - len(self.held)),
                VisibilityTimeout=HIDDEN_SECONDS,
                WaitTimeSeconds=WAIT_SECONDS,
                MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
            # SQS may show a message twice; the last receipt is the one that counts.
            self.held.update((message["MessageId"], _message(message)) for message in received)
            if not received:
                return

    def delete(self, messages: Iterable[Message]) -> dict[str, str]:
        """Delete them from the queue; why not, for each that is still there, by its id."""
        failed: dict[str, str] = {}
        for batch in batches(messages):
            answer = self.sqs.delete_message_batch(
                QueueUrl=self.url,
                Entries=[{"Id": message.id, "ReceiptHandle": message.receipt} for message in batch],
            )
            failed.update(_failures(answer.get("Failed", [])))
            for message in batch:
                if message.id not in failed:
                    del self.held[message.id]
        return failed

    def give_back(self) -> None:
        """Let others see at once what we still hold."""
        for batch in batches(self.held.values()):
            self.sqs.change_message_visibility_batch(
                QueueUrl=self.url,
                Entries=[
                    {"Id": message.id, "ReceiptHandle": message.receipt, "VisibilityTimeout": 0}
                    for message in batch
                ],
            )


@contextlib.contextmanager
def looking(sqs: SQSClient, url: str, most: int) -> Iterator[Look]:
    """Hold at most so many messages; what is not deleted in the block is given back after it."""
    look = Look(sqs, url)
    try:
        look.receive(most)
        yield look
    finally:
        look.give_back()


def send(sqs: SQSClient, url: str, messages: Sequence[Message]) -> dict[str, str]:
    """Send one batch to another queue; why not, for each that was not accepted, by its id."""
    answer = sqs.send_message_batch(
        QueueUrl=url,
        Entries=[{"Id": message.id, "MessageBody": message.body} for message in messages],
    )
    return _failures(answer.get("Failed", []))


def batches(messages: Iterable[Message]) -> Iterator[list[Message]]:
    """As many as one call takes, by their number and their size."""
    batch: list[Message] = []
    size = 0
    for message in messages:
        length = len(message.body.encode())
        if batch and (len(batch) == MOST_PER_CALL or size + length > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += length
    if batch:
        yield batch


def _failures(entries: Iterable[BatchResultErrorEntryTypeDef]) -> dict[str, str]:
    return {
        entry["Id"]: ": ".join([entry["Code"], *_given(entry.get("Message"))]) for entry in entries
    }


def _message(received: MessageTypeDef) -> Message:
    attributes = received["Attributes"]
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    texts = received.get("MessageAttributes", {})
    words = [texts[key] for key in ("ERROR_CODE", "ERROR_MESSAGE") if key in texts]
    return Message(
        id=received["MessageId"],
        receipt=received["ReceiptHandle"],
        body=received["Body"],
        sent=datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, timezone.utc),
        receives=int(attributes["ApproximateReceiveCount"]),
        error=": ".join(word["StringValue"] for word in words if word.get("StringValue")),
    )


def _given(text: str | None) -> list[str]:
    return [text] if text else []
