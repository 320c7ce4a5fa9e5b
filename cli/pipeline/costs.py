"""What the system costs by the hour, from a table of AWS's published prices and its date.

Only what is billed by time is in it. The rest is billed by use, and costs next to nothing when
there are no events: EventBridge, Lambda, Firehose, SQS, S3, DynamoDB, logs. A dashboard costs
nothing either while the account has no more than three of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

AS_OF = "2026-11-24"
REGION = "us-east-1"
# The alarms in templates/operations.yaml and templates/event-alarms.yaml, the lake's too, and the
# metrics that they watch: one on an expression is billed by each of its metrics.
ALARMS = 18
ALARM_METRICS = 23
# Of the application in templates/analytics.yaml.
PARALLELISM_PER_KPU = 4
_HOURS_PER_MONTH = 730


@dataclass(frozen=True)
class Prices:
    """In US dollars, without tax and without the free tier."""

    kpu_hour: Decimal
    shard_hour: Decimal
    alarm_month: Decimal
    scanned_terabyte: Decimal


# By region. From https://aws.amazon.com/managed-service-apache-flink/pricing,
# https://aws.amazon.com/kinesis/data-streams/pricing (provisioned),
# https://aws.amazon.com/cloudwatch/pricing (standard resolution) and
# https://aws.amazon.com/athena/pricing (SQL queries).
TABLE = {REGION: Prices(Decimal("0.11"), Decimal("0.015"), Decimal("0.10"), Decimal(5))}
# What Athena bills a query: whole megabytes, ten at least.
_MB, _LEAST_SCANNED_MB, _MB_PER_TB = 1 << 20, 10, 1 << 20


@dataclass(frozen=True)
class Cost:
    """US dollars an hour: while the analytics application runs, and while it is stopped.

    Without `region_known` the table has no prices of the region, and these are those of us-east-1.
    """

    running: Decimal
    stopped: Decimal
    as_of: str
    region: str
    region_known: bool

    @property
    def analytics(self) -> Decimal:
        """What the application alone costs while it runs."""
        return self.running - self.stopped

    @property
    def source(self) -> str:
        """Whose prices these are, and of when."""
        doubt = "" if self.region_known else f"; {self.region} may differ"
        return f"prices of {self.region if self.region_known else REGION}, {self.as_of}{doubt}"

    def __str__(self) -> str:
        """Both costs, in words."""
        return (
            f"about ${self.running:.3f} an hour while the analytics runs, "
            f"${self.stopped:.3f} while it is stopped, and what events use ({self.source})"
        )


def hourly(
    shards: int,
    parallelism: int,
    parallelism_per_kpu: int,
    region: str,
    alarm_metrics: int = ALARM_METRICS,
) -> Cost:
    """What a stream of so many shards, and an application of that parallelism, cost."""
    prices = TABLE.get(region, TABLE[REGION])
    # One KPU more than the application's own is for its orchestration.
    kpus = -(-parallelism // parallelism_per_kpu) + 1
    stopped = shards * prices.shard_hour + alarm_metrics * prices.alarm_month / _HOURS_PER_MONTH
    return Cost(
        running=stopped + kpus * prices.kpu_hour,
        stopped=stopped,
        as_of=AS_OF,
        region=region,
        region_known=region in TABLE,
    )


def query(scanned: int, region: str) -> Decimal:
    """What a query that scanned so many bytes costs, in US dollars; one that scanned none, nothing.

    https://aws.amazon.com/athena/pricing
    """
    if not scanned:
        return Decimal(0)
    megabytes = max(_LEAST_SCANNED_MB, -(-scanned // _MB))
    return megabytes * TABLE.get(region, TABLE[REGION]).scanned_terabyte / _MB_PER_TB
