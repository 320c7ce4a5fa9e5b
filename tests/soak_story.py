"""What is done in the soak, and all that came of it; soak_verdict.py judges it.

Its AWS has the faults of faulty_aws.py. Sales flow all the time; meanwhile Flink's processes are
killed, and the application is stopped with a snapshot and started again. At last it is stopped once
more, and the first that it then finds in the stream is late.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import faulty_aws
import oracle
from conftest import TestAws
from deployed_pipeline import Pipeline
from flink_job import FlinkJob
from miztiik_events.local import launch
from soak_load import Load
from waiting import until

WINDOW_SECONDS = 10
LATENESS_SECONDS = 10
SHARDS = 4
TASKMANAGER, JOBMANAGER, RESTART = "taskmanager", "jobmanager", "restart"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Size:
    """How many sales, at how many a second, and what is done to the application meanwhile.

    `returns` is the share of returns: these do not go to dispatch and warehouse, whose work is what
    this machine is slowest at.
    """

    sales: int
    rate: float
    stores: int
    returns: float
    interruptions: Sequence[str]


SHORT = Size(3_000, 150, 40, 0.5, (TASKMANAGER, JOBMANAGER))
FULL = Size(
    200_000, 320, 40, 0.9, (TASKMANAGER, RESTART, TASKMANAGER, JOBMANAGER, RESTART, TASKMANAGER)
)


@dataclass(frozen=True)
class Interruption:
    """`seconds` until all of the job ran again; `dropped` is what it had dropped before."""

    kind: str
    seconds: float
    dropped: int


@dataclass
class Story:
    """`seconds` is how long the sending took, `dropped` what Flink's windows dropped in silence.

    `stored` has the lines under sales_revenue/, repeated ones too, `recorded` those under
    late_events/; `dispatched` and `applied` have request_ids.
    """

    pipeline: Pipeline
    load: Load
    interruptions: list[Interruption] = field(default_factory=list)
    seconds: float = 0
    dropped: int = 0
    audit: dict[str, Any] = field(default_factory=dict)
    results: list[dict[str, Any]] = field(default_factory=list)
    stored: list[dict[str, Any]] = field(default_factory=list)
    recorded: list[dict[str, Any]] = field(default_factory=list)
    dispatched: set[str] = field(default_factory=set)
    applied: set[str] = field(default_factory=set)
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def expected(self) -> dict[tuple[str, str], oracle.Revenue]:
        return oracle.windows(self.load.in_time, WINDOW_SECONDS)

    @property
    def orders(self) -> set[str]:
        sales = (*self.load.in_time, *self.load.late)
        return {sale.request_id for sale in sales if not sale.is_return}


@contextmanager
def faulty_pipeline() -> Iterator[Pipeline]:
    with launch.local_aws(server=faulty_aws.SERVER) as running:
        pipeline = Pipeline(TestAws(running), "soak")
        pipeline.deploy(
            ShardCount=SHARDS,
            WindowSeconds=WINDOW_SECONDS,
            AllowedLatenessSeconds=LATENESS_SECONDS,
            BufferIntervalSeconds=1,
        )
        yield pipeline


def tell(pipeline: Pipeline, size: Size, say: Say = lambda text: None) -> Story:
    """Do it all, and gather what came of it; judges nothing."""
    story = Story(pipeline, Load(pipeline, size.stores, size.returns))
    job = FlinkJob(pipeline.aws.running.folder.flink)
    pipeline.run("start-analytics")
    _send_and_interrupt(story, size, job, say)
    _send_late_to_the_stopped(story, job, say)
    _close(story, say)
    story.dropped = sum(one.dropped for one in story.interruptions) + job.late_records_dropped()
    _gather(story, say)
    return story


def _send_and_interrupt(story: Story, size: Size, job: FlinkJob, say: Say) -> None:
    started = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(story.load.send, size.sales, size.rate, seed=1)
        for number, kind in enumerate(size.interruptions, start=1):
            due = size.sales * number // (len(size.interruptions) + 1)
            _wait_for(story.load, due, sending)
            story.interruptions.append(_interrupt(story.pipeline, kind, job))
            say(f"{due:,} sales sent; {kind}: {story.interruptions[-1].seconds:.1f} s")
        sending.result()
    story.seconds = time.monotonic() - started
    say(f"{len(story.load.in_time):,} sales sent in {story.seconds:.0f} s")


def _wait_for(load: Load, count: int, sending: Future[None]) -> None:
    until(lambda: len(load.in_time) >= count or sending.done(), f"{count} sales", 3600)
    if sending.done():
        sending.result()


def _interrupt(pipeline: Pipeline, kind: str, job: FlinkJob) -> Interruption:
    dropped = job.late_records_dropped()
    if kind != RESTART:
        return Interruption(kind, job.kill(kind), dropped)
    started = time.monotonic()
    pipeline.run("stop-analytics")
    pipeline.run("start-analytics")
    return Interruption(kind, time.monotonic() - started, dropped)


def _send_late_to_the_stopped(story: Story, job: FlinkJob, say: Say) -> None:
    """Late sales are the first of each shard that a job finds which has begun in a snapshot."""
    dropped, started = job.late_records_dropped(), time.monotonic()
    story.pipeline.run("stop-analytics")
    story.load.send_late(60, seed=2)
    story.load.send(200, rate=200, seed=3)
    story.pipeline.run("start-analytics")
    story.interruptions.append(Interruption(RESTART, time.monotonic() - started, dropped))
    say("stopped, with late sales meanwhile, and started")


def _close(story: Story, say: Say) -> None:
    over = (time.time() // WINDOW_SECONDS + 1) * WINDOW_SECONDS + LATENESS_SECONDS + 1
    until(lambda: time.time() >= over, "the end of the window")
    story.pipeline.beat()
    last = max(end for _, end in story.expected)
    until(
        lambda: any(line["timestamp"] == last for line in story.pipeline.results()),
        "the last window's results",
        300,
    )
    say("the last window is closed")
    for queue in ("DispatchQueueName", "WarehouseQueueName"):
        until(lambda queue=queue: not story.pipeline.waiting(queue), f"an empty {queue}", 900)
    say("dispatch and warehouse are done")


def _gather(story: Story, say: Say) -> None:
    pipeline = story.pipeline
    verified = pipeline.run("verify", "--output=json", exit_code=None)
    story.audit = json.loads(verified, parse_float=Decimal)
    say("verified")
    story.results = pipeline.results()
    story.stored = pipeline.stored("sales_revenue/")
    story.recorded = pipeline.stored("late_events/")
    story.dispatched = _request_ids(pipeline.items("DispatchTableName"))
    story.applied = _request_ids(pipeline.items("AppliedTableName"))
    story.faults = faulty_aws.counted(pipeline.aws.running.folder.path)


def _request_ids(items: list[dict[str, Any]]) -> set[str]:
    return {item["request_id"]["S"] for item in items}
