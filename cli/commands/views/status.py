"""How the health of a project is shown: one screen, a line or two for each part."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import click

from ...operate.health import MALFORMED
from ...text import command, counted, printable, span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...cloudformation.history import StackProgress
    from ...operate.health import (
        Alarms,
        ApplicationHealth,
        Health,
        LakeHealth,
        Measured,
        QueuesHealth,
        StackHealth,
        StoreHealth,
    )

WIDTH = 14
# Of the parts that AWS may refuse to show.
LABELS = {
    "application": "Analytics",
    "recomputation": "Recomputing",
    "stream": "Stream",
    "measured": "CloudWatch",
    "store": "Delivery",
    "lake": "Lake",
    "set_aside": "Set aside",
    "queues": "Queues",
    "alarms": "Alarms",
}
ROLLED_BACK = ("UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE")
WELL = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE", *ROLLED_BACK)
BAD, BUSY = "red", "yellow"


@dataclass(frozen=True)
class Line:
    """A line of the screen, and its colour if it has one."""

    text: str
    color: str | None = None

    def styled(self, *, color: bool) -> str:
        text = printable(self.text)
        return click.style(text, fg=self.color) if color and self.color else text


def as_text(health: Health, form: str, *, color: bool, width: int | None = None) -> str:
    """The health as `table` (the screen), `json`, or `ndjson` (the same object in one line).

    The screen's lines are folded to a width.
    """
    from ...text import as_json

    if form == "table":
        screen = folded(lines(health, datetime.now(timezone.utc)), width)
        return "\n".join(line.styled(color=color) for line in screen)
    record = {**asdict(health), "problems": health.problems}
    for part, answer in record.pop("refused").items():
        record[part] = {"refused": answer}
    return as_json(record, indent=2 if form == "json" else None)


def lines(health: Health, now: datetime) -> list[Line]:
    """The screen; `now` is what ages are counted from."""
    where = f"{health.region}, the AWS on this machine" if health.is_local else health.region
    if not health.stacks:
        return [Line(f"Project {health.project} is not deployed in {where}")]
    sections = {
        "stacks": _stacks(health.stacks),
        "application": _application("Analytics", health.application, now),
        "recomputation": _recomputation(health.recomputation, now),
        "stream": _stream(health, now),
        "measured": (),
        "store": _store(health.store, health.measured, now),
        "lake": _lake(health.lake, now),
        "set_aside": _set_aside(health.set_aside),
        "queues": _queues(health.queues, health.project),
        "late": _late(health.store),
        "alarms": _alarms(health.alarms, now),
        "cost": _cost(health),
    }
    screen = [Line(f"Project {health.project} in {where}")]
    for part, section in sections.items():
        screen += section
        if part in health.refused:
            screen.append(_labelled(LABELS[part], f"not known: {health.refused[part]}", BUSY))
    return screen


def folded(screen: Sequence[Line], width: int | None) -> list[Line]:
    """The lines in so many columns: what is too long goes on below, beside the labels."""
    if width is None:
        return list(screen)
    indent = " " * min(WIDTH, width // 2)
    return [
        Line(part, line.color)
        for line in screen
        for part in textwrap.wrap(line.text.rstrip(), width, subsequent_indent=indent) or [""]
    ]


def _labelled(label: str, text: str, color: str | None = None) -> Line:
    return Line(f"{label:<{WIDTH}}{text}", color)


def _stacks(stacks: Sequence[StackHealth]) -> Iterator[Line]:
    others = [stack for stack in stacks if stack.status not in WELL]
    newest = max(stack.updated for stack in stacks)
    well = f"{len(stacks) - len(others)} of {len(stacks)}" if others else f"all {len(stacks)}"
    yield _labelled("Stacks", f"{well} healthy; last update {_time(newest)}")
    for stack in others:
        yield _stack(stack)
    for stack in stacks:
        if stack.status in ROLLED_BACK:
            text = "its last update was rolled back: it is as it was before"
            yield _labelled("", f"{stack.name}  {text}  {_time(stack.updated)}")


def _stack(stack: StackHealth) -> Line:
    more = _progress(stack.progress) if stack.progress else [_time(stack.updated), stack.reason]
    text = "  ".join(word for word in (stack.name, stack.status, *more) if word)
    return _labelled("", text, BAD if stack.has_failed else BUSY)


def _progress(progress: StackProgress) -> Iterator[str]:
    total = "" if progress.total is None else f" of {progress.total}"
    yield f"{progress.done}{total} resources done"
    if progress.slowest:
        yield f"{progress.slowest} since {span(progress.seconds)}"


def _application(label: str, part: ApplicationHealth | None, now: datetime) -> Iterator[Line]:
    if part:
        since = f"for {_age(part.since, now)}" if part.since else "never started"
        text = f"{part.status} {since}, version {part.version}, parallelism {part.parallelism}"
        yield _labelled(label, text, BAD if part.problem else None)
        if part.problem:
            yield _labelled("", part.problem, BAD)


def _recomputation(part: ApplicationHealth | None, now: datetime) -> Iterator[Line]:
    """Nothing while it rests, and rests well: most people never need it."""
    if part and (not part.rests or part.problem):
        yield from _application("Recomputing", part, now)


def _stream(health: Health, now: datetime) -> Iterator[Line]:
    part, measured, mismatch = health.stream, health.measured, health.mismatch
    if part:
        newest = f"{_age(part.newest, now)} ago" if part.newest else "minutes ago"
        shards = counted(part.shards, "shard")
        yield _labelled("Stream", f"{shards}; newest record {newest}; {_lag(measured)}")
    if mismatch:
        yield _labelled("", f"{mismatch.problem}. Next: {mismatch.next_step}", BAD)


def _lag(measured: Measured | None) -> str:
    if not measured or measured.lag_milliseconds is None:
        return "the application's lag is not known"
    return f"the application is {span(measured.lag_milliseconds / 1000)} behind"


def _store(part: StoreHealth | None, measured: Measured | None, now: datetime) -> Iterator[Line]:
    if part:
        last = f"last object {_age(part.last_written, now)} ago" if part.last_written else "nothing"
        freshness = _freshness(measured.freshness_seconds if measured else None)
        yield _labelled("Delivery", f"{last} in the data store; {freshness}")
        if part.last_key:
            yield _labelled("", part.last_key)


def _freshness(seconds: float | None) -> str:
    if seconds is None:
        return "the age of undelivered records is not known"
    return f"the oldest undelivered record is {span(seconds)} old"


def _lake(part: LakeHealth | None, now: datetime) -> Iterator[Line]:
    if part:
        last = f"last file {_age(part.last_written, now)} ago" if part.last_written else "no file"
        yield _labelled("Lake", f"{last}; {_freshness(part.freshness_seconds)}")
        if part.last_key:
            yield _labelled("", part.last_key)


def _set_aside(part: Mapping[str, int] | None) -> Iterator[Line]:
    """Nothing where nothing failed."""
    for number, (folder, count) in enumerate((part or {}).items()):
        text = f"{counted(count, 'object')} in 24 hours, under {folder}"
        yield _labelled("" if number else "Set aside", text, BUSY if folder == MALFORMED else BAD)


def _queues(part: QueuesHealth | None, project: str) -> Iterator[Line]:
    if part:
        color = BUSY if part.rejected else None
        yield _labelled("Rejected", counted(part.rejected, "event"), color)
        if part.rejected:
            yield _labelled("", f"Next: {command('redrive rejected --dry-run', project)}", color)
        kinds = {"Dead letters": part.dead_letters, "Failed calls": part.failed_calls}
        for label, counts in kinds.items():
            some = ", ".join(f"{name} {count:,}" for name, count in counts.items() if count)
            yield _labelled(label, some or "0", BAD if some else None)


def _late(part: StoreHealth | None) -> Iterator[Line]:
    if part:
        objects = counted(part.late_objects, "object")
        yield _labelled("Late events", f"{objects} today, under {part.late_prefix}")


def _alarms(part: Alarms | None, now: datetime) -> Iterator[Line]:
    if part:
        color = BAD if part.ringing else None
        counts = {"OK": part.well, "without data": part.without_data}
        others = "".join(f", {count} {what}" for what, count in counts.items() if count)
        yield _labelled("Alarms", f"{len(part.ringing)} in ALARM{others}", color)
        for alarm in part.ringing:
            text = f"for {_age(alarm.since, now)}: {alarm.description or alarm.name}"
            yield _labelled("", text, BAD)


def _cost(health: Health) -> Iterator[Line]:
    if health.cost:
        here = "nothing on this machine; on AWS " if health.is_local else ""
        yield _labelled("Cost", f"{here}{health.cost}")
        if health.recomputation and not health.recomputation.rests:
            more = f"${health.cost.analytics:.2f} more while the recomputation runs"
            yield _labelled("", more)


def _age(moment: datetime, now: datetime) -> str:
    return span((now - moment).total_seconds())


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
