"""Whether account, region and machine are fit for a project: looked at, and nothing is changed."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Literal

from ..aws_errors import refusal, translate
from ..cloudformation import stacks
from ..errors import ConfigurationError
from ..text import counted, span

if TYPE_CHECKING:
    import boto3
    from botocore.exceptions import ClientError

    from ..cloudformation.stacks import Stack

# What a finding comes to; `unknown` is what could not be looked at.
Level = Literal["well", "warning", "wrong", "unknown"]

SERVICES = (
    *("cloudformation", "cloudwatch", "dynamodb", "events", "firehose", "kinesis"),
    *("kinesisanalyticsv2", "lambda", "logs", "s3", "sns", "sqs"),
)
ROLE = "AWS::IAM::Role"
# A clock that is further away is told of; AWS itself refuses what was signed five minutes ago.
CLOCK_SECONDS = 30
SIGNATURE_SECONDS = 300
# https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
RECORDS_PER_SHARD = 1000
ENTRIES_PER_CALL = 10
# By the service's code and the quota's: https://docs.aws.amazon.com/general/latest/gr/ka.html
KPUS = ("kinesisanalytics", "L-3A88E041")
# https://docs.aws.amazon.com/general/latest/gr/ev.html
PUT_EVENTS = ("events", "L-9B653E91")
_REFUSED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError")
_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)")
# Of a service, or an operation, that this AWS does not have; an emulator may say it by the status.
_UNKNOWN = ("UnknownOperationException", "UnknownOperation", "InvalidAction", "400", "404", "501")
_CONSOLE = "ask for more: https://console.aws.amazon.com/servicequotas/home/services"


@dataclass(frozen=True)
class Needs:
    """What a project takes of the account; a value that no template asks for is None.

    `new_shards` are those beyond what the project has. `kpus` are those of its largest application.
    With `builds_jar` the next deploy has Maven build the connectors' jar.
    """

    shards: int | None = None
    new_shards: int | None = None
    kpus: int | None = None
    concurrency: int | None = None
    builds_jar: bool = False


@dataclass(frozen=True)
class Finding:
    """What was found of one thing, and the way out when it is not well."""

    level: Level
    subject: str
    text: str
    next_step: str = ""

    @property
    def needs_care(self) -> bool:
        return self.level in ("warning", "wrong")


def examine(
    session: boto3.session.Session,
    project: str,
    needs_beside: Callable[[list[Stack]], Needs],
) -> Iterator[Finding]:
    """The findings, one by one; `needs_beside` says what the project takes beside these stacks.

    Raises ConfigurationError when AWS is out of reach, or does not know the credentials.
    """
    yield from _identity(session)
    yield _region(session)
    everything: list[Stack] = []
    found = looked("stacks", lambda: _stacks(session, project, everything))
    yield found
    needs = needs_beside(everything)
    yield from _quotas(session, needs)
    if found.level == "well":
        deployed = stacks.belonging(everything, project)
        yield looked("roles", lambda: _roles(session, deployed))
    if needs.builds_jar:
        yield from _builders(os.environ)


def looked(subject: str, look: Callable[[], Finding]) -> Finding:
    """What was found; that it could not be looked at is a finding too."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return look()
    except ClientError as error:
        ours = refusal(error)
        return Finding("unknown", subject, f"could not be looked at: {_why(error) or ours}")
    except BotoCoreError as error:
        return Finding("wrong", subject, str(translate(error)))


def _why(error: ClientError) -> str:
    code = error.response["Error"].get("Code", "")
    if code in _REFUSED:
        named = _ACTION.search(error.response["Error"].get("Message", ""))
        return f"needs {named[1] if named else error.operation_name}"
    return f"this AWS has no {error.operation_name}" if code in _UNKNOWN else ""


def _identity(session: boto3.session.Session) -> Iterator[Finding]:
    from botocore.exceptions import ClientError

    before = datetime.now(timezone.utc)
    try:
        answer: Any = session.client("sts").get_caller_identity()
    except ClientError as error:
        late = _clock_error(error.response, before)
        if abs(late) >= SIGNATURE_SECONDS:
            raise ConfigurationError(f"{_of_clock(late)}, and AWS refuses it. Set it") from error
        raise
    middle = before + (datetime.now(timezone.utc) - before) / 2
    yield Finding("well", "credentials", f"{answer['Arn']} in account {answer['Account']}")
    yield clock(_clock_error(answer, middle))


def _clock_error(answer: Mapping[str, Any], now: datetime) -> float:
    """By how many seconds our clock is ahead of the answer's; 0 when that tells no time."""
    told = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return (now - parsedate_to_datetime(told)).total_seconds() if told else 0.0


def _of_clock(seconds: float) -> str:
    where = "ahead of" if seconds > 0 else "behind"
    return f"this machine's clock is {span(abs(seconds))} {where} AWS's"


def clock(seconds: float) -> Finding:
    """The finding on a clock that is so much ahead of AWS's."""
    if abs(seconds) <= CLOCK_SECONDS:
        return Finding("well", "clock", f"within {CLOCK_SECONDS} s of AWS's")
    limit = f"from {span(SIGNATURE_SECONDS)} on, AWS refuses all calls"
    return Finding("warning", "clock", f"{_of_clock(seconds)}; {limit}", "set the clock")


def _region(session: boto3.session.Session) -> Finding:
    from botocore.exceptions import UnknownRegionError

    region = session.region_name
    try:
        partition = session.get_partition_for_region(region)
    except UnknownRegionError:
        partition = "aws"
    missing = [
        one for one in SERVICES if region not in session.get_available_regions(one, partition)
    ]
    if not missing:
        return Finding("well", "region", f"{region} has all {len(SERVICES)} services")
    return Finding(
        "warning",
        "region",
        f"boto3 knows no {', '.join(missing)} in {region}",
        "update boto3, or choose another --region",
    )


def _stacks(session: boto3.session.Session, project: str, everything: list[Stack]) -> Finding:
    everything += stacks.every_live(session.client("cloudformation"))
    count = len(stacks.belonging(everything, project))
    text = f"{counted(count, 'stack')} of project {project}" if count else "not deployed yet"
    return Finding("well", "stacks", text)


def _quotas(session: boto3.session.Session, needs: Needs) -> Iterator[Finding]:
    if needs.new_shards is not None:
        look = partial(shard_quota, session.client("kinesis"), needs.new_shards)
        yield looked("shards", look)
    quotas = session.client("service-quotas")
    if needs.kpus is not None:
        yield looked("KPUs", partial(kpu_quota, quotas, needs.kpus))
    if needs.concurrency is not None:
        look = partial(concurrency_quota, session.client("lambda"), needs.concurrency)
        yield looked("concurrency", look)
    if needs.shards is not None:
        yield looked("PutEvents", partial(put_events_quota, quotas, needs.shards))


def shard_quota(kinesis: Any, new_shards: int) -> Finding:
    """Whether the account has room for so many shards more."""
    limits = kinesis.describe_limits()
    limit, used = limits["ShardLimit"], limits["OpenShardCount"]
    text = f"{used:,} of {limit:,} shards are in use; this project needs {new_shards:,} more"
    is_enough = limit - used >= new_shards
    return _quota("shards", text, f"{_CONSOLE}/kinesis/quotas", is_enough=is_enough)


def kpu_quota(quotas: Any, kpus: int) -> Finding:
    """Whether an application may have so many KPUs."""
    limit = _value(quotas, *KPUS)
    text = f"an application may have {limit:,.0f} KPUs; the largest here needs {kpus:,}"
    next_step = f"{_CONSOLE}/{'/quotas/'.join(KPUS)}"
    return _quota("KPUs", text, next_step, is_enough=limit >= kpus)


def concurrency_quota(functions: Any, needed: int) -> Finding:
    """Whether so many functions may run at once, beside what the account has reserved."""
    limit = functions.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
    text = f"{limit:,} functions may run at once; this project needs {needed:,}"
    next_step = f"{_CONSOLE}/lambda/quotas, or deploy -p ConsumerConcurrency=2"
    return _quota("concurrency", text, next_step, is_enough=limit >= needed)


def put_events_quota(quotas: Any, shards: int) -> Finding:
    """Whether the bus takes as much as the stream does behind it."""
    limit = _value(quotas, *PUT_EVENTS)
    records = shards * RECORDS_PER_SHARD
    text = (
        f"the bus takes {limit:,.0f} calls a second, of {ENTRIES_PER_CALL} events each; "
        f"the stream takes {records:,} events"
    )
    next_step = f"{_CONSOLE}/{'/quotas/'.join(PUT_EVENTS)}"
    return _quota("PutEvents", text, next_step, is_enough=limit * ENTRIES_PER_CALL >= records)


def _quota(subject: str, text: str, next_step: str, *, is_enough: bool) -> Finding:
    return (
        Finding("well", subject, text) if is_enough else Finding("wrong", subject, text, next_step)
    )


def _value(quotas: Any, service: str, code: str) -> float:
    """The account's quota, or the default where nobody has asked for another one."""
    asked = {"ServiceCode": service, "QuotaCode": code}
    try:
        answer = quotas.get_service_quota(**asked)
    except quotas.exceptions.NoSuchResourceException:
        answer = quotas.get_aws_default_service_quota(**asked)
    return float(answer["Quota"]["Value"])


def _roles(session: boto3.session.Session, deployed: Mapping[str, Stack]) -> Finding:
    """Whether the stacks' roles are there.

    No other is needed: by the Service Authorization Reference, no action that the templates take
    makes a service-linked role.
    """
    if not deployed:
        return Finding("well", "roles", "none has to be there before: deploy creates them")
    client, iam = session.client("cloudformation"), session.client("iam")
    names = [
        resource.physical_id
        for stack in deployed.values()
        for resource in stacks.resources(client, stack)
        if resource.type == ROLE and resource.is_there
    ]
    missing = [name for name in names if not _exists(iam, name)]
    if not missing:
        return Finding("well", "roles", f"all {len(names)} are there")
    next_step = "destroy the stacks that had them, and deploy: no update brings them back"
    return Finding("wrong", "roles", f"deleted past the stacks: {', '.join(missing)}", next_step)


def _exists(iam: Any, role: str) -> bool:
    try:
        iam.get_role(RoleName=role)
    except iam.exceptions.NoSuchEntityException:
        return False
    return True


def _builders(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Maven, and the Java that it runs on: the next deploy has it build the connectors' jar."""
    home, path = environment.get("JAVA_HOME"), environment.get("PATH", "")
    java = shutil.which(str(Path(home, "bin", "java")) if home else "java", path=path)
    for name, found, package in (
        ("Maven", shutil.which("mvn", path=path), "maven"),
        ("Java", java, "default-jre-headless"),
    ):
        if found:
            yield Finding("well", name, f"{found}, for the jar that deploy builds once")
        else:
            text = "not on this machine; deploy builds a jar with it, once"
            yield Finding("wrong", name, text, f"install it (Debian: apt-get install {package})")
