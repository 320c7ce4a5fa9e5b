"""Replays of archived events.

MiniStack sends a replay through every rule of its bus, also when the request names the rules
(`FilterArns`); takes a replay that ends before it begins, and then says that it is COMPLETED; and
archives a replayed event again when a rule hands it on to another bus. On AWS only the named rules
get the events, the times are checked, and what has a `replay-name` goes into no archive.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html
"""

from __future__ import annotations

from typing import Any

from ..requirements import require

Data = dict[str, Any]


def fill() -> None:
    from ministack.services import eventbridge

    require(eventbridge, "_archive_event", "_coerce_timestamp", "_invoke_target", "_replays")
    require(eventbridge, "_rules", "_start_replay")
    archive, invoke, start = (
        eventbridge._archive_event,
        eventbridge._invoke_target,
        eventbridge._start_replay,
    )

    def archive_unless_replayed(event: Data, view: Any = None) -> None:
        if event.get("ReplayName") is None:
            archive(event, view)

    def invoke_if_asked(target: Data, event: Data, rule: Data, view: Any = None) -> None:
        if _is_asked(event, rule):
            invoke(target, event, rule, view)

    def start_if_sound(data: Data) -> Any:
        return _refusal(data) or start(data)

    eventbridge._archive_event = archive_unless_replayed
    eventbridge._invoke_target = invoke_if_asked
    eventbridge._start_replay = start_if_sound


def _is_asked(event: Data, rule: Data) -> bool:
    """Whether a rule gets an event: a replay may be for some rules of its bus alone."""
    from ministack.services import eventbridge

    replay = eventbridge._replays.get(event.get("ReplayName") or "")
    if replay is None or event.get("_DispatchPath"):
        return True
    wanted = replay["Destination"].get("FilterArns")
    return not wanted or rule["Arn"] in wanted


def _refusal(data: Data) -> Any:
    """The answer to a request that AWS refuses; None for any other."""
    from ministack.core.responses import error_response_json
    from ministack.services import eventbridge

    times = (data.get(name) for name in ("EventStartTime", "EventEndTime"))
    start, end = (eventbridge._coerce_timestamp(time) for time in times)
    if start is None or end is None or start < end:
        return None
    reason = "EventStartTime must be before EventEndTime."
    return error_response_json(
        "ValidationException", f"Parameter EventEndTime is not valid. Reason: {reason}", 400
    )
