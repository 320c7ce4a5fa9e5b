"""The components that log, and what they have logged, merged in the order of time."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..analytics import log
from ..cloudformation import stacks
from ..cloudformation.stacks import PARALLEL_CALLS, Stack
from ..errors import NotDeployedError
from ..patience import side_by_side
from ..pipeline import log_events
from ..text import json_object

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_logs import CloudWatchLogsClient

LOG_GROUP = "AWS::Logs::LogGroup"
_SUFFIX = "LogGroup"
# CloudWatch may show a line some seconds after one that was written later.
OVERLAP = timedelta(seconds=15)
ERRORS = ("ERROR", "FATAL", "CRITICAL")
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html: Lambda's
# own lines, as text; in its JSON format they have a type like platform.report.
_PLATFORM = re.compile(r"(START|END|REPORT) RequestId: |(INIT_START|INIT_REPORT|EXTENSION)\b")
_FAILED = re.compile(r"\bStatus: (?!success)")
_ERROR_TEXT = re.compile(r"\[ERROR\]|.*\bTask timed out after ")


def component(template_name: str, log_group: str, resources: Collection[str]) -> str:
    """Whose a log group is, by the logical ids of it and of all resources of its template.

    A function's is named after the function (`ProducerLogGroup` beside `ProducerFunction`:
    producer), any other after the template.
    """
    role = log_group[: -len(_SUFFIX)] if log_group.endswith(_SUFFIX) else ""
    if role and f"{role}Function" in resources:
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", role).lower()
    return template_name


def log_groups(cloudformation: CloudFormationClient, project: str) -> dict[str, str]:
    """The component of each log group of the project's stacks, by the group's name.

    Raises NotDeployedError when there are no stacks.
    """
    deployed = stacks.of_project(cloudformation, project)
    if not deployed:
        raise NotDeployedError("stack", project)
    with side_by_side(PARALLEL_CALLS) as pool:
        per_stack = pool.map(
            lambda stack: _of_stack(cloudformation, project, stack), deployed.values()
        )
        return {group: name for groups in per_stack for group, name in groups.items()}


def _of_stack(cloudformation: CloudFormationClient, project: str, stack: Stack) -> dict[str, str]:
    listed = stacks.resources(cloudformation, stack)
    logical_ids = {resource.logical_id for resource in listed}
    return {
        resource.physical_id: component(
            _template_name(project, stack), resource.logical_id, logical_ids
        )
        for resource in listed
        if resource.type == LOG_GROUP and resource.is_there
    }


def _template_name(project: str, stack: Stack) -> str:
    return stack.tags.get(stacks.TEMPLATE_TAG) or stack.name[len(f"{project}-") :]


@dataclass(frozen=True)
class LogEvent:
    """One event of a log; `id` is unique to it, `group` is its log group."""

    id: str
    time: datetime
    component: str
    group: str
    message: str

    @property
    def text(self) -> str:
        """The message as a person wants it: level, text and cause of a structured one, else all."""
        if "message" not in self._fields:
            return self.message.rstrip()
        words = (self._level, self._fields["message"], self._cause)
        return " ".join(str(word) for word in words if word)

    @property
    def is_error(self) -> bool:
        if self._level in ERRORS or self._platform_status not in (None, "success"):
            return True
        return bool(_ERROR_TEXT.match(self.message) or self._is_failed_report)

    @property
    def is_routine(self) -> bool:
        """Whether Lambda itself says that an invocation began, ended or took so long.

        What it says of one that failed or timed out is no routine.
        """
        is_platform = str(self._fields.get("type", "")).startswith("platform.")
        return (is_platform or bool(_PLATFORM.match(self.message))) and not self.is_error

    @cached_property
    def _fields(self) -> Mapping[str, Any]:
        return json_object(self.message) or {}

    @property
    def _level(self) -> str:
        return str(self._fields.get("level") or self._fields.get("messageType") or "")

    @property
    def _cause(self) -> str:
        """The root cause of what was thrown: Flink's has a stack trace, Lambda's a type."""
        thrown = self._fields.get("throwableInformation") or ""
        trace = "\n".join(map(str, thrown)) if isinstance(thrown, list) else str(thrown)
        kind = self._fields.get("errorType") or ""
        cause = log.of_stack_trace(trace) or str(kind)
        return f"({cause})" if cause else ""

    @property
    def _platform_status(self) -> Any:
        record = self._fields.get("record")
        return record.get("status") if isinstance(record, dict) else None

    @property
    def _is_failed_report(self) -> bool:
        return bool(_PLATFORM.match(self.message) and _FAILED.search(self.message))


@dataclass
class Log:
    """The events of some groups since a time; each comes once.

    `groups` has the component of each group.
    """

    logs: CloudWatchLogsClient
    groups: Mapping[str, str]
    since: datetime
    _known: set[str] = field(default_factory=set)

    def fresh(self) -> list[LogEvent]:
        """Those that were not there before, in the order of time."""
        events = [event for group in self.groups for event in self._unknown(group)]
        self._known.update(event.id for event in events)
        newest = max((event.time for event in events), default=self.since)
        self.since = max(self.since, newest - OVERLAP)
        return sorted(events, key=lambda event: event.time)

    def _unknown(self, group: str) -> Iterator[LogEvent]:
        # Somebody may have deleted a group; the others still speak.
        for event in log_events.read(self.logs, group, self.since):
            if event["eventId"] not in self._known:
                time = datetime.fromtimestamp(event["timestamp"] / 1000, timezone.utc)
                yield LogEvent(event["eventId"], time, self.groups[group], group, event["message"])
