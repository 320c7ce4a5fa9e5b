"""Events that nobody processed, sent back to where they belong.

A consumer's dead letters go to its own queue, so that nobody else gets them a second time; all
others go to the event bus with their own time, which keeps them in their window. Every consumer
there knows a copy by its request_id, the warehouse for longer than a copy may wait anywhere.

A message is deleted only when its event was accepted elsewhere. Killed between the two, an event is
in both places and is sent again later: a copy, which the request_id makes harmless.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ..pipeline.windowing import Windowing
from . import messages
from .bus_rules import SALES
from .messages import Look
from .unprocessed import Unprocessed

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef
    from mypy_boto3_sqs import SQSClient

    from ..pipeline.queues import DeadEnd

SENT, DELETED, KEPT, FAILED = "sent", "deleted", "kept", "failed"

# Sends one batch; why not, for each event that was not accepted, by its message's id.
Sender = Callable[[Sequence[Unprocessed]], "dict[str, str]"]


@dataclass(frozen=True)
class Outcome:
    """What became of an event: SENT, DELETED, KEPT (in its queue), or FAILED and why."""

    event: Unprocessed
    result: str
    cause: str = ""


def sendable(
    queue: DeadEnd, events: Iterable[Unprocessed], *, even_malformed: bool
) -> list[Unprocessed]:
    """Those that can go to where they belong.

    The rules would only reject again what is still malformed, in a message with a new age.
    """
    is_refused = queue.is_rejected and not even_malformed
    return [event for event in events if _fits(queue, event) and not (is_refused and event.defect)]


def _fits(queue: DeadEnd, event: Unprocessed) -> bool:
    """Whether the event is one for the bus, if it belongs there; a consumer's queue takes any."""
    texts = (event.envelope.get(name) for name in ("source", "detail-type"))
    has_texts = all(isinstance(text, str) and text for text in texts)
    return queue.owner is not None or (has_texts and bool(event.happened and event.detail))


def to_queue(sqs: SQSClient, name: str) -> Sender:
    """Sends to a consumer's queue of that name."""
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    return lambda batch: messages.send(sqs, url, [event.message for event in batch])


def to_bus(bus: EventBridgeClient, name: str) -> Sender:
    """Sends to an event bus; raises what PutEvents raises for a whole call."""

    def put(batch: Sequence[Unprocessed]) -> dict[str, str]:
        answer = bus.put_events(Entries=[_entry(event, name) for event in batch])
        return {
            event.message.id: f"{entry['ErrorCode']}: {entry.get('ErrorMessage', '')}"
            for event, entry in zip(batch, answer["Entries"])
            if entry.get("ErrorCode")
        }

    return put


def send(look: Look, chosen: Iterable[Unprocessed], sender: Sender) -> list[Outcome]:
    """Send these, and delete each that was accepted from the queue where it was."""
    by_id = {event.message.id: event for event in chosen}
    outcomes = []
    for batch in messages.batches(event.message for event in by_id.values()):
        refused = sender([by_id[message.id] for message in batch])
        accepted = [message for message in batch if message.id not in refused]
        stuck = look.delete(accepted)
        causes = {**refused, **{id: f"sent, but still there: {why}" for id, why in stuck.items()}}
        outcomes += [_outcome(by_id[message.id], SENT, causes) for message in batch]
    return outcomes


def delete(look: Look, chosen: Iterable[Unprocessed]) -> list[Outcome]:
    """Delete these from their queue, for good."""
    chosen = list(chosen)
    causes = look.delete(event.message for event in chosen)
    return [_outcome(event, DELETED, causes) for event in chosen]


def everything(events: Iterable[Unprocessed], outcomes: Iterable[Outcome]) -> list[Outcome]:
    """What became of each event; those without an outcome were kept."""
    done = {outcome.event.message.id: outcome for outcome in outcomes}
    return [done.get(event.message.id) or Outcome(event, KEPT) for event in events]


def late(events: Iterable[Unprocessed], windowing: Windowing, now: datetime) -> int:
    """How many are sales that are late when they arrive now: the analytics records them as such."""
    first = windowing.first_in_time(round(now.timestamp() * 1000))
    times = (event.happened for event in events if event.type == SALES)
    return sum(windowing.window(round(time.timestamp() * 1000)) < first for time in times if time)


def _outcome(event: Unprocessed, result: str, causes: dict[str, str]) -> Outcome:
    cause = causes.get(event.message.id)
    return Outcome(event, FAILED, cause) if cause else Outcome(event, result)


def _entry(event: Unprocessed, bus: str) -> PutEventsRequestEntryTypeDef:
    assert event.happened
    return {
        "EventBusName": bus,
        "Source": event.envelope["source"],
        "DetailType": event.envelope["detail-type"],
        "Detail": event.detail,
        "Time": event.happened,
    }
