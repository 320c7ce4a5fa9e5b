"""How a project is: what was seen of each of its parts, and what of it needs a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..analytics.application import Operation
from ..analytics.shards import Mismatch, mismatch
from ..cloudformation.history import StackProgress
from ..pipeline.costs import Cost
from ..pipeline.metrics import Alarm
from ..text import counted

# What the lake's enrichment takes for no sale is here; the analytics has recorded it as malformed.
MALFORMED = "failed/lake/processing-failed/"
# It is not at rest and does not run, and does not come to run without a person.
BROKEN = ("FORCE_STOPPING", "ROLLING_BACK", "ROLLED_BACK")


@dataclass(frozen=True)
class StackHealth:
    """A stack; `progress` is None when no operation is under way in it."""

    name: str
    status: str
    reason: str
    updated: datetime
    has_failed: bool
    progress: StackProgress | None


@dataclass(frozen=True)
class ApplicationHealth:
    """The analytics application, and the last operation that changed its state.

    Without `has_deployed_code` its code is not what its stack was deployed with.
    """

    name: str
    status: str
    version: int
    parallelism: int
    parallelism_per_kpu: int
    has_deployed_code: bool
    operation: Operation | None

    @property
    def since(self) -> datetime | None:
        """When it came into its state; None when nothing was ever done with it."""
        return (self.operation.ended or self.operation.started) if self.operation else None

    @property
    def rests(self) -> bool:
        return self.status == "READY"

    @property
    def problem(self) -> str:
        """What is wrong with it, in a few words; empty when all is well. To rest is well."""
        if self.status in BROKEN:
            return f"it is {self.status}"
        last = self.operation
        if not self.has_deployed_code:
            return "it does not run the code that was deployed"
        # An update that failed at rest left it as it was, and CloudFormation told who asked for it.
        if self.rests and last and last.status == "FAILED" and last.name == "StartApplication":
            return f"its last {last.name} failed"
        return ""


@dataclass(frozen=True)
class StreamHealth:
    """The stream; `newest` is when its last record came, None when that is minutes ago.

    `shards` are those that are open, `deployed_shards` is how many its stack gave it.
    """

    name: str
    shards: int
    newest: datetime | None
    deployed_shards: int | None = None


@dataclass(frozen=True)
class StoreHealth:
    """The data store: the last object with results, and the objects with late events of a day."""

    bucket: str
    last_key: str | None
    last_written: datetime | None
    late_prefix: str
    late_objects: int


@dataclass(frozen=True)
class LakeHealth:
    """The lake: its newest file, and how old the oldest sale is that is not in it, if known."""

    last_key: str | None
    last_written: datetime | None
    freshness_seconds: float | None


@dataclass(frozen=True)
class Measured:
    """What CloudWatch says: how far the application and the delivery are behind, or None."""

    lag_milliseconds: float | None
    freshness_seconds: float | None


@dataclass(frozen=True)
class QueuesHealth:
    """About how many messages are in the queues, by the queue's or the function's name."""

    rejected: int
    dead_letters: Mapping[str, int]
    failed_calls: Mapping[str, int]


@dataclass(frozen=True)
class Alarms:
    """Those that ring, how many are well, and how many have seen nothing measured so far."""

    ringing: tuple[Alarm, ...]
    well: int = 0
    without_data: int = 0


@dataclass(frozen=True)
class Health:
    """A project as it is now; a part is None when it is not deployed, or not to be seen.

    `outputs` are those of all its stacks. `set_aside` are the objects of what Firehose could not
    process in a day, by their folder. `refused` has AWS's answer for each part that it
    did not let us see, by the part's name here.
    """

    project: str
    region: str
    is_local: bool
    stacks: tuple[StackHealth, ...]
    application: ApplicationHealth | None
    recomputation: ApplicationHealth | None
    stream: StreamHealth | None
    measured: Measured | None
    store: StoreHealth | None
    queues: QueuesHealth | None
    alarms: Alarms | None
    cost: Cost | None
    lake: LakeHealth | None = None
    set_aside: Mapping[str, int] | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is unhealthy, each in a few words."""
        return tuple(_problems(self))

    @property
    def mismatch(self) -> Mismatch | None:
        """How shards and subtasks do not fit; None while a deploy may be changing them."""
        stream, application = self.stream, self.application
        if not stream or not application or any(stack.progress for stack in self.stacks):
            return None
        return mismatch(stream.name, stream.shards, stream.deployed_shards, application.parallelism)

    @property
    def state(self) -> Any:
        """What a person waits for a change of: everything but times, ages and rates."""
        return (
            [(s.name, s.status, s.progress and s.progress.done) for s in self.stacks],
            [part and part.status for part in (self.application, self.recomputation)],
            self.mismatch,
            self.queues,
            self.set_aside,
            self.alarms,
            self.refused,
        )


def _problems(health: Health) -> Iterator[str]:
    for stack in health.stacks:
        if stack.has_failed:
            yield f"stack {stack.name} is {stack.status}"
    both = {"analytics": health.application, "recomputation": health.recomputation}
    for name, application in both.items():
        if application and application.problem:
            yield f"the {name} application: {application.problem}"
    if health.mismatch:
        yield health.mismatch.problem
    if health.queues:
        for name, count in health.queues.dead_letters.items():
            if count:
                yield f"{counted(count, 'dead letter')} in {name}"
        for name, count in health.queues.failed_calls.items():
            if count:
                yield f"{counted(count, 'failed call')} of {name}"
    for folder, count in (health.set_aside or {}).items():
        if folder != MALFORMED:
            yield f"{counted(count, 'object')} in {folder}"
    if health.alarms:
        for alarm in health.alarms.ringing:
            yield f"alarm {alarm.name}"
