"""How far back the stream remembers."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from .ledger import Ledger

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

# The shortest retention that a stream can have: a younger stream has lost nothing.
SHORTEST_RETENTION = timedelta(hours=24)


def of_stream(kinesis: KinesisClient, stream: str, held: Ledger) -> tuple[datetime, int]:
    """Since when the stream has every event; of windows that begin later, it has them all.

    The latter in milliseconds since 1970.
    """
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    created, now = summary["StreamCreationTimestamp"], datetime.now(timezone.utc)
    if now - created < SHORTEST_RETENTION:
        return created, 0
    oldest = held.oldest_arrival or now
    # No event happens after it arrived, so a window that begins later has lost none.
    return oldest, int(oldest.timestamp() * 1000)
