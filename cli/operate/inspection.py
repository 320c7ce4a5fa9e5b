"""Looking at a project: every part of it at once, and none holds up or hides another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Callable, Optional, TypeVar

from .. import session
from ..analytics import application, recomputation
from ..aws_errors import refusal
from ..cloudformation import history, stacks
from ..cloudformation.stacks import Stack
from ..patience import side_by_side
from ..pipeline import costs, data_store, metrics, queues, records, results
from ..pipeline.data_store import LAKE_PREFIX, LATE_PREFIX
from .health import (
    Alarms,
    ApplicationHealth,
    Health,
    LakeHealth,
    Measured,
    QueuesHealth,
    StackHealth,
    StoreHealth,
    StreamHealth,
)

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client

    from ..session import Clients

PARALLEL_CALLS = 8
# How far back the stream is read for its newest record: not far while much comes, so that little
# has to be read, then past the last heartbeat, which comes each minute.
LOOK_BACK_SECONDS = (10, 150)
# Of what was set aside.
A_DAY = timedelta(days=1)

Part = TypeVar("Part")
Outputs = Mapping[str, str]
Answer = Callable[[], Optional[Part]]


def inspect(clients: Clients, project: str) -> Health:
    """The project's health; raises when not even its stacks may be listed."""
    deployed = stacks.of_project(clients.cloudformation, project)
    outputs = stacks.outputs_of(deployed.values())
    names = tuple(deployed)
    refused: dict[str, str] = {}
    with side_by_side(PARALLEL_CALLS) as pool:

        def ask(part: str, look: Callable[[Clients, Outputs], Part], *needed: str) -> Answer[Part]:
            if not deployed or not all(name in outputs for name in needed):
                return lambda: None
            return pool.submit(allowed, partial(look, clients, outputs), part, refused).result

        rows = pool.map(partial(_stack, clients.cloudformation), deployed.values())
        analytics, recomputing = (
            ask(part, partial(_application, project, output, deployed), output)
            for part, output in (
                ("application", application.OUTPUT),
                ("recomputation", recomputation.OUTPUT),
            )
        )
        stream = ask("stream", _stream, stacks.SALES_STREAM)
        measured = ask(
            "measured", _measured, application.OUTPUT, stacks.SALES_STREAM, stacks.DELIVERY_STREAM
        )
        store = ask("store", _store, stacks.DATA_STORE)
        lake = ask("lake", _lake, stacks.LAKE_DELIVERY_STREAM, stacks.DATA_STORE)
        set_aside = ask("set_aside", _set_aside, stacks.DATA_STORE)
        messages = ask("queues", _queues)
        alarms = ask("alarms", partial(_alarms, project, names))
        return Health(
            project=project,
            region=clients.region,
            is_local=session.is_local(clients.flink),
            stacks=tuple(rows),
            application=analytics(),
            recomputation=recomputing(),
            stream=stream(),
            measured=measured(),
            store=store(),
            queues=messages(),
            alarms=alarms(),
            cost=_cost(clients.region, analytics(), stream()),
            lake=lake(),
            set_aside=set_aside(),
            outputs=outputs,
            refused=refused,
        )


def application_health(
    flink: KinesisAnalyticsV2Client, stack: Stack, output: str = application.OUTPUT
) -> ApplicationHealth:
    """The health of the application that is this output of the stack."""
    described = application.describe(flink, stack.outputs[output])
    return ApplicationHealth(
        name=described.name,
        status=described.status,
        version=described.version,
        parallelism=described.parallelism,
        parallelism_per_kpu=described.parallelism_per_kpu,
        # While the stack is updated, it may be ahead of its application.
        has_deployed_code=stack.is_busy or described.has_code_of(stack.parameters),
        operation=application.newest_change(flink, described.name),
    )


def allowed(look: Callable[[], Part], name: str, refused: dict[str, str]) -> Part | None:
    """What the look sees; None when AWS refuses it, whose answer is `refused` under this name.

    Raises ConfigurationError for credentials.
    """
    from botocore.exceptions import ClientError

    try:
        return look()
    except ClientError as error:
        refused[name] = str(refusal(error))
        return None


def _stack(cloudformation: CloudFormationClient, stack: Stack) -> StackHealth:
    progress = None
    if stack.is_busy:
        progress = allowed(partial(history.progress, cloudformation, stack), stack.name, {})
    return StackHealth(
        stack.name, stack.status, stack.reason, stack.updated, stack.has_failed, progress
    )


def _application(
    project: str, output: str, deployed: Mapping[str, Stack], clients: Clients, outputs: Outputs
) -> ApplicationHealth:
    stack = stacks.with_output(deployed.values(), output, project)
    return application_health(clients.flink, stack, output)


def _stream(clients: Clients, outputs: Outputs) -> StreamHealth:
    name = outputs[stacks.SALES_STREAM]
    shards = [shard for shard in records.shards(clients.kinesis, name) if shard.is_open]
    newest = None
    for seconds in LOOK_BACK_SECONDS:
        since = datetime.now(timezone.utc) - timedelta(seconds=seconds)
        recent = records.read(clients.kinesis, name, shards, since)
        newest = max((record.arrival for record in recent), default=None)
        if newest:
            break
    deployed = outputs.get(stacks.SHARDS, "")
    return StreamHealth(name, len(shards), newest, int(deployed) if deployed.isdecimal() else None)


def _measured(clients: Clients, outputs: Outputs) -> Measured:
    own = metrics.refined(clients.cloudwatch, metrics.lag(outputs[application.OUTPUT]))
    age = metrics.iterator_age(outputs[stacks.SALES_STREAM])
    freshness = metrics.freshness(outputs[stacks.DELIVERY_STREAM])
    *lags, any_reader, fresh = metrics.newest(clients.cloudwatch, [*own, age, freshness])
    lag = max((lag for lag in lags if lag is not None), default=any_reader)
    return Measured(lag, fresh)


def _store(clients: Clients, outputs: Outputs) -> StoreHealth:
    bucket = outputs[stacks.DATA_STORE]
    last = data_store.newest(clients.s3, bucket, results.PREFIX)
    today = f"{LATE_PREFIX}{datetime.now(timezone.utc):%Y/%m/%d/}"
    return StoreHealth(
        bucket=bucket,
        last_key=last["Key"] if last else None,
        last_written=last["LastModified"] if last else None,
        late_prefix=today,
        late_objects=data_store.count(clients.s3, bucket, today),
    )


def _lake(clients: Clients, outputs: Outputs) -> LakeHealth:
    # By day and hour.
    last = data_store.newest(clients.s3, outputs[stacks.DATA_STORE], LAKE_PREFIX, levels=2)
    freshness = metrics.freshness(outputs[stacks.LAKE_DELIVERY_STREAM])
    return LakeHealth(
        last_key=last["Key"] if last else None,
        last_written=last["LastModified"] if last else None,
        freshness_seconds=metrics.newest(clients.cloudwatch, [freshness])[0],
    )


def _set_aside(clients: Clients, outputs: Outputs) -> dict[str, int]:
    since = datetime.now(timezone.utc) - A_DAY
    return data_store.set_aside(clients.s3, outputs[stacks.DATA_STORE], since)


def _queues(clients: Clients, outputs: Outputs) -> QueuesHealth:
    dead_letters = queues.messages(clients.sqs, outputs)
    rejected = dead_letters.pop(queues.REJECTED, 0)
    return QueuesHealth(rejected, dead_letters, queues.failures(clients.sqs, outputs))


def _alarms(project: str, names: tuple[str, ...], clients: Clients, outputs: Outputs) -> Alarms:
    alarms = metrics.alarms(clients.cloudwatch, project, names)
    states = Counter(alarm.state for alarm in alarms)
    ringing = tuple(alarm for alarm in alarms if alarm.state == "ALARM")
    return Alarms(ringing, well=states["OK"], without_data=states["INSUFFICIENT_DATA"])


def _cost(
    region: str, application: ApplicationHealth | None, stream: StreamHealth | None
) -> costs.Cost | None:
    if not application or not stream:
        return None
    return costs.hourly(
        stream.shards, application.parallelism, application.parallelism_per_kpu, region
    )
