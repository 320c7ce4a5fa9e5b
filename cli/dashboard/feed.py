"""Where the page's data comes from: the data store and the project's health, looked at on and on.

AWS may go away and come back: what is known stays, with the reason why nothing new comes.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from ..analytics import lifecycle
from ..audit import verdict
from ..aws_errors import is_refused_for_now, translate
from ..cloudformation import stacks
from ..errors import MiztiikError
from ..operate import advice, inspection
from ..pipeline import results
from ..pipeline.data_store import LATE_PREFIX, Folder, Line
from ..pipeline.kept_hours import KeptHours, hour_of
from ..session import Clients
from ..text import command
from .sales import Sales
from .view import Question, view

if TYPE_CHECKING:
    import boto3

    from ..operate.health import Health

POLL_SECONDS, HEALTH_SECONDS, LONGEST_PAUSE = 2.0, 20.0, 30.0
# Ages in hours. What is newest is read and shown first; then, piece by piece, a week and the day
# before it, to compare with.
AGES = (1, 2, 8, 14, 20, *range(26, 8 * 24 + 3, 24))
LATE_HOURS = 24
# How many answers to the same question are remembered, for pages that are open side by side.
MOST_ANSWERS = 20


@dataclass
class Feed:
    """What is known of a project's sales; `version` changes with it."""

    session: boto3.session.Session
    project: str
    version: int = 0
    sales: Sales = field(default_factory=Sales)
    _bucket: str = ""
    _folder: Folder | None = None
    _late_folder: Folder | None = None
    _late: Counter[str] = field(default_factory=Counter)
    _ages_read: int = 0
    _health: dict[str, Any] | None = None
    _problem: dict[str, Any] | None = None
    _seen: float = 0
    _answers: dict[tuple[int, Question], dict[str, Any]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Look from now on, until `stop`; raises NotDeployedError when there is nothing to see."""
        try:
            self._open()
        except Exception as error:
            if not is_refused_for_now(error):
                raise
            self._have_failed(error)
        for work in (self._follow_sales, self._follow_health):
            threading.Thread(target=work, daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    @property
    def is_stopped(self) -> bool:
        return self._stopped.is_set()

    def read_all(self) -> None:
        """Everything, once; raises what AWS has against it."""
        while self._look():
            pass
        self._look_at_health()

    def answer(self, question: Question) -> dict[str, Any]:
        """What the page shows of it, as data for JSON."""
        with self._lock:
            key = (self.version, question)
            if key not in self._answers:
                while len(self._answers) >= MOST_ANSWERS:
                    self._answers.pop(next(iter(self._answers)))
                self._answers[key] = view(self.sales, question, self._known_since)
            return {**self._answers[key], **self._state(), "question": asdict(question)}

    def _state(self) -> dict[str, Any]:
        said = verdict.last(self._bucket)
        return {
            "project": self.project,
            "again": command("dashboard", self.project),
            "region": self.session.region_name,
            "now": round(time.time() * 1000),
            "problem": self._problem,
            "daysRead": max(AGES[self._ages_read - 1] - 2, 0) // 24 if self._ages_read else 0,
            "isComplete": self._ages_read == len(AGES),
            "unreadable": self.sales.unreadable,
            "contradictions": self.sales.contradictions,
            "forgottenUntil": self.sales.forgotten_until,
            "late": self._late_count(),
            "health": self._health,
            "verdict": asdict(said) if said else None,
        }

    @property
    def _known_since(self) -> int:
        """Until all is read, how far back it has been, in milliseconds."""
        if self._ages_read == len(AGES):
            return 0
        hours = AGES[self._ages_read - 1] if self._ages_read else 0
        return round((time.time() - hours * 3600) * 1000)

    def _late_count(self) -> int:
        since = _hour(LATE_HOURS)
        return sum(count for hour, count in self._late.items() if hour[-len(since) :] >= since)

    def _follow_sales(self) -> None:
        pause = 0.0
        while not self._stopped.wait(pause):
            try:
                pause = 0.0 if self._look() else POLL_SECONDS
            except Exception as error:
                self._have_failed(error)
                pause = min(max(2 * pause, POLL_SECONDS), LONGEST_PAUSE)

    def _follow_health(self) -> None:
        pause = 0.0
        while not self._stopped.wait(pause):
            try:
                self._look_at_health()
            except Exception as error:
                self._health = {"problem": str(_translated(error))}
            with self._lock:
                self.version += 1
            pause = HEALTH_SECONDS

    def _look(self) -> bool:
        """Take in what is new, and the next of what is older; whether there is more of that."""
        if not self._folder:
            self._open()
        assert self._folder
        assert self._late_folder
        lines = self._folder.fresh()
        # The folder itself begins with the first of them.
        if 0 < self._ages_read < len(AGES):
            lines += self._older()
        late = self._late_folder.fresh()
        with self._lock:
            has_news = self.sales.add(lines) or bool(late) or self._problem is not None
            self._late.update(hour_of(line.key) for line in late if _is_late(line))
            was_complete, self._ages_read = self._ages_read, min(self._ages_read + 1, len(AGES))
            self._problem, self._seen = None, time.time()
            self.version += has_news or was_complete != self._ages_read
        return self._ages_read < len(AGES)

    def _older(self) -> list[Line]:
        """The lines of the next of the ages; what was read of it before does no harm."""
        now = datetime.now(timezone.utc)
        younger, older = AGES[self._ages_read - 1 : self._ages_read + 1]
        since, until = (now - timedelta(hours=age) for age in (older, younger))
        return self._of(results.PREFIX, since, until).fresh()

    def _open(self) -> None:
        """Find the data store, which may be another one by now, and begin to look at it."""
        outputs = stacks.project_outputs(self.session.client("cloudformation"), self.project)
        bucket = stacks.require(outputs, stacks.DATA_STORE, self.project)
        now = time.time()
        since = datetime.fromtimestamp((self._seen or now) - AGES[0] * 3600, timezone.utc)
        with self._lock:
            if bucket != self._bucket:
                self.sales, self._bucket, self._ages_read = Sales(), bucket, 0
                self._answers.clear()
        self._folder = self._of(results.PREFIX, since)
        self._late = Counter()
        self._late_folder = self._of(
            LATE_PREFIX, datetime.now(timezone.utc) - timedelta(hours=LATE_HOURS)
        )

    def _of(self, prefix: str, since: datetime, until: datetime | None = None) -> Folder:
        s3 = self.session.client("s3")
        return Folder(s3, self._bucket, prefix, since, until, KeptHours.of(self._bucket))

    def _have_failed(self, error: Exception) -> None:
        with self._lock:
            since = self._problem["since"] if self._problem else round(time.time() * 1000)
            self._problem = {"text": str(_translated(error)), "since": since}
            self._folder = None
            self.version += 1

    def _look_at_health(self) -> None:
        health = inspection.inspect(Clients.of(self.session), self.project)
        self._health = summary(health)


def _translated(error: Exception) -> MiztiikError:
    return error if isinstance(error, MiztiikError) else translate(error)


def _hour(age: int) -> str:
    return f"{datetime.now(timezone.utc) - timedelta(hours=age):%Y/%m/%d/%H}"


def _is_late(line: Line) -> bool:
    return (line.fields or {}).get("reason") in ("late", "overtaken")


def summary(health: Health) -> dict[str, Any]:
    """What the page tells of it; None for what is not there or not to be seen."""
    messages, store = health.queues, health.store
    written = store.last_written if store else None
    status = health.application.status if health.application else None
    return {
        "isLocal": health.is_local,
        "status": status,
        "runs": status in lifecycle.RUNNING,
        "start": advice.of_rest(status, health.outputs, health.project),
        "produce": advice.possible("produce", health.outputs, health.project),
        "verify": advice.possible("verify", health.outputs, health.project),
        "written": round(written.timestamp() * 1000) if written else None,
        "rejected": messages.rejected if messages else None,
        "deadLetters": sum(messages.dead_letters.values()) if messages else None,
        "problems": [*health.problems],
        "refused": [*health.refused.values()],
    }
