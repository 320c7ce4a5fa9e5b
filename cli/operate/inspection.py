"""Looking at a project: every part of it at once, and none holds up or hides another."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Callable, TypeVar, Union

from .. import session
from ..analytics import application, recomputation
from ..cloudformation import history, stacks
from ..cloudformation.stacks import Stack
from ..errors import ConfigurationError
from ..pipeline import costs, data_store, metrics, queues, records, results
from ..pipeline.data_store import LATE_PREFIX
from ..session import translate
from .health import (
    Alarms,
    ApplicationHealth,
    Health,
    Measured,
    QueuesHealth,
    Refused,
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

Seen = TypeVar("Seen")
Outputs = Mapping[str, str]
Answer = Callable[[], Union[Seen, Refused, None]]


def inspect(clients: Clients, project: str) -> Health:
    """The project's health; raises when not even its stacks may be listed."""
    deployed = stacks.of_project(clients.cloudformation, project)
    outputs = stacks.outputs_of(deployed.values())
    names = tuple(deployed)
    with ThreadPoolExecutor(PARALLEL_CALLS) as pool:

        def ask(look: Callable[[Clients, Outputs], Seen], *needed: str) -> Answer[Seen]:
            if not deployed or not all(name in outputs for name in needed):
                return lambda: None
            return pool.submit(allowed, partial(look, clients, outputs)).result

        rows = pool.map(partial(_stack, clients.cloudformation), deployed.values())
        seen = ask(partial(_application, project, application.OUTPUT, deployed), application.OUTPUT)
        again = ask(
            partial(_application, project, recomputation.OUTPUT, deployed), recomputation.OUTPUT
        )
        stream = ask(_stream, stacks.SALES_STREAM)
        measured = ask(_measured, application.OUTPUT, stacks.SALES_STREAM, stacks.DELIVERY_STREAM)
        store = ask(_store, stacks.DATA_STORE)
        waiting = ask(_queues)
        alarms = ask(partial(_alarms, project, names))
        return Health(
            project=project,
            region=clients.region,
            is_local=session.is_local(clients.flink),
            stacks=tuple(rows),
            application=seen(),
            recomputation=again(),
            stream=stream(),
            measured=measured(),
            store=store(),
            queues=waiting(),
            alarms=alarms(),
            cost=_cost(clients.region, seen(), stream()),
        )


def application_health(
    flink: KinesisAnalyticsV2Client, stack: Stack, output: str = application.OUTPUT
) -> ApplicationHealth:
    """The health of the application that is this output of the stack."""
    found = application.describe(flink, stack.outputs[output])
    return ApplicationHealth(
        name=found.name,
        status=found.status,
        version=found.version,
        parallelism=found.parallelism,
        parallelism_per_kpu=found.parallelism_per_kpu,
        # While the stack is updated, it may be ahead of its application.
        has_deployed_code=stack.is_busy or found.has_code_of(stack.parameters),
        operation=application.newest_change(flink, found.name),
    )


def allowed(look: Callable[[], Seen]) -> Seen | Refused:
    """What the look sees, or AWS's refusal; raises ConfigurationError for credentials."""
    from botocore.exceptions import ClientError

    try:
        return look()
    except ClientError as error:
        ours = translate(error)
        # Credentials that are refused are refused to everything.
        if isinstance(ours, ConfigurationError):
            raise ours from error
        return Refused(str(ours))


def _stack(cloudformation: CloudFormationClient, stack: Stack) -> StackHealth:
    progress = None
    if stack.is_busy:
        found = allowed(partial(history.progress, cloudformation, stack))
        progress = None if isinstance(found, Refused) else found
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
    lag = max((one for one in lags if one is not None), default=any_reader)
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


def _queues(clients: Clients, outputs: Outputs) -> QueuesHealth:
    found = queues.messages(clients.sqs, outputs)
    rejected = found.pop(queues.REJECTED, 0)
    return QueuesHealth(rejected, found, queues.failures(clients.sqs, outputs))


def _alarms(project: str, names: tuple[str, ...], clients: Clients, outputs: Outputs) -> Alarms:
    return Alarms(tuple(metrics.ringing(clients.cloudwatch, project, names)))


def _cost(
    region: str,
    seen: ApplicationHealth | Refused | None,
    stream: StreamHealth | Refused | None,
) -> costs.Cost | None:
    if not isinstance(seen, ApplicationHealth) or not isinstance(stream, StreamHealth):
        return None
    return costs.hourly(stream.shards, seen.parallelism, seen.parallelism_per_kpu, region)
