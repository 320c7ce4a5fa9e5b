"""The audit: the results, worked out again from the raw events, beside the data store's.

It proves that each event is in one place: counted in one window, recorded as late or malformed, a
copy of one that is, or in a window that is still open. Independent of the analytics job: plain
Python on what the stream holds.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..analytics import application, recomputation
from ..cloudformation import stacks
from ..errors import WaitTimeoutError
from ..patience import Patience
from ..pipeline import queues, records
from ..pipeline.windowing import Windowing
from ..text import counted
from . import comparison, verdict
from .comparison import Window
from .ledger import Ledger
from .places import Difference, Places
from .stored import StoredResults
from .timeline import Timeline
from .verdict import Verdict

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_kinesis import KinesisClient

# Covers what Firehose waits for by default, and some more.
WAIT_SECONDS = 150.0
# Each record of the stream is in one of these; the last two are no part of the law.
PLACES = (
    "heartbeats",
    "counted",
    "duplicates",
    "late",
    "overtaken",
    "malformed",
    "open",
    "skipped",
    "unreadable",
)

Listener = Callable[[str], None]


@dataclass(frozen=True)
class Subject:
    """Whose results are audited: the application of that output, what it writes under a prefix."""

    output: str
    prefix: str


ANALYTICS = Subject(application.OUTPUT, "")
RECOMPUTATION = Subject(recomputation.OUTPUT, recomputation.PREFIX)


@dataclass(frozen=True)
class Audit:
    """What the audit says. `counts` has how many records are in each place, `records` in all.

    `shards` has the records of each shard, `queues` the messages in the rejected and dead-letter
    queues. `lag` is the most by which a sale arrived after it happened, in milliseconds: with an
    allowed lateness above it, none is late. `rivals` is how many sales have copies that differ in
    two shards, of which either may count. Times are UTC, as in the results.
    """

    windowing: Windowing
    application_status: str
    windows: Sequence[Window]
    differences: Sequence[Difference]
    counts: Mapping[str, int]
    shards: Mapping[str, int]
    queues: Mapping[str, int]
    lag: int = 0
    rivals: int = 0

    @property
    def agrees(self) -> bool:
        return not self.differences

    @property
    def dead_letters(self) -> int:
        return sum(count for name, count in self.queues.items() if name != queues.REJECTED)


def audit(
    session: boto3.session.Session,
    project: str,
    subject: Subject = ANALYTICS,
    wait: float = WAIT_SECONDS,
    listener: Listener = lambda text: None,
) -> Audit:
    """Audit the project's results against its stream as it is now.

    What should be in the data store and is not is waited for, `wait` seconds at the most, since
    Firehose buffers; `listener` is told about it. Raises NotDeployedError.
    """
    outputs = stacks.project_outputs(session.client("cloudformation"), project)
    stream = stacks.require(outputs, stacks.SALES_STREAM, project)
    bucket = stacks.require(outputs, stacks.DATA_STORE, project)
    name = stacks.require(outputs, subject.output, project)
    flink, kinesis = session.client("kinesisanalyticsv2"), session.client("kinesis")
    described = application.describe(flink, name)
    windowing = described.windowing

    ledger = _read(kinesis, stream, listener)
    since, complete_after = records.memory(kinesis, stream, ledger.oldest_arrival)
    complete_after = max(complete_after, described.first_start - 1)
    if subject is RECOMPUTATION:
        # Those before it left results of their own under the same prefix.
        since = recomputation.last_start(flink, name)
    moment = since.replace(microsecond=0)
    stored = StoredResults.since(session.client("s3"), bucket, moment, subject.prefix)
    places, differences = settled(ledger, windowing, complete_after, stored, wait, listener)
    windows = comparison.windows(places, differences)
    if subject is ANALYTICS:
        closed = sum(window.differences is not None for window in windows)
        verdict.keep(bucket, Verdict.now(closed, len(differences)))
    return Audit(
        windowing=windowing,
        application_status=described.status,
        windows=windows,
        differences=differences,
        counts=_counts(places, stored),
        shards={shard: page.records for shard, page in ledger.shards.items()},
        queues=queues.messages(session.client("sqs"), outputs),
        lag=places.lag,
        rivals=len(places.rivals),
    )


def settled(
    ledger: Ledger,
    windowing: Windowing,
    complete_after: int,
    stored: StoredResults,
    wait: float,
    listener: Listener,
) -> tuple[Places, list[Difference]]:
    """Places and differences, when nothing on its way could change them, or the wait is over."""
    with contextlib.suppress(WaitTimeoutError):
        for look in Patience(wait).looks("the data store"):
            has_news = stored.look()
            if look and not has_news:
                continue
            timeline = Timeline(windowing, comparison.spans(stored.rows))
            places = Places(ledger, timeline, stored.recorded, complete_after)
            differences = comparison.differences(places, stored.rows)
            unsettled = sum(difference.may_settle for difference in differences)
            if not unsettled:
                break
            verb = "is" if unsettled == 1 else "are"
            listener(f"{counted(unsettled, 'result')} {verb} not in the data store yet")
    return places, differences


def _read(kinesis: KinesisClient, stream: str, listener: Listener) -> Ledger:
    shards = records.shards(kinesis, stream)
    ledger = Ledger.written(shards, records.read(kinesis, stream, shards))
    listener(f"{counted(ledger.records, 'record')} in {counted(len(shards), 'shard')} of {stream}")
    return ledger


def _counts(places: Places, stored: StoredResults) -> dict[str, int]:
    counts = {place: places.counts[place] for place in PLACES}
    return {
        "records": places.ledger.records,
        **counts,
        "repeated_rows": stored.repeated_rows,
        "unreadable_lines": stored.unreadable_lines,
    }
