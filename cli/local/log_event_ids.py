"""The ids of log events.

MiniStack gives an id to what PutLogEvents brings, but none to what its Lambda functions log. On AWS
every event that FilterLogEvents returns has an eventId of its own.
"""

from __future__ import annotations

import uuid
from typing import Any

from .private_names import require


def fill() -> None:
    from ministack.services import cloudwatch_logs

    require(cloudwatch_logs, "_append_log_events")
    append = cloudwatch_logs._append_log_events

    def append_with_ids(stream: dict[str, Any], events: list[dict[str, Any]]) -> None:
        append(stream, [{"eventId": str(uuid.uuid4()), **event} for event in events])

    cloudwatch_logs._append_log_events = append_with_ids
