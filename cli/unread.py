"""The shards that a start of the application would read, and whether it would read them rightly.

The source reads a closed shard and its children side by side. When the application was stopped as
they changed, it has both to catch up with, and a subtask that gets two of them makes the sales of
one late: its watermark is that of the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from . import snapshots
from .assignment import crowded, roomy
from .errors import UnhealthyError
from .pipeline import records
from .pipeline.records import Shard, is_heartbeat
from .text import counted

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client

    from .analytics import Application

# How much of what came before a snapshot may be unread in it.
SNAPSHOT_LAG = timedelta(minutes=1)


def require_room(
    kinesis: KinesisClient,
    flink: KinesisAnalyticsV2Client,
    stream: str,
    application: Application,
    origin: str,
) -> None:
    """Raise UnhealthyError when a start from `origin` (snapshots.py) would make sales late."""
    since = snapshots.moment(flink, application.name, origin)
    shards = [
        shard
        for shard in records.shards(kinesis, stream, since)
        if shard.is_open or _has_events(kinesis, stream, shard, since)
    ]
    groups = crowded(shards, application.parallelism)
    if groups:
        raise UnhealthyError(_refusal(application, shards, groups, since))


def _has_events(kinesis: KinesisClient, stream: str, shard: Shard, since: datetime | None) -> bool:
    """Whether there is more in it than heartbeats, which nobody misses."""
    start = since - SNAPSHOT_LAG if since else None
    later = records.read(kinesis, stream, [shard], start)
    return any(not (record.envelope and is_heartbeat(record.envelope)) for record in later)


def extra_parallelism(kinesis: KinesisClient, stream: str, moment: datetime, usual: int) -> int:
    """The parallelism for reading from then on, 0 when the usual one will do.

    Raises UnhealthyError when none will.
    """
    shards = records.shards(kinesis, stream, moment)
    if not crowded(shards, usual):
        return 0
    enough = roomy(shards, usual)
    if enough is None:
        raise UnhealthyError(
            f"stream {stream} got another number of shards, and its old one back, since "
            f"{moment:%Y-%m-%d %H:%M:%S}: no parallelism keeps the shards of then and now apart, "
            "and sales would come out late. "
            "Next: --from with a time after the last of these changes"
        )
    return enough


def _refusal(
    application: Application,
    shards: Sequence[Shard],
    groups: Sequence[Sequence[Shard]],
    since: datetime | None,
) -> str:
    closed = sum(not shard.is_open for shard in shards)
    origin = f"the snapshot of {since:%Y-%m-%d %H:%M:%S}" if since else "the stream's beginning"
    pairs = "\n".join(f"  {' and '.join(shard.id for shard in group)}" for group in groups)
    return (
        f"application {application.name} was not started: from {origin} on it has "
        f"{counted(len(shards), 'shard')} to read, {closed} of them closed by a change of their "
        f"number, and with a parallelism of {application.parallelism} one subtask would read\n"
        f"{pairs}\n"
        "  at once. Sales would come out late, or be lost to their windows.\n"
        f"  Next: {_way_out(application, shards)}"
    )


def _way_out(application: Application, shards: Sequence[Shard]) -> str:
    enough = roomy(shards, application.parallelism)
    accepted = "start-analytics --force, when there is nothing of worth in them"
    if enough is None:
        return f"no parallelism keeps them apart. miztiik-events {accepted}"
    return (
        f"miztiik-events deploy -p Parallelism={enough}, start-analytics, and, when verify agrees, "
        f"deploy -p Parallelism=0. Or {accepted}"
    )
