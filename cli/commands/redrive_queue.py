"""One queue of events that nobody processed: shown, agreed upon, sent back or deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

import click

from ..analytics import application
from ..cloudformation import stacks
from ..errors import MiztiikError
from ..operate import redrive, unprocessed
from ..operate.messages import Look, looking
from ..operate.redrive import Outcome, Sender
from ..operate.unprocessed import Unprocessed
from ..pipeline import queues
from ..pipeline.queues import DeadEnd
from ..text import command, counted, printable
from .shared_options import Options
from .views.redrive import records, table


@dataclass(frozen=True)
class Wishes:
    """What was asked for on the command line."""

    most: int
    yes: bool
    dry_run: bool
    deletes: bool
    even_malformed: bool


@dataclass(frozen=True)
class QueueRedrive:
    """The redrive of one queue; `outputs` are those of the project's stacks."""

    options: Options
    queue: DeadEnd
    outputs: Mapping[str, str]
    wishes: Wishes

    def run(self) -> None:
        """Show, ask, send; raises Abort when the person does not agree, MiztiikError at the end
        when an event was refused."""
        form = self.options.format()
        session, project = self.options.session, self.options.project
        with looking(session.client("sqs"), self.queue.url, self.wishes.most) as look:
            events = unprocessed.explained(session, project, self.queue, look.messages)
            if events and (form == "table" or self._asks):
                click.echo(table(events), err=form != "table")
            self._say_rest(len(events))
            chosen = self._chosen(events)
            outcomes = self._done(look, chosen) if chosen else []
        if form != "table" and (events or form == "json"):
            click.echo(records(self.queue.name, redrive.everything(events, outcomes), form))
        self._report(outcomes)

    @property
    def _asks(self) -> bool:
        return not (self.wishes.yes or self.wishes.dry_run)

    def _say_rest(self, shown: int) -> None:
        rest = queues.count(self.options.session.client("sqs"), self.queue.url) - shown
        if rest > 0 and shown:
            self.options.say(f"… and about {rest:,} more; --max {shown + rest} takes them too")
        elif rest > 0:
            held = counted(rest, "event")
            self.options.say(f"Somebody is looking at {held} of {self.queue.name}. Try again later")
        elif not shown:
            self.options.say(f"{self.queue.name} is empty.")

    def _chosen(self, events: Sequence[Unprocessed]) -> list[Unprocessed]:
        """Those to send, or to delete."""
        if self.wishes.deletes:
            return list(events)
        chosen = redrive.sendable(self.queue, events, even_malformed=self.wishes.even_malformed)
        kept = len(events) - len(chosen)
        if kept:
            self.options.say(
                f"{counted(kept, 'event')} would only be rejected again, so not sent. Next: "
                f"fix the sender, then delete them: {self._again('--delete')}"
            )
        return chosen

    def _done(self, look: Look, chosen: Sequence[Unprocessed]) -> list[Outcome]:
        """Ask, then send or delete; nothing in a dry run."""
        events, place = counted(len(chosen), "event"), "the event bus"
        if self.queue.owner:
            place = f"the queue of {self.queue.name}"
        elif not self.wishes.deletes:
            self._say_late(chosen)
        if self.wishes.dry_run:
            return []
        if self._asks:
            question = (
                f"Delete {events} for good?"
                if self.wishes.deletes
                else f"Send {events} to {place}?"
            )
            click.confirm(question, abort=True, err=True)
        if self.wishes.deletes:
            return redrive.delete(look, chosen)
        return redrive.send(look, chosen, self._sender())

    def _sender(self) -> Sender:
        session = self.options.session
        if self.queue.owner:
            return redrive.to_queue(session.client("sqs"), self.queue.owner)
        name = stacks.require(self.outputs, stacks.EVENT_BUS, self.options.project)
        return redrive.to_bus(session.client("events"), name)

    def _say_late(self, chosen: Sequence[Unprocessed]) -> None:
        name = self.outputs.get(application.OUTPUT)
        if not name:
            return
        flink = self.options.session.client("kinesisanalyticsv2")
        windowing = application.describe(flink, name).windowing
        late = redrive.late(chosen, windowing, datetime.now(timezone.utc))
        if late:
            self.options.say(
                f"{counted(late, 'sale')} too late for a window: recorded in late_events/, "
                "not counted in the results"
            )

    def _report(self, outcomes: Sequence[Outcome]) -> None:
        for result in (redrive.SENT, redrive.DELETED):
            done = sum(outcome.result == result for outcome in outcomes)
            if done:
                self.options.say(f"{counted(done, 'event')} {result}.", fg="green")
        failed = [outcome for outcome in outcomes if outcome.result == redrive.FAILED]
        if failed:
            raise MiztiikError(
                f"{counted(len(failed), 'event')} stayed in {self.queue.name}, the first because "
                f"of {printable(failed[0].cause)}. Next: {self._again()}"
            )

    def _again(self, *options: str) -> str:
        return command(" ".join(["redrive", self.queue.name, *options]), self.options.project)
