"""The pages of FilterLogEvents, and the ids of log events.

MiniStack gives the first 10,000 events and no nextToken. On AWS each page has one while there is
more. Here it is the time of the page's last event, and how many of that time there were so far.

MiniStack gives an id to what PutLogEvents brings, but none to what its Lambda functions log. On AWS
every event that FilterLogEvents returns has an eventId of its own.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from ..requirements import require

LARGEST_PAGE = 10_000
Data = dict[str, Any]


def fill() -> None:
    _fill_event_ids()
    _fill_pages()


def _fill_pages() -> None:
    from ministack.core.responses import json_response
    from ministack.services import cloudwatch_logs

    require(cloudwatch_logs, "_filter_log_events")
    first_page = cloudwatch_logs._filter_log_events

    def page(data: Data) -> Any:
        limit = min(data.get("limit", LARGEST_PAGE), LARGEST_PAGE)
        start, done = _read(data.get("nextToken"))
        # Those of the token's time come once more, and go.
        request = {**data, "limit": limit + done, **({"startTime": start} if done else {})}
        status, headers, body = first_page(request)
        if status != 200:
            return status, headers, body
        answer = json.loads(body)
        events = answer["events"]
        answer["events"] = events[done:]
        if len(events) >= min(limit + done, LARGEST_PAGE) and answer["events"]:
            answer["nextToken"] = _token(events)
        return json_response(answer)

    cloudwatch_logs._filter_log_events = page


def _read(token: str | None) -> tuple[int, int]:
    time, _, done = (token or "0:0").partition(":")
    return int(time), int(done)


def _token(events: list[Data]) -> str:
    last = events[-1]["timestamp"]
    return f"{last}:{sum(event['timestamp'] == last for event in events)}"


def _fill_event_ids() -> None:
    from ministack.services import cloudwatch_logs

    require(cloudwatch_logs, "_append_log_events")
    append = cloudwatch_logs._append_log_events

    def append_with_ids(stream: dict[str, Any], events: list[dict[str, Any]]) -> None:
        append(stream, [{"eventId": str(uuid.uuid4()), **event} for event in events])

    cloudwatch_logs._append_log_events = append_with_ids
