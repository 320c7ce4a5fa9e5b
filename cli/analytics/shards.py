"""Whether the stream's shards and the application's subtasks fit: now, at a start, at a deploy.

The source reads a closed shard and its children side by side. When the application was stopped as
they changed, it has both to catch up with, and a subtask that gets two of them lets one overtake
the sales of the other: its watermark is that of the first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from ..cloudformation import stacks
from ..errors import UnhealthyError
from ..pipeline import metrics, records
from ..pipeline.records import Shard, is_heartbeat
from ..text import command, counted
from . import application, snapshots

if TYPE_CHECKING:
    from datetime import datetime

    import boto3
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client

    from .application import Application

HASH_KEYS = 2**128
# What an application may have on AWS without a higher quota: 64 KPUs, of four subtasks each here.
MOST_SUBTASKS = 256
# How much of what came before a snapshot may be unread in it.
SNAPSHOT_LAG = timedelta(minutes=1)
# Until its shards' children are found it is a second or two behind in any case.
MOST_LAG_MILLISECONDS = 3000


def subtask(shard: Shard, parallelism: int) -> int:
    """The subtask that the source's uniform assigner gives the shard to.

    As UniformShardAssigner of the connector 4.3.0, but for what it adds for all shards alike.
    """
    middle = (shard.first_key + shard.last_key) // 2
    return middle * parallelism // HASH_KEYS


def crowded(shards: Sequence[Shard], parallelism: int) -> list[list[Shard]]:
    """The shards of each subtask that has more than one of them."""
    groups: dict[int, list[Shard]] = defaultdict(list)
    for shard in shards:
        groups[subtask(shard, parallelism)].append(shard)
    return [group for group in groups.values() if len(group) > 1]


def roomy(shards: Sequence[Shard], least: int = 1) -> int | None:
    """The smallest parallelism with a subtask for each of them; None when there is none.

    There is none for shards of the same range: those before a split and those after its undoing.
    """
    for parallelism in range(max(least, len(shards)), MOST_SUBTASKS + 1):
        if not crowded(shards, parallelism):
            return parallelism
    return None


@dataclass(frozen=True)
class Mismatch:
    """What does not fit, in a few words, and what a person does about it."""

    problem: str
    next_step: str


def mismatch(stream: str, shards: int, deployed: int | None, parallelism: int) -> Mismatch | None:
    """None when all is well; `shards` are the open ones, `deployed` is how many the stack says."""
    problem = (
        f"the stream has {counted(shards, 'open shard')} "
        f"and the analytics application a parallelism of {parallelism}"
    )
    if deployed not in (None, shards):
        # CloudFormation does not look: the same ShardCount again is no change to it, and
        # UpdateShardCount is only documented to change the number.
        return Mismatch(
            f"{problem}, but {deployed} of both were deployed",
            f"aws kinesis update-shard-count --stream-name {stream} "
            f"--target-shard-count {deployed} --scaling-type UNIFORM_SCALING",
        )
    if shards == parallelism:
        return None
    if parallelism > shards:
        return Mismatch(problem, f"when verify agrees, {command('deploy -p Parallelism=0')}")
    return Mismatch(problem, command("deploy"))


def require_room(
    kinesis: KinesisClient,
    flink: KinesisAnalyticsV2Client,
    stream: str,
    application: Application,
    origin: str,
    *,
    restart: bool = False,
) -> None:
    """Raise UnhealthyError when a start from `origin` (snapshots.py) would let sales be overtaken.

    What runs is left alone, or stopped with a snapshot and started from that.
    """
    if application.status != "READY" and not (restart and origin != snapshots.LATEST):
        return
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
        "  at once. Sales of one would be overtaken by those of the other, and not counted.\n"
        f"  Next: {_way_out(application, shards)}"
    )


def _way_out(application: Application, shards: Sequence[Shard]) -> str:
    enough = roomy(shards, application.parallelism)
    accepted, condition = "start-analytics --force", "if nothing in them matters"
    if enough is None:
        return f"no parallelism keeps them apart. {command(accepted)}, {condition}"
    return (
        f"{command(f'deploy -p Parallelism={enough}')}, start-analytics, and, when verify agrees, "
        f"deploy -p Parallelism=0. Or {accepted}, {condition}"
    )


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
            "and sales would be overtaken. "
            "Next: --from with a time after the last of these changes"
        )
    return enough


def caution(session: boto3.session.Session, outputs: Mapping[str, str], after: str | None) -> str:
    """What to know before a deploy gives the stream `after` shards; empty when nothing is.

    `outputs` are the project's as it is now.
    """
    before = outputs.get(stacks.SHARDS)
    name = outputs.get(application.OUTPUT)
    if not name or before is None or after in (None, before):
        return ""
    behind = _behind(session, name)
    return behind and (
        f"The number of shards goes from {before} to {after} while the application {behind}: what "
        "it has not read by then could be overtaken. Let it run and catch up first "
        "(start-analytics, status), then deploy"
    )


def _behind(session: boto3.session.Session, name: str) -> str:
    status = application.status(session.client("kinesisanalyticsv2"), name)
    if status != "RUNNING":
        return f"is {status}" if status else ""
    cloudwatch = session.client("cloudwatch")
    lags = metrics.newest(cloudwatch, metrics.refined(cloudwatch, metrics.lag(name)))
    lag = max((lag for lag in lags if lag is not None), default=0.0)
    return f"is {lag / 1000:.0f} s behind" if lag > MOST_LAG_MILLISECONDS else ""
