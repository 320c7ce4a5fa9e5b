"""The demonstration: the whole pipeline on an AWS on this machine, from nothing to nothing.

Every step is the one that is taken on AWS as well, by the same code.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from .analytics import application, lifecycle
from .audit import audit as auditing
from .cloudformation import stacks
from .cloudformation.progress import ProgressEvent, StackDone, line
from .deploy import deployment, project
from .deploy.project import Settings
from .destroy import inventory, teardown
from .local import launch
from .patience import Patience
from .pipeline import producer, results
from .pipeline.data_store import Folder
from .pipeline.results import Collection, Row
from .session import connect

if TYPE_CHECKING:
    import boto3

    from .audit.audit import Audit

SETTINGS = Settings({"WindowSeconds": "10", "BufferIntervalSeconds": "1"})
# Far more than any step takes; what takes longer hangs.
PATIENCE_SECONDS = 600.0
POLL_SECONDS = 0.5

Say = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """What came of it: the producer's message, the results, the audit, the seconds of each step."""

    produced: Mapping[str, Any]
    rows: Sequence[Row]
    audit: Audit
    seconds: Mapping[str, float]


@dataclass
class _Steps:
    """Says each step, and what happens in it, with the time since the start."""

    say: Say
    seconds: dict[str, float] = field(default_factory=dict)
    _started: float = field(default_factory=time.monotonic)

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[Say]:
        begun = time.monotonic()
        self._tell(name)
        yield lambda text: self._tell(f"  {text}")
        self.seconds[name] = time.monotonic() - begun

    def _tell(self, text: str) -> None:
        self.say(f"{time.monotonic() - self._started:6.1f} s  {text}")


def demonstrate(name: str, payload: Mapping[str, Any], say: Say) -> Outcome:
    """Start an AWS, deploy, start, produce, verify, destroy; nothing is left of it.

    `say` gets lines of progress. What fails on the way is raised as the step raises it.
    """
    steps = _Steps(say)
    with contextlib.ExitStack() as running:
        with steps.step("Start an AWS on this machine"):
            aws = running.enter_context(launch.local_aws())
            running.enter_context(aws.in_effect())
            session = connect()
        with steps.step("Deploy the stacks") as tell:
            draft = project.draft(name, SETTINGS).beside(session)
            outputs = deployment.deploy(session, draft, _stacks_only(tell))
        with steps.step("Start the analytics application") as tell:
            _start(session, outputs[application.OUTPUT], tell)
        folder = Folder(session.client("s3"), outputs[stacks.DATA_STORE], results.PREFIX)
        shop = _Shop(session, outputs, folder)
        with steps.step("Produce, and see windows close") as tell:
            produced = shop.sell(payload, tell)
        with steps.step("Close the last window") as tell:
            shop.close_last_window(tell)
        with steps.step("Verify") as tell:
            audit = auditing.audit(session, name, listener=tell)
            shop.look(tell)
        with steps.step("Destroy the stacks") as tell:
            teardown.destroy(session, inventory.take(session, name), _stacks_only(tell))
        with steps.step("Stop the AWS on this machine"):
            running.close()
    return Outcome(produced, shop.rows, audit, steps.seconds)


def _start(session: boto3.session.Session, name: str, tell: Say) -> None:
    flink, logs = session.client("kinesisanalyticsv2"), session.client("logs")
    lifecycle.start(flink, logs, name, Patience(PATIENCE_SECONDS), tell)


def _stacks_only(tell: Say) -> Callable[[ProgressEvent], None]:
    def listen(event: ProgressEvent) -> None:
        if isinstance(event, StackDone):
            tell(line(event))

    return listen


@dataclass
class _Shop:
    """The stores, and the eye that is kept on their results."""

    session: boto3.session.Session
    outputs: Mapping[str, str]
    folder: Folder
    _collection: Collection = field(default_factory=Collection)

    @property
    def rows(self) -> list[Row]:
        all_rows = (row for rows in self._collection.rows.values() for row in rows)
        return sorted(all_rows, key=results.order)

    def sell(self, payload: Mapping[str, Any], tell: Say) -> dict[str, Any]:
        """Have the producer produce, and tell of the windows that close meanwhile."""
        client = self.session.client("lambda", config=producer.client_config())
        function = self.outputs[stacks.PRODUCER]
        answer = _in_background(lambda: producer.invoke(client, function, payload))
        self._watch_until(answer.done, tell)
        message = answer.result()
        tell(f"{message['record_count']:,} events, {message['events_per_second']:g} a second")
        return message

    def close_last_window(self, tell: Say) -> None:
        """By a heartbeat: the next one by its schedule may be a minute away."""
        flink = self.session.client("kinesisanalyticsv2")
        windowing = application.describe(flink, self.outputs[application.OUTPUT]).windowing
        window = windowing.window(round(time.time() * 1000))
        over = windowing.closes(window) / 1000
        self._watch_until(lambda: time.time() >= over, tell)
        self.session.client("lambda").invoke(FunctionName=self.outputs[stacks.HEARTBEAT])
        tell("heartbeat sent")

    def look(self, tell: Say) -> None:
        """Tell of the results that are new, a line a window."""
        fresh = self._collection.add(self.folder.fresh())
        for end, rows in groupby(fresh, key=lambda row: row.timestamp):
            stores = "  ".join(f"{row.store_id} {row.revenue:,.2f}" for row in rows)
            tell(f"window until {end[11:19]}  {stores}")

    def _watch_until(self, over: Callable[[], bool], tell: Say) -> None:
        while not over():
            self.look(tell)
            time.sleep(POLL_SECONDS)


def _in_background(work: Callable[[], dict[str, Any]]) -> Future[dict[str, Any]]:
    """The work's result to come. Ctrl-C must not wait for it, as it would with a thread pool."""
    future: Future[dict[str, Any]] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future
