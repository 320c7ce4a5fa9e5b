"""Events that nobody processed, each with the reason: from the event, EventBridge, or a log."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ..pipeline import log_events
from ..pipeline.envelope import Envelope, parse
from ..text import counted, json_object
from . import logs
from .bus_rules import defect, in_words
from .messages import Message

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_logs import CloudWatchLogsClient

    from ..pipeline.queues import DeadEnd

# What the consumers log of a message that failed (functions/dispatch, functions/warehouse).
FAILED = "message failed"
# A page may be empty, or hold up to 10,000 lines.
MOST_PAGES = 20
_BEFORE_NAME = re.compile(r"[\s{,]*")
_BEFORE_VALUE = re.compile(r"[\s:]*")

Reasons = Mapping[str, str]


@dataclass(frozen=True)
class Unprocessed:
    """An event in a dead end; `defect` is the rule of the bus that it breaks, if it does."""

    message: Message
    envelope: Envelope
    reason: str
    defect: str

    @property
    def time(self) -> str:
        return _text(self.envelope.get("time"))

    @property
    def type(self) -> str:
        return _text(self.envelope.get("detail-type"))

    @property
    def request_id(self) -> str:
        return self._of_detail("request_id")

    @property
    def store_id(self) -> str:
        return self._of_detail("store_id")

    @property
    def happened(self) -> datetime | None:
        """When, by the event's own time; None when it has none that can be read."""
        try:
            # Python before 3.11 does not know the Z.
            moment = datetime.fromisoformat(re.sub(r"Z$", "+00:00", self.time))
        except ValueError:
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)

    @property
    def detail(self) -> str:
        """Its JSON text as it came, so that no digit of a number changes; empty without one."""
        has_one = isinstance(self.envelope.get("detail"), Mapping)
        return _member(self.message.body, "detail") if has_one else ""

    def _of_detail(self, name: str) -> str:
        detail = self.envelope.get("detail")
        return _text(detail.get(name)) if isinstance(detail, Mapping) else ""


def explained(
    session: boto3.session.Session, project: str, queue: DeadEnd, messages: Sequence[Message]
) -> tuple[Unprocessed, ...]:
    """The events of these messages; what only the log of the queue's consumer says is read there.

    A queue without a consumer has no log.
    """
    unexplained = [message for message in messages if not message.error]
    if not queue.owner or not unexplained:
        return examined(queue, messages, {})
    groups = logs.log_groups(session.client("cloudformation"), project)
    own = [group for group, component in groups.items() if component == queue.name]
    return examined(queue, messages, reasons(session.client("logs"), own, unexplained))


def examined(
    queue: DeadEnd, messages: Sequence[Message], logged: Reasons
) -> tuple[Unprocessed, ...]:
    """The events of these messages; `logged` has what the consumer's log says, by message id."""
    return tuple(_examined(queue, message, logged.get(message.id)) for message in messages)


def reasons(
    client: CloudWatchLogsClient, groups: Sequence[str], messages: Sequence[Message]
) -> Reasons:
    """Why these messages failed, by their ids, as far as the consumer's log groups still tell."""
    since = min((message.sent for message in messages), default=None)
    if since is None:
        return {}
    ids = {message.id for message in messages}
    lines = (line for group in groups for line in _lines(client, group, since))
    logged = {str(line.get("message_id")): str(line.get("reason")) for line in lines}
    return {id: logged[id] for id in ids if id in logged}


def _examined(queue: DeadEnd, message: Message, logged: str | None) -> Unprocessed:
    envelope = parse(message.body.encode())
    wrong = "not an event: not a JSON object" if envelope is None else defect(envelope)
    if queue.is_rejected and not message.error:
        reason = wrong or "well-formed by the rules as this version has them"
    else:
        reason = message.error or logged or _unknown(message)
    return Unprocessed(message, envelope or {}, reason, wrong)


def _unknown(message: Message) -> str:
    return f"no reason is known; received {counted(message.receives, 'time')}, now included"


def _lines(
    client: CloudWatchLogsClient, group: str, since: datetime
) -> Iterator[Mapping[str, Any]]:
    """What a consumer has logged of messages that failed."""
    failures = log_events.read(client, group, since, MOST_PAGES, filterPattern=f'"{FAILED}"')
    lines = (json_object(event["message"]) or {} for event in failures)
    return (line for line in lines if line.get("message") == FAILED)


def _text(value: Any) -> str:
    """The value as a text that can be written anywhere: JSON may hold half a character."""
    if value is None:
        return ""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else in_words(value)


def _member(text: str, name: str) -> str:
    """The JSON text of a member of the object, which has to have it."""
    decoder, end, key = json.JSONDecoder(parse_int=str, parse_float=str), 0, ""
    while key != name:
        key, end = decoder.raw_decode(text, _after(_BEFORE_NAME, text, end))
        start = _after(_BEFORE_VALUE, text, end)
        _, end = decoder.raw_decode(text, start)
    return text[start:end]


def _after(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start
