"""A project with only what an audit looks at, and a stream and a data store filled by hand."""

from __future__ import annotations

import contextlib
import json
import random
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import Decimal
from subprocess import CompletedProcess
from typing import TYPE_CHECKING, Any

import command_line
import oracle
from miztiik_events.destroy import buckets
from waiting import until

if TYPE_CHECKING:
    from conftest import TestAws

WINDOW_SECONDS = 10
LATENESS_SECONDS = 5
SHARDS = 2
TEMPLATE = f"""
Resources:
  Stream:
    Type: AWS::Kinesis::Stream
    Properties: {{ShardCount: {SHARDS}}}
  Bucket:
    Type: AWS::S3::Bucket
  Rejected:
    Type: AWS::SQS::Queue
  DeadLetters:
    Type: AWS::SQS::Queue
  Log:
    Type: AWS::Logs::LogGroup
  Application:
    Type: AWS::KinesisAnalyticsV2::Application
    Properties:
      RuntimeEnvironment: FLINK-1_20
      ServiceExecutionRole: arn:aws:iam::000000000000:role/none
      ApplicationConfiguration:
        ApplicationCodeConfiguration:
          CodeContentType: ZIPFILE
          CodeContent:
            S3ContentLocation: {{BucketARN: !GetAtt Bucket.Arn, FileKey: none}}
        FlinkApplicationConfiguration:
          ParallelismConfiguration: {{ConfigurationType: CUSTOM, Parallelism: {SHARDS}}}
        EnvironmentProperties:
          PropertyGroups:
            - PropertyGroupId: windows
              PropertyMap:
                length.seconds: "{WINDOW_SECONDS}"
                allowed.lateness.seconds: "{LATENESS_SECONDS}"
                first.start: "1970-01-01T00:00:00.000Z"
Outputs:
  SalesStreamName: {{Value: !Ref Stream}}
  FirehoseDataStore: {{Value: !Ref Bucket}}
  RejectedEventsQueueUrl: {{Value: !Ref Rejected}}
  RuleDeadLetterQueueUrl: {{Value: !Ref DeadLetters}}
  AnalyticsApplicationName: {{Value: !Ref Application}}
"""


def envelope(
    detail: Mapping[str, Any], moment: float, kind: str = "sales-events"
) -> dict[str, Any]:
    time_text = f"{datetime.fromtimestamp(int(moment), timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    return {
        "id": str(uuid.uuid4()),
        "detail-type": kind,
        "source": "Miztiik-Automation-Data-Producer",
        "time": time_text,
        "detail": detail,
    }


def sales(
    count: int, seed: int, over: tuple[float, float], stores: int = 5
) -> list[dict[str, Any]]:
    """Envelopes of sales between two moments."""
    chance = random.Random(seed)
    return [
        envelope(
            {
                "request_id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
                "store_id": f"store_{chance.randint(1, stores)}",
                "sales": chance.randint(0, 99_999) / 100,
                "is_return": chance.random() < 0.2,
            },
            chance.uniform(*over),
        )
        for _ in range(count)
    ]


def result_lines(
    envelopes: Iterable[Mapping[str, Any]], seconds: int = WINDOW_SECONDS
) -> list[dict[str, Any]]:
    """The results that these events have to give in windows of that length, by the oracle."""
    exact = json.loads(json.dumps(list(envelopes)), parse_float=Decimal)
    found = oracle.windows([sale for one in exact if (sale := oracle.sale(one))], seconds)
    return [
        {
            "store_id": store,
            "revenue": revenue.cents / 100,
            "timestamp": end,
            "window_start": _start(end, seconds),
            "orders": revenue.orders,
            "returns": revenue.returns,
            "returned_revenue": revenue.returned_cents / 100,
        }
        for (store, end), revenue in sorted(found.items())
    ]


def _start(end: str, seconds: int) -> str:
    moment = datetime.strptime(f"{end}+0000", "%Y-%m-%d %H:%M:%S.%f%z").timestamp()
    start = datetime.fromtimestamp(moment - seconds, timezone.utc)
    return f"{start:%Y-%m-%d %H:%M:%S.000}"


@contextlib.contextmanager
def audited_project(aws: TestAws) -> Iterator[AuditedProject]:
    """A project of its own, deployed for as long as the block runs."""
    project = AuditedProject(aws, f"audited-{uuid.uuid4().hex[:8]}")
    project.deploy()
    try:
        yield project
    finally:
        project.remove()


@dataclass
class AuditedProject:
    aws: TestAws
    name: str
    outputs: dict[str, str] = field(default_factory=dict)

    def deploy(self) -> None:
        cloudformation, stack = self.aws.client("cloudformation"), f"{self.name}-stream"
        cloudformation.create_stack(StackName=stack, TemplateBody=TEMPLATE)
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName=stack, WaiterConfig={"Delay": 0.2}
        )
        described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        self.outputs = {item["OutputKey"]: item["OutputValue"] for item in described["Outputs"]}

    def remove(self) -> None:
        buckets.empty(self.aws.client("s3"), self.outputs["FirehoseDataStore"])
        self.aws.client("cloudformation").delete_stack(StackName=f"{self.name}-stream")

    def run(self, *arguments: str) -> CompletedProcess[str]:
        """Run a command for this project."""
        return command_line.run(self.aws.environment, *arguments, "--project", self.name)

    def send(self, envelopes: Sequence[Mapping[str, Any] | bytes]) -> list[tuple[str, str]]:
        """Put them into the stream, evenly over the shards; the id of each record."""
        kinesis, ids = self.aws.client("kinesis"), []
        for first in range(0, len(envelopes), 500):
            answer = kinesis.put_records(
                StreamName=self.outputs["SalesStreamName"],
                Records=[
                    {
                        "Data": one if isinstance(one, bytes) else json.dumps(one).encode(),
                        "PartitionKey": str(number),
                    }
                    for number, one in enumerate(envelopes[first : first + 500], first)
                ],
            )
            ids += [(one["ShardId"], one["SequenceNumber"]) for one in answer["Records"]]
        return ids

    def reshard(self, target: int) -> None:
        """Give the stream another number of shards, past its stack."""
        kinesis, name = self.aws.client("kinesis"), self.outputs["SalesStreamName"]
        scaling: dict[str, Any] = {"TargetShardCount": target, "ScalingType": "UNIFORM_SCALING"}
        kinesis.update_shard_count(StreamName=name, **scaling)

        def is_active() -> bool:
            answer = kinesis.describe_stream_summary(StreamName=name)
            return bool(answer["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE")

        until(is_active, "the end of the resharding")

    def beat(self, moment: float | None = None) -> None:
        """A heartbeat in every shard."""
        kinesis, name = self.aws.client("kinesis"), self.outputs["SalesStreamName"]
        for shard in kinesis.list_shards(StreamName=name)["Shards"]:
            heartbeat = envelope({}, moment or time.time(), "heartbeat")
            kinesis.put_record(
                StreamName=name,
                Data=json.dumps(heartbeat).encode(),
                PartitionKey="heartbeat",
                ExplicitHashKey=shard["HashKeyRange"]["StartingHashKey"],
            )

    def store(
        self, lines: Iterable[Mapping[str, Any] | str], prefix: str = "sales_revenue/"
    ) -> str:
        """Write them to the data store as one object; its key."""
        now = datetime.now(timezone.utc)
        key = f"{prefix}{now:%Y/%m/%d/%H}/part-1-{now:%Y-%m-%d-%H-%M-%S}-{uuid.uuid4()}"
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        self.aws.client("s3").put_object(
            Bucket=self.outputs["FirehoseDataStore"],
            Key=key,
            Body="".join(f"{text}\n" for text in texts).encode(),
        )

    def record(self, reason: str, record_id: tuple[str, str]) -> None:
        """Write to the data store that a record is late or malformed."""
        shard_id, sequence_number = record_id
        line = {"reason": reason, "shard_id": shard_id, "sequence_number": sequence_number}
        self.store([line], "late_events/")
