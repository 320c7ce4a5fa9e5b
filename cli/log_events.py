"""What the project's log groups say, merged in the order of time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from . import stacks
from .errors import NotDeployedError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_logs import CloudWatchLogsClient

# CloudWatch may show a line some seconds after one that was written later.
OVERLAP_MILLISECONDS = 15_000


@dataclass(frozen=True)
class LogEvent:
    """One event of a log; `id` is unique to it."""

    id: str
    time: datetime
    group: str
    message: str

    @property
    def text(self) -> str:
        """The message as a person wants it: level and text of a structured one, else all of it."""
        try:
            fields = json.loads(self.message)
            words = (fields.get("level") or fields.get("messageType"), fields["message"])
        except (ValueError, KeyError, AttributeError):
            return self.message.rstrip()
        return " ".join(str(word) for word in words if word)


def groups(cloudformation: CloudFormationClient, project: str) -> list[str]:
    """The log groups of the project's stacks; raises NotDeployedError when there are no stacks."""
    deployed = stacks.of_project(cloudformation, project)
    if not deployed:
        raise NotDeployedError("stack", project)
    return [
        name
        for stack in deployed.values()
        for kind, name in stacks.resources(cloudformation, stack)
        if kind == "AWS::Logs::LogGroup"
    ]


@dataclass
class Log:
    """The events of some groups since a time, in milliseconds since 1970; each comes once."""

    logs: CloudWatchLogsClient
    groups: Sequence[str]
    since: int
    _seen: set[str] = field(default_factory=set)

    def fresh(self) -> list[LogEvent]:
        """Those that were not there before, in the order of time."""
        found = [event for group in self.groups for event in self._unseen(group)]
        self._seen.update(event.id for event in found)
        newest = max((_milliseconds(event.time) for event in found), default=self.since)
        self.since = max(self.since, newest - OVERLAP_MILLISECONDS)
        return sorted(found, key=lambda event: event.time)

    def _unseen(self, group: str) -> Iterator[LogEvent]:
        pages = self.logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=self.since
        )
        try:
            for page in pages:
                for event in page["events"]:
                    if event["eventId"] not in self._seen:
                        time = datetime.fromtimestamp(event["timestamp"] / 1000, timezone.utc)
                        yield LogEvent(event["eventId"], time, group, event["message"])
        except self.logs.exceptions.ResourceNotFoundException:
            # Somebody has deleted the group; the others still speak.
            return


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
