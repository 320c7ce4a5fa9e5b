"""Firehose's buffer in front of an S3 destination.

MiniStack delivers each record at once, as an object of its own, and ignores BufferingHints. AWS
collects records until there are SizeInMBs of them or IntervalInSeconds have passed since the
first, and delivers them together (firehose_delivery.py). What waits when the settings are updated
is not lost: here it is delivered at once by those of before, or else by the new ones.
https://docs.aws.amazon.com/firehose/latest/APIReference/API_UpdateDestination.html
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from ..requirements import require
from .firehose_delivery import deliver
from .firehose_processor import Record

KIND, UPDATE = "AWS::KinesisFirehose::DeliveryStream", "UpdateDestination"
_DEFAULTS = {"SizeInMBs": 5, "IntervalInSeconds": 300}
_MB = 1024 * 1024
# After a failed delivery; AWS tries again for 24 hours.
RETRY_SECONDS = 5.0

Flush = Callable[[list[Record]], bool]


class Buffer:
    """The records of one destination that wait to be delivered together."""

    def __init__(self, flush: Flush, size: int, seconds: float) -> None:
        """`flush` delivers records and tells whether it could; what it could not comes back."""
        self._flush = flush
        self._size = size
        self._seconds = seconds
        self._records: list[Record] = []
        self._timer: threading.Timer | None = None
        self._is_full = False
        self._changing = threading.Lock()
        self._delivering = threading.Lock()

    def add(self, records: list[Record]) -> None:
        """Keep the records for the next delivery; never waits for one."""
        with self._changing:
            self._records += records
            if self._is_full:
                return
            self._is_full = sum(len(record.data) for record in self._records) >= self._size
            if self._is_full:
                self._schedule(0)
            elif self._timer is None:
                self._schedule(self._seconds)

    def flush(self) -> None:
        """Deliver what is there, now."""
        with self._delivering:
            with self._changing:
                records, self._records = self._records, []
                self._is_full = False
                self._cancel()
            if records and not self._flush(records):
                with self._changing:
                    self._records = records + self._records
                    self._cancel()
                    self._schedule(max(self._seconds, RETRY_SECONDS))

    def take(self) -> list[Record]:
        """What is there, which then waits here no longer."""
        with self._delivering, self._changing:
            records, self._records = self._records, []
            self._cancel()
            return records

    def _schedule(self, seconds: float) -> None:
        self._cancel()
        self._timer = threading.Timer(seconds, self.flush)
        self._timer.daemon = True
        self._timer.start()

    def _cancel(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None


class Buffers:
    """The buffer of each stream, which has one destination, by its ARN."""

    def __init__(self) -> None:
        self._buffers: dict[str, Buffer] = {}
        # No records come into a buffer that is forgotten.
        self._choosing = threading.Lock()

    def add(self, stream: dict[str, Any], records: list[Record]) -> None:
        with self._choosing:
            if stream["arn"] not in self._buffers:
                self._buffers[stream["arn"]] = _buffer(stream)
            self._buffers[stream["arn"]].add(records)

    def flush(self, stream: dict[str, Any]) -> None:
        """Deliver what waits, now."""
        with self._choosing:
            buffer = self._buffers.get(stream["arn"])
        if buffer:
            buffer.flush()

    def renew(self, stream: dict[str, Any]) -> None:
        """What still waits does so by the settings of now."""
        with self._choosing:
            buffer = self._buffers.pop(stream["arn"], None)
        records = buffer.take() if buffer else []
        if records:
            self.add(stream, records)

    def forget(self, stream: dict[str, Any]) -> None:
        """Deliver what waits, for the last time."""
        with self._choosing:
            buffer = self._buffers.pop(stream["arn"], None)
        if buffer:
            buffer.flush()


BUFFERS = Buffers()


def fill() -> None:
    from ministack.services import firehose
    from ministack.services.cloudformation import provisioners

    require(firehose, "_deliver_records_to_s3", "_delete_delivery_stream", "_HANDLERS", "_streams")
    require(provisioners, "_RESOURCE_HANDLERS")
    require(firehose, "_evaluate_prefix", "_DeliveryError", "_hive_to_duckdb_type")
    delete_stream = firehose._delete_delivery_stream
    update_destination = firehose._HANDLERS[UPDATE]
    of_template = provisioners._RESOURCE_HANDLERS[KIND]
    update_resource = of_template["update"]

    def buffer(stream: dict[str, Any], destination: dict[str, Any], records: Any) -> None:
        now = time.time()
        BUFFERS.add(stream, [Record(number, data, now) for number, data in records])
        # MiniStack keeps every record for its tests; here they would only fill the memory.
        destination["records"].clear()

    def flush_and_delete(data: dict[str, Any]) -> Any:
        stream = firehose._streams.get(data.get("DeliveryStreamName", ""))
        if stream:
            BUFFERS.forget(stream)
        return delete_stream(data)

    def updated(name: str, update: Callable[[], Any]) -> Any:
        stream = firehose._streams.get(name)
        if stream:
            BUFFERS.flush(stream)
        answer = update()
        if stream:
            BUFFERS.renew(stream)
        return answer

    def update_by_call(data: dict[str, Any]) -> Any:
        return updated(data.get("DeliveryStreamName", ""), lambda: update_destination(data))

    def update_by_template(name: str, *others: Any, **named: Any) -> Any:
        return updated(name, lambda: update_resource(name, *others, **named))

    firehose._deliver_records_to_s3 = buffer
    firehose._delete_delivery_stream = flush_and_delete
    firehose._HANDLERS["DeleteDeliveryStream"] = flush_and_delete
    firehose._HANDLERS[UPDATE] = update_by_call
    of_template["update"] = update_by_template


def _buffer(stream: dict[str, Any]) -> Buffer:
    """One with the settings of the stream's destination; an update may put another in its place."""
    [destination] = stream["destinations"]
    hints = {**_DEFAULTS, **(destination["config"].get("BufferingHints") or {})}
    return Buffer(
        lambda records: deliver(stream, stream["destinations"][0], records),
        # A template's parameter comes as text.
        size=int(hints["SizeInMBs"]) * _MB,
        seconds=float(hints["IntervalInSeconds"]),
    )
