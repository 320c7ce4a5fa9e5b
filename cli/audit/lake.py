"""The lake's sales, event by event, beside the stream.

Every well-formed sale that the stream holds has to be a row of the lake with the same fields, and
every row a sale of the stream. What is a sale is decided here, as for the results, by rules that
share no code with functions/.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from ..cloudformation import stacks
from ..errors import WaitTimeoutError
from ..patience import Patience
from ..pipeline import queries, records
from ..pipeline.queries import WorkGroup
from ..pipeline.windowing import read, written
from ..text import counted
from .ledger import Ledger, RecordId, Stamp
from .sales import Sale

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import boto3
    from mypy_boto3_firehose import FirehoseClient

    from ..cloudformation.stacks import Stack

# With partitions by their data, Firehose may take half as long again as it is told, and then there
# is the function.
SLOWER, FUNCTION_SECONDS = 1.5, 60
QUERY_SECONDS = 900.0
SQL = """\
SELECT shard_id, sequence_number, request_id, store_id, amount, is_return, event_time, arrival,
  window_start, window_end, is_late
FROM sale_records
WHERE day >= '{day}' AND arrival >= TIMESTAMP '{arrival}'"""


class Row(NamedTuple):
    """A row of the lake; times in milliseconds since 1970."""

    request_id: str
    store_id: str
    amount: Decimal
    is_return: bool
    event_time: int
    arrival: int
    window_start: int
    window_end: int
    is_late: bool


@dataclass(frozen=True)
class LakeDifference:
    """One thing on which the stream and the lake do not agree; `record` names it in the stream."""

    what: str
    record: str
    expected: str
    stored: str


@dataclass(frozen=True)
class LakeAudit:
    """How many sales of the stream are in the lake, not there yet, and from before the lake.

    `repeated` is how many rows came more than once; the view `sales` has one of them. `scanned` is
    in bytes.
    """

    sales: int
    stored: int
    on_their_way: int
    before: int
    repeated: int
    scanned: int
    differences: list[LakeDifference] = field(default_factory=list)

    @property
    def missing(self) -> int:
        return self.sales - self.stored - self.on_their_way - self.before

    @property
    def agrees(self) -> bool:
        return not self.differences


@dataclass(frozen=True)
class Moments:
    """What the lake has to have: what arrived since `start` and before `due`, in milliseconds.

    Rows that arrived since `configured` were made with the `lateness` and the `length` of now.
    """

    start: int
    due: int
    configured: int
    lateness: int
    length: int


def audit(
    session: boto3.session.Session,
    project: str,
    wait: float,
    listener: Callable[[str], None] = lambda text: None,
) -> LakeAudit:
    """Compare the lake with what the stream holds now; raises NotDeployedError.

    What is not there yet is waited for, `wait` seconds at the most, where it can come in that time.
    """
    deployed = list(stacks.of_project(session.client("cloudformation"), project).values())
    outputs = stacks.outputs_of(deployed)
    stream = stacks.require(outputs, stacks.SALES_STREAM, project)
    group = WorkGroup(
        session.client("athena"),
        stacks.require(outputs, stacks.QUERY_WORKGROUP, project),
        stacks.require(outputs, stacks.LAKE_DATABASE, project),
    )
    delivery = stacks.require(outputs, stacks.LAKE_DELIVERY_STREAM, project)
    kinesis = session.client("kinesis")
    shards = records.shards(kinesis, stream)
    ledger = Ledger.written(shards, records.read(kinesis, stream, shards))
    listener(f"{counted(ledger.records, 'record')} in {counted(len(shards), 'shard')} of {stream}")
    delay = timedelta(seconds=FUNCTION_SECONDS) + stacks.lake_buffering(deployed) * SLOWER
    enrichment = stacks.with_output(deployed, stacks.ENRICHMENT, project)
    start = _milliseconds(_creation(session.client("firehose"), delivery))
    return settled(ledger, group, start, delay, enrichment, wait, listener)


def settled(
    ledger: Ledger,
    group: WorkGroup,
    start: int,
    delay: timedelta,
    enrichment: Stack,
    wait: float,
    listener: Callable[[str], None],
) -> LakeAudit:
    """The audit when everything is there, or when nothing more can come while we wait."""
    patience = Patience(wait if delay.total_seconds() <= wait else 0)
    report = None
    with contextlib.suppress(WaitTimeoutError):
        for _ in patience.looks("the lake"):
            moments = _moments(start, delay, enrichment)
            rows, repeated, scanned = _rows(group, ledger)
            report = compared(ledger, rows, moments, repeated, scanned)
            if not report.on_their_way:
                break
            listener(f"{counted(report.on_their_way, 'sale')} not in the lake yet")
    assert report is not None  # there is always a first look
    return report


def compared(
    ledger: Ledger,
    rows: Mapping[RecordId, Row],
    moments: Moments,
    repeated: int = 0,
    scanned: int = 0,
) -> LakeAudit:
    """The stream's sales beside the lake's rows, each by the record that it came in."""
    sales = {stamp.id: (stamp, sale) for stamp, sale in ledger.sales}
    missing = [stamp for name, (stamp, _) in sales.items() if name not in rows]
    before = sum(stamp.arrival < moments.start for stamp in missing)
    on_their_way = sum(stamp.arrival >= moments.due for stamp in missing)
    differences = [
        LakeDifference("missing sale", str(stamp.id), written(stamp.arrival), "")
        for stamp in missing
        if moments.start <= stamp.arrival < moments.due
    ]
    for name, row in rows.items():
        if name in sales:
            differences += _fields(*sales[name], row, moments)
        elif ledger.spans(name):
            differences.append(LakeDifference("no such sale", str(name), "", row.request_id))
    return LakeAudit(
        sales=len(sales),
        stored=len(sales) - len(missing),
        on_their_way=on_their_way,
        before=before,
        repeated=repeated,
        scanned=scanned,
        differences=differences,
    )


def _fields(stamp: Stamp, sale: Sale, row: Row, moments: Moments) -> Iterator[LakeDifference]:
    due: dict[str, object] = {
        **sale._asdict(),
        "event_time": stamp.event_time,
        "arrival": stamp.arrival,
    }
    if stamp.arrival >= moments.configured:
        start = stamp.event_time // moments.length * moments.length
        end = start + moments.length
        is_late = stamp.arrival >= end + moments.lateness
        due.update(window_start=start, window_end=end, is_late=is_late)
    for name, value in due.items():
        stored = getattr(row, name)
        if stored != value:
            yield LakeDifference(name, str(stamp.id), _text(value), _text(stored))


def _text(value: object) -> str:
    # All whole numbers here are times.
    return written(value) if type(value) is int else str(value)


def _rows(group: WorkGroup, ledger: Ledger) -> tuple[dict[RecordId, Row], int, int]:
    """The lake's rows of what the stream holds, how many came again, and what that scanned."""
    oldest = ledger.oldest_arrival
    if not ledger.sales or oldest is None:
        return {}, 0, 0
    first = min(stamp.event_time for stamp, _ in ledger.sales)
    sql = SQL.format(day=written(max(first, 0))[:10], arrival=f"{oldest:%Y-%m-%d %H:%M:%S}")
    answer = queries.run(group, sql, Patience(QUERY_SECONDS))
    rows: dict[RecordId, Row] = {}
    repeated = 0
    for shard_id, sequence_number, *values in answer.rows():
        name = RecordId(str(shard_id), str(sequence_number))
        repeated += name in rows
        rows[name] = _row(values)
    return rows, repeated, answer.scanned


def _row(values: Sequence[queries.Value]) -> Row:
    request_id, store_id, amount, is_return, *times, is_late = values
    event_time, arrival, start, end = map(_time, times)
    return Row(
        request_id=str(request_id),
        store_id=str(store_id),
        # A file that somebody else put there may have anything in it.
        amount=amount if isinstance(amount, Decimal) else Decimal(-1),
        is_return=bool(is_return),
        event_time=event_time,
        arrival=arrival,
        window_start=start,
        window_end=end,
        is_late=bool(is_late),
    )


def _time(value: queries.Value) -> int:
    return read(value) if isinstance(value, str) else -1


def _moments(start: int, delay: timedelta, enrichment: Stack) -> Moments:
    due = datetime.now(timezone.utc) - delay
    return Moments(
        start=start,
        due=_milliseconds(due),
        # A second more: what a function had begun with the settings of before.
        configured=_milliseconds(enrichment.updated + delay),
        lateness=int(enrichment.parameters[stacks.LATENESS_SECONDS]) * 1000,
        length=int(enrichment.parameters[stacks.WINDOW_SECONDS]) * 1000,
    )


def _creation(firehose: FirehoseClient, name: str) -> datetime:
    """Since when it reads the stream."""
    described = firehose.describe_delivery_stream(DeliveryStreamName=name)
    source = described["DeliveryStreamDescription"]["Source"]
    return source["KinesisStreamSourceDescription"]["DeliveryStartTimestamp"]


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
