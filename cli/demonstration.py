"""The demonstration: the whole pipeline on an AWS on this machine, from nothing to nothing.

Every step is the one that is taken on AWS as well, by the same code. Nothing waits for what it does
not need: the stores sell while the analytics application still starts, and the stream keeps what
they sold.
"""

from __future__ import annotations

import contextlib
import textwrap
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
from .dashboard import assets
from .deploy import deployment, project
from .deploy.project import Settings
from .destroy import inventory, teardown
from .errors import ConfigurationError, MiztiikError
from .local import launch
from .patience import Patience
from .pipeline import producer, results
from .pipeline.data_store import Folder
from .pipeline.results import Collection, Row
from .session import connect
from .text import counted

if TYPE_CHECKING:
    from pathlib import Path

    import boto3

    from .audit.audit import Audit
    from .local.folder import Folder as LocalFolder
    from .local.launch import LocalAws

WINDOW_SECONDS = 5
SETTINGS = Settings({"WindowSeconds": str(WINDOW_SECONDS), "BufferIntervalSeconds": "1"})
# Far more than any step takes; what takes longer hangs.
PATIENCE_SECONDS = 600.0
POLL_SECONDS = 0.5

Say = Callable[[str], None]

# Each step, and what it does and why: by the latter, `--explain` makes a lesson of it.
START_AWS = "Start an AWS on this machine"
DEPLOY = "Deploy the stacks"
START_ANALYTICS = "Start the analytics application"
SEE = "Produce, and see windows close"
CLOSE = "Close the last window"
VERIFY = "Verify"
KEEP_PAGE = "Keep the page"
DESTROY = "Destroy the stacks"
STOP_AWS = "Stop the AWS on this machine"
EXPLANATIONS = {
    START_AWS: "An emulator that listens on 127.0.0.1 alone stands in for AWS; what it lacks is"
    " filled in, the data plane of Managed Flink by a real Flink.",
    DEPLOY: "CloudFormation makes a stack of each template. A parameter gets the output of its"
    " name, and stacks that do not need each other are made side by side.",
    START_ANALYTICS: "CloudFormation only creates the application; a Flink cluster has to start and"
    " plan its SQL. The stores sell already: producers do not know who listens, and the stream"
    " keeps each event until somebody reads it.",
    SEE: "Each sale belongs to the window in which it happened (a tumbling window of"
    f" {WINDOW_SECONDS} s). A window closes, and its revenue is a result, once the watermark is"
    " past its end: then no sale can come that is not late.",
    CLOSE: "Time moves on by events alone. A heartbeat, here sent at once instead of once a minute,"
    " moves the watermark past the end of the last window.",
    VERIFY: "The revenue of each window and store is computed again, from the raw events that the"
    " stream still has, and compared with the results to the cent.",
    KEEP_PAGE: "The page of the sales as one file that needs nothing else, for a mail or a bucket.",
    DESTROY: "The application stops, the buckets are emptied, and each stack is deleted once no"
    " other needs it.",
    STOP_AWS: "The emulator and all that it started end, and their folder goes.",
}


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
    explains: bool = False
    seconds: dict[str, float] = field(default_factory=dict)
    _started: float = field(default_factory=time.monotonic)

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[Say]:
        begun = time.monotonic()
        self._tell(name)
        if self.explains:
            self.say(textwrap.indent(textwrap.fill(EXPLANATIONS[name], 67), " " * 10))
        yield lambda text: self._tell(f"  {text}")
        self.seconds[name] = time.monotonic() - begun

    def _tell(self, text: str) -> None:
        self.say(f"{time.monotonic() - self._started:6.1f} s  {text}")


def demonstrate(
    name: str,
    payload: Mapping[str, Any],
    say: Say,
    *,
    explains: bool = False,
    kept_in: LocalFolder | None = None,
    pages: Path | None = None,
) -> Outcome:
    """Start an AWS, deploy, start, produce, verify, destroy; nothing is left of it.

    The sales are to be seen on a page meanwhile, which is kept in the folder `pages` if one is
    given. With `kept_in`, the AWS of that folder is started for it, and everything is left running.
    `say` gets lines of progress. What fails on the way is raised as the step raises it, and then
    nothing is left in either case.
    """
    steps = _Steps(say, explains)
    with contextlib.ExitStack() as running:
        with steps.step(START_AWS):
            aws = running.enter_context(_aws(kept_in))
            running.enter_context(aws.in_effect())
            session = connect()
        with steps.step(DEPLOY) as tell:
            draft = project.draft(name, SETTINGS).beside(session)
            outputs = deployment.deploy(session, draft, _stacks_only(tell))
            running.enter_context(_page(session, name, tell))
        shop = _Shop.open(session, outputs, payload)
        produced = _sell(steps, shop)
        audit = _prove(steps, shop, name, pages)
        if kept_in is None:
            with steps.step(DESTROY) as tell:
                teardown.destroy(session, inventory.take(session, name), _stacks_only(tell))
            with steps.step(STOP_AWS):
                running.close()
    return Outcome(produced, shop.rows, audit, steps.seconds)


def _sell(steps: _Steps, shop: _Shop) -> Mapping[str, Any]:
    """The producer's message, when every window has closed."""
    with steps.step(START_ANALYTICS) as tell:
        tell("the stores sell already; the stream keeps their events")
        _start(shop.session, shop.outputs[application.OUTPUT], tell)
    with steps.step(SEE) as tell:
        produced = shop.sell(tell)
    with steps.step(CLOSE) as tell:
        shop.close_last_window(tell)
    return produced


def _prove(steps: _Steps, shop: _Shop, name: str, pages: Path | None) -> Audit:
    with steps.step(VERIFY) as tell:
        audit = auditing.audit(shop.session, name, listener=tell)
        shop.look(tell)
    if pages:
        with steps.step(KEEP_PAGE) as tell:
            _keep_page(shop.session, name, pages, tell)
    return audit


@contextlib.contextmanager
def _aws(kept_in: LocalFolder | None) -> Iterator[LocalAws]:
    if kept_in is None:
        with launch.local_aws() as aws:
            yield aws
        return
    aws, is_new = launch.start(kept_in)
    if not is_new:
        raise ConfigurationError(
            "An AWS already runs on this machine for this folder, and what is on it is not touched."
            " Next: miztiik-events local stop, or another folder"
        )
    try:
        yield aws
    except BaseException:
        launch.stop(kept_in)
        raise


@contextlib.contextmanager
def _page(session: boto3.session.Session, name: str, tell: Say) -> Iterator[None]:
    """Serve the page of the sales, where what it takes is installed."""
    if assets.missing():
        tell("no page of the sales: it needs the extra `dashboard`")
        yield
        return
    from .dashboard.feed import Feed
    from .dashboard.server import in_background

    with in_background(Feed(session, name)) as address:
        tell(f"see the sales: {address}")
        yield


def _keep_page(session: boto3.session.Session, name: str, folder: Path, tell: Say) -> None:
    from .dashboard import export
    from .dashboard.feed import Feed

    feed = Feed(session, name)
    feed.read_all()
    try:
        for path in export.write(feed, folder):
            tell(f"written: {path}")
    except MiztiikError as error:
        # All else has been shown by now.
        tell(f"not everything could be kept: {error}")


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
    sales: Future[dict[str, Any]]
    _collection: Collection = field(default_factory=Collection)

    @classmethod
    def open(
        cls,
        session: boto3.session.Session,
        outputs: Mapping[str, str],
        payload: Mapping[str, Any],
    ) -> _Shop:
        """Have the producer produce from now on, in the background."""
        client = session.client("lambda", config=producer.client_config())
        function = outputs[stacks.PRODUCER]
        folder = Folder(session.client("s3"), outputs[stacks.DATA_STORE], results.PREFIX)
        sales = _in_background(lambda: producer.invoke(client, function, payload))
        return cls(session, outputs, folder, sales)

    @property
    def rows(self) -> list[Row]:
        all_rows = (row for rows in self._collection.rows.values() for row in rows)
        return sorted(all_rows, key=results.order)

    def sell(self, tell: Say) -> dict[str, Any]:
        """The producer's message, once it is done; the windows that close meanwhile are told."""
        self._watch_until(self.sales.done, tell)
        message = self.sales.result()
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
        for end, group in groupby(fresh, key=lambda row: row.timestamp):
            rows = list(group)
            total, best = sum(row.revenue for row in rows), max(rows, key=lambda row: row.revenue)
            stores = f"{counted(len(rows), 'store')}, most in {best.store_id} ({best.revenue:,.2f})"
            tell(f"window until {end[11:19]}  {total:>10,.2f}  {stores}")

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
