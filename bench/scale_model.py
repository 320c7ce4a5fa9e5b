"""The system at a rate, on paper: what each part needs, which quotas end, what an hour costs.

Sizes are measured on the producer's events. Every use of a quota is in proportion to the rate.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from statistics import mean
from typing import Any

import scale_facts as facts

from miztiik_events.pipeline import costs

ROOT = Path(__file__).resolve().parents[1]
RATES = (20, 200, 1_000, 10_000, 100_000, 1_000_000)
# Its quotas raised once. At ten times that it would need fourteen times the default of them.
FASTEST_BY_BUS = 10_000

# What an event is, and how much of it each part gets.


@dataclass(frozen=True)
class Mix:
    """What the producer makes by default: shares of all events, and the mean size in bytes.

    Sizes are those of the envelope in which EventBridge hands an event on, and of a result's line.
    """

    sales: float
    orders: float
    counts: float
    sale_bytes: float
    count_bytes: float
    line_bytes: int

    @property
    def invocations(self) -> float:
        """An event that a rule sends to a target is one: to the stream, and to two queues."""
        return self.sales + 2 * self.orders + self.counts

    @property
    def warehouse(self) -> float:
        """The busier of the two consumers: orders, and stock counts."""
        return self.orders + self.counts

    @property
    def event_bytes(self) -> float:
        return self.sales * self.sale_bytes + self.counts * self.count_bytes


@cache
def mix() -> Mix:
    """Measured on 2,000 events of the producer; the same seed gives the same."""
    sys.path.insert(0, str(ROOT / "functions" / "producer"))
    import payload
    from event import INVENTORY, SALES
    from generator import generate

    run = payload.parse({"count": 2_000, "seed": 1}, payload.LONGEST_SECONDS)
    sizes: dict[str, list[int]] = {SALES: [], INVENTORY: []}
    for event in generate(run):
        sizes[event.detail_type].append(len(_envelope(event)))
    sales = 1 - run.inventory_ratio
    return Mix(
        sales=sales,
        orders=sales * (1 - run.return_ratio),
        counts=run.inventory_ratio,
        sale_bytes=mean(sizes[SALES]),
        count_bytes=mean(sizes[INVENTORY]),
        line_bytes=len(result_line()),
    )


def _envelope(event: Any) -> bytes:
    """As EventBridge writes it into the stream and the queues."""
    identifier = event.detail["request_id"]
    envelope = {
        "version": "0",
        "id": identifier,
        "detail-type": event.detail_type,
        "source": event.source,
        "account": "123456789012",
        "time": "2026-11-26T12:00:00Z",
        "region": costs.REGION,
        "resources": [],
        "detail": event.detail,
    }
    return json.dumps(envelope, separators=(",", ":")).encode()


def result_line() -> bytes:
    """A row of sales_revenue in functions/analytics/windows.sql, as the transformer leaves it."""
    per_window = facts.EVENTS_A_SECOND_PER_STORE * facts.WINDOW_SECONDS
    row = {
        "store_id": "store_12345",
        "revenue": 12_120.37,
        "timestamp": "2026-11-26 12:01:00.000",
        "window_start": "2026-11-26 12:00:00.000",
        "orders": per_window,
        "returns": per_window // 10,
        "returned_revenue": 1_212.04,
    }
    return json.dumps(row, separators=(",", ":")).encode() + b"\n"


# Quotas: how many events a second each of them carries.


@dataclass(frozen=True)
class Quota:
    """A limit of AWS or of a template, and what an event a second uses of it."""

    name: str
    limit: float
    unit: str
    use: float
    way_out: str
    source: str

    @property
    def carries(self) -> float:
        """Events a second, when all else is enough."""
        return self.limit / self.use


def quotas() -> list[Quota]:
    """Of the system as it is deployed, in us-east-1; the first to end is first."""
    bus_and_consumers = (_of_the_bus, _of_the_consumers, _of_the_account, _of_the_tables)
    parts = (*bus_and_consumers, _of_the_stream, _of_the_analytics)
    return sorted((quota for part in parts for quota in part()), key=_carries)


def _carries(quota: Quota) -> float:
    return quota.carries


def _of_the_bus() -> Iterator[Quota]:
    yield Quota(
        "EventBridge: invocations",
        18_750,
        "a second",
        mix().invocations,
        "ask for more; above, events are delivered late, not lost",
        facts.EVENTBRIDGE,
    )
    yield Quota(
        "EventBridge: PutEvents",
        10_000,
        "requests a second",
        1 / facts.ENTRIES_PER_CALL,
        "ask for more, or write into Kinesis",
        facts.EVENTBRIDGE,
    )


def _of_the_consumers() -> Iterator[Quota]:
    use = mix().warehouse / facts.EVENTS_A_SECOND_PER_EXECUTION
    yield Quota(
        "`ConsumerConcurrency`, as deployed",
        facts.LEAST_CONCURRENCY,
        "executions",
        use,
        "`-p ConsumerConcurrency=N`; above, the queues grow",
        "../templates/dispatch.yaml",
    )
    yield Quota(
        "Lambda: batches of a queue at once",
        facts.MOST_CONCURRENCY,
        "executions",
        use,
        "write the ten events of a batch at once",
        facts.SQS_SCALING,
    )
    yield Quota(
        "SQS: messages in flight",
        120_000,
        "a queue",
        use * facts.BATCH_SIZE,
        "a second pipeline",
        facts.SQS,
    )


def _of_the_account() -> Iterator[Quota]:
    use = (mix().orders + mix().warehouse) / facts.EVENTS_A_SECOND_PER_EXECUTION
    yield Quota(
        "Lambda: executions of a new account",
        10 - facts.OTHER_EXECUTIONS,
        "executions, of often 10",
        use,
        "ask for 1,000",
        facts.LAMBDA,
    )
    yield Quota(
        "Lambda: executions of an account",
        facts.LAMBDA_EXECUTIONS - facts.OTHER_EXECUTIONS,
        "executions, of 1,000",
        use,
        "ask for more (tens of thousands)",
        facts.LAMBDA,
    )


def _of_the_tables() -> Iterator[Quota]:
    yield Quota(
        "DynamoDB: a table that is new",
        4_000,
        "write units a second",
        2 * mix().warehouse,
        "raise the rate slowly, or warm the table; above, messages wait",
        facts.ON_DEMAND,
    )
    yield Quota(
        "DynamoDB: a table",
        facts.TABLE_WRITES,
        "write units a second",
        2 * mix().warehouse,
        "ask for more, or a second pipeline",
        facts.DYNAMODB,
    )


def _of_the_stream() -> Iterator[Quota]:
    records = facts.SHARD_RECORDS * facts.FILL
    yield Quota(
        "Kinesis: a shard",
        records,
        "records a second, of 1,000",
        mix().sales,
        "`-p ShardCount=N`; above, EventBridge tries again for a day",
        facts.KINESIS,
    )
    yield Quota(
        "`ShardCount` in our templates",
        facts.MOST_SHARDS,
        "shards",
        mix().sales / records,
        "a second pipeline, or another MaxValue",
        "../templates/stream.yaml",
    )
    yield Quota(
        "Kinesis: shards of an account",
        20_000,
        "shards",
        mix().sales / records,
        "ask for more",
        facts.KINESIS,
    )


def _of_the_analytics() -> Iterator[Quota]:
    records = facts.SHARD_RECORDS * facts.FILL
    yield Quota(
        "Managed Flink: parallelism",
        facts.PARALLELISM,
        "subtasks, one a shard",
        mix().sales / records,
        "a second pipeline",
        facts.FLINK,
    )
    yield Quota(
        "Managed Flink: KPUs of an application",
        facts.KPUS,
        "KPUs",
        mix().sales / facts.EVENTS_A_SECOND_PER_KPU,
        "ask for more, or a second pipeline",
        facts.FLINK,
    )
    yield Quota(
        "Firehose: Direct PUT",
        5,
        "MiB a second",
        mix().line_bytes / 2**20 / facts.WINDOW_SECONDS / facts.EVENTS_A_SECOND_PER_STORE,
        "ask for more, or a second pipeline",
        facts.FIREHOSE,
    )


# The system at a rate.


@dataclass(frozen=True)
class Design:
    """What there is of each part, so that nothing is fuller than it should be.

    Up to FASTEST_BY_BUS, events come over the bus. Above, sales are written straight into Kinesis
    and stock counts into the warehouse's queue; the consumers read their orders from the stream,
    and write a whole batch at once. Each pipeline has some of the stores.
    """

    rate: int

    @property
    def is_by_bus(self) -> bool:
        return self.rate <= FASTEST_BY_BUS

    @property
    def stores(self) -> int:
        return max(5, self.rate // facts.EVENTS_A_SECOND_PER_STORE)

    @property
    def sales(self) -> float:
        return self.rate * mix().sales

    @property
    def writes(self) -> float:
        """Write units a second: one for a dispatch note; two each for both of the warehouse's."""
        return self.rate * (mix().orders + 4 * mix().warehouse)

    @property
    def pipelines(self) -> int:
        """As many as their shards, and the busiest of their tables, ask for."""
        by_shards = self._all_shards / facts.MOST_SHARDS
        by_tables = 2 * self.rate * mix().warehouse / facts.TABLE_WRITES
        return math.ceil(max(by_shards, by_tables))

    @property
    def _all_shards(self) -> float:
        bytes_a_second = self.sales * mix().sale_bytes
        fullest = max(self.sales / facts.SHARD_RECORDS, bytes_a_second / facts.SHARD_BYTES)
        return max(1.0, fullest / facts.FILL)

    @property
    def shards(self) -> int:
        """Of each pipeline."""
        return math.ceil(self._all_shards / self.pipelines)

    @property
    def kpus(self) -> int:
        """Of each pipeline, without the one for orchestration: for its subtasks, or its work."""
        by_shards = self.shards / costs.PARALLELISM_PER_KPU
        by_work = self.sales / self.pipelines / facts.EVENTS_A_SECOND_PER_KPU
        return math.ceil(max(by_shards, by_work))

    @property
    def concurrency(self) -> int:
        """Of each consumer, in all pipelines together."""
        busy = self.rate * mix().warehouse / self._events_a_second_per_execution
        return max(facts.LEAST_CONCURRENCY, math.ceil(busy / facts.FILL))

    @property
    def _events_a_second_per_execution(self) -> int:
        return facts.EVENTS_A_SECOND_PER_EXECUTION * (1 if self.is_by_bus else facts.WRITES_AT_ONCE)

    @property
    def accounts(self) -> int:
        """As many as Lambda's default quota asks for."""
        room = facts.LAMBDA_EXECUTIONS - facts.OTHER_EXECUTIONS
        return math.ceil(2 * self.concurrency / room)

    @property
    def catch_up(self) -> float:
        """How many times real time a backlog is read at: as the KPUs or the shards allow."""
        by_kpus = self.kpus * facts.EVENTS_A_SECOND_PER_KPU
        by_shards = self.shards * facts.SHARD_READ_BYTES / mix().sale_bytes
        return min(by_kpus, by_shards) * self.pipelines / self.sales

    @cached_property
    def hourly(self) -> Mapping[str, float]:
        """US dollars an hour, by part."""
        return {
            "Bus, archive": self._bus(),
            "Stream, analytics, alarms": self._stream_and_analytics(),
            "Queues": self._queues(),
            "Functions": self._functions(),
            "Tables": self.writes * 3_600 / 1e6 * facts.WRITE.dollars,
            "Results": self._results(),
        }

    @property
    def total(self) -> float:
        return sum(self.hourly.values())

    def _millions(self, share: float) -> float:
        """Millions an hour of what is that share of all events."""
        return self.rate * share * 3_600 / 1e6

    def _bus(self) -> float:
        if not self.is_by_bus:
            return 0
        gigabytes = self._millions(1) * mix().event_bytes / 1e3
        kept = gigabytes * facts.ARCHIVE_DAYS * 24 * facts.ARCHIVED.dollars / 730
        return self._millions(1) * facts.BUS.dollars + gigabytes * facts.ARCHIVE.dollars + kept

    def _stream_and_analytics(self) -> float:
        of_each = costs.hourly(
            self.shards,
            self.kpus * costs.PARALLELISM_PER_KPU,
            costs.PARALLELISM_PER_KPU,
            costs.REGION,
        )
        put = self._millions(mix().sales) * facts.PUT.dollars
        return self.pipelines * float(of_each.running) + put + self._fan_out()

    def _fan_out(self) -> float:
        """Two consumers that read the stream, and a week of records in place of the archive."""
        if self.is_by_bus:
            return 0
        shards = self.pipelines * self.shards
        gigabytes = self._millions(mix().sales) * mix().sale_bytes / 1e3
        each = shards * facts.FAN_OUT_SHARD.dollars + gigabytes * facts.FAN_OUT.dollars
        return 2 * each + shards * facts.RETENTION.dollars

    def _queues(self) -> float:
        if not self.is_by_bus:
            # Sent, received and deleted in tens.
            return self._millions(mix().counts) * 3 / facts.BATCH_SIZE * facts.QUEUE.dollars
        messages = self._millions(mix().orders + mix().warehouse)
        return messages * (1 + 2 / self._batch) * facts.QUEUE.dollars

    def _functions(self) -> float:
        events = self._millions(mix().orders + mix().warehouse)
        seconds = (
            facts.FUNCTION_GB / self._events_a_second_per_execution * 1e6 * facts.GB_SECOND.dollars
        )
        return events * (facts.INVOCATION.dollars / self._batch + seconds)

    @property
    def _batch(self) -> float:
        """Events in a batch: the busier the executions, the fuller."""
        room = self.concurrency * self._events_a_second_per_execution
        return max(1.0, facts.BATCH_SIZE * self.rate * mix().warehouse / room)

    def _results(self) -> float:
        gigabytes = self.stores * 3_600 / facts.WINDOW_SECONDS * 5 / 1e6
        return gigabytes * facts.DELIVERY.dollars


def ends_on_the_way(rate: int) -> list[Quota]:
    """The quotas that end between the step before and this one, in that order."""
    before = max((one for one in RATES if one < rate), default=0)
    known = quotas() if Design(max(before, RATES[0])).is_by_bus else [_of_the_direct_way()]
    return [quota for quota in known if before <= quota.carries < rate]


def _of_the_direct_way() -> Quota:
    """Pipelines are added as their own quotas ask; this one all pipelines of an account share."""
    return Quota(
        "Lambda: executions of an account",
        facts.LAMBDA_EXECUTIONS - facts.OTHER_EXECUTIONS,
        "executions, of 1,000",
        2 * mix().warehouse / facts.EVENTS_A_SECOND_PER_EXECUTION / facts.WRITES_AT_ONCE,
        "ask for more, or another account",
        facts.LAMBDA,
    )
