"""The delivery of events to the bus: ten a call, several calls in flight, failures again.

The only module that calls EventBridge. A retry sends the very same entry: the same request_id, and
the same Time, so that the event stays in its window.
"""

from __future__ import annotations

import itertools
import json
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from botocore import exceptions

from event import Event, Kind
from tally import Tally

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import (
        PutEventsRequestEntryTypeDef,
        PutEventsResultEntryTypeDef,
    )

    Pair = tuple[Event, PutEventsRequestEntryTypeDef]

# So many, each of ten events and on its way for 15 ms or so, carry more than a process can make.
CALLS_IN_FLIGHT = 16
ENTRIES_PER_CALL = 10
LONGEST_GATHERING_SECONDS = 1.0
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
# The longest window, and the longest that it can wait, are half an hour together.
LATE = timedelta(hours=1)
# PutEvents takes an entry of 1 MB, SQS a message of 1 MiB with its attributes, Kinesis a record of
# 1 MiB with its key (each service's quotas). On its way an event gets its envelope, and in a
# dead-letter queue the attributes of its failure: 100 KB are left for them.
LARGEST_DETAIL_BYTES = 900_000
# An entry's retryable codes are InternalFailure and ThrottlingException (API reference of
# PutEventsResultEntry); a whole call may also fail with the others.
RETRYABLE = frozenset(
    {"InternalFailure", "InternalException", "ThrottlingException", "Throttling", "RequestTimeout"}
)


@dataclass(frozen=True)
class Batch:
    """The events of one call; `due` is in seconds after the start of the run."""

    due: float
    events: tuple[Event, ...]


def batches(
    events: Iterable[Event], interval: float, due: Callable[[int], float] | None = None
) -> Iterator[Batch]:
    """Events in tens, or in fewer when ten would take longer than a second to come together.

    `due` tells when the event of a number is; without it they come evenly.
    """
    size = ENTRIES_PER_CALL
    if size * interval > LONGEST_GATHERING_SECONDS:
        size = max(1, int(LONGEST_GATHERING_SECONDS / interval))
    remaining = iter(events)
    sent = 0
    while gathered := tuple(itertools.islice(remaining, size)):
        sent += len(gathered)
        # When the last of them is due: the others have waited for it.
        yield Batch(due(sent - 1) if due else (sent - 1) * interval, gathered)


class Sender:
    """Sends batches when they are due, until all are sent or the deadline has come."""

    def __init__(
        self, client: EventBridgeClient, bus_name: str, pending: Iterator[Batch], deadline: float
    ) -> None:
        self._client = client
        self._bus_name = bus_name
        self._pending = pending
        self._deadline = deadline
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self._refused = threading.Event()
        self.tally = Tally()
        self.last_error = "the function's time was over"

    def send(self) -> None:
        """Returns when there is nothing left to do; `tally` then holds what was accepted."""
        with ThreadPoolExecutor(CALLS_IN_FLIGHT) as pool:
            workers = [pool.submit(self._work) for _ in range(CALLS_IN_FLIGHT)]
        for worker in workers:
            worker.result()

    def _work(self) -> None:
        while (batch := self._next()) and self._wait_until(self._started + batch.due):
            self._deliver(batch.events)

    def _next(self) -> Batch | None:
        # Under the lock, events are generated in one order, whichever thread asks.
        with self._lock:
            return next(self._pending, None)

    def _wait_until(self, moment: float) -> bool:
        """False, at once, when the deadline is nearer; False also when the bus refuses us."""
        now = time.monotonic()
        if max(now, moment) > self._deadline:
            return False
        return not self._refused.wait(max(0.0, moment - now))

    def _deliver(self, events: tuple[Event, ...]) -> None:
        # The envelope's time has whole seconds only.
        now = datetime.now(timezone.utc).replace(microsecond=0)
        unsent = self._fitting([(event, _entry(event, self._bus_name, now)) for event in events])
        copies = [pair for pair in self._deliver_all(unsent) if pair[0].has_copy]
        self._deliver_all([(replace(event, kind=Kind.COPY), entry) for event, entry in copies])

    def _deliver_all(self, unsent: list[Pair]) -> list[Pair]:
        """Those that the bus has accepted."""
        accepted: list[Pair] = []
        for attempt in itertools.count():
            results = self._put([entry for _, entry in unsent]) if unsent else []
            self._count(zip((event for event, _ in unsent), results))
            outcomes = [(pair, result.get("ErrorCode")) for pair, result in zip(unsent, results)]
            accepted += [pair for pair, code in outcomes if not code]
            unsent = [pair for pair, code in outcomes if code in RETRYABLE]
            if not unsent or not self._wait_until(time.monotonic() + _pause(attempt)):
                break
        return accepted

    def _fitting(self, pairs: list[Pair]) -> list[Pair]:
        """Those that every hop can take; the others are counted as failed, and not sent."""
        sizes = [(event, len(entry["Detail"])) for event, entry in pairs]
        self._count(
            (event, _too_large(size)) for event, size in sizes if size > LARGEST_DETAIL_BYTES
        )
        return [pair for pair in pairs if len(pair[1]["Detail"]) <= LARGEST_DETAIL_BYTES]

    def _put(
        self, entries: list[PutEventsRequestEntryTypeDef]
    ) -> list[PutEventsResultEntryTypeDef]:
        try:
            return self._client.put_events(Entries=entries)["Entries"]
        except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
            # Nobody knows whether the bus has them; copies are told by their request_id.
            failure: PutEventsResultEntryTypeDef = {
                "ErrorCode": "InternalFailure",
                "ErrorMessage": str(error),
            }
        except exceptions.ClientError as error:
            failure = _failure(error)
            if failure["ErrorCode"] not in RETRYABLE:
                self._refused.set()
        return [failure] * len(entries)

    def _count(self, outcomes: Iterable[tuple[Event, PutEventsResultEntryTypeDef]]) -> None:
        with self._lock:
            for event, result in outcomes:
                if result.get("ErrorCode"):
                    self.last_error = f"{result['ErrorCode']}: {result.get('ErrorMessage', '')}"
                else:
                    self.tally.add(event)


def _entry(event: Event, bus_name: str, now: datetime) -> PutEventsRequestEntryTypeDef:
    return {
        "EventBusName": bus_name,
        "Source": event.source,
        "DetailType": event.detail_type,
        "Detail": json.dumps(event.detail),
        "Time": now - LATE if event.is_late else now,
    }


def _too_large(size: int) -> PutEventsResultEntryTypeDef:
    most = f"at most {LARGEST_DETAIL_BYTES:,} fit the queues and the stream behind the bus"
    return {"ErrorCode": "DetailTooLarge", "ErrorMessage": f"a detail has {size:,} bytes; {most}"}


def _failure(error: exceptions.ClientError) -> PutEventsResultEntryTypeDef:
    is_server_error = error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
    return {
        "ErrorCode": "InternalFailure" if is_server_error else error.response["Error"]["Code"],
        "ErrorMessage": error.response["Error"].get("Message", ""),
    }


def _pause(attempt: int) -> float:
    """Exponential back-off with full jitter, in seconds."""
    longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(attempt, 10))
    return random.uniform(0, longest)
