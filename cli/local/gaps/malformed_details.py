"""Entries of PutEvents that are no events.

MiniStack takes any text for a detail, and an entry without a source. AWS answers each such entry
with an error of its own, and takes the others.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
"""

from __future__ import annotations

import json
from typing import Any

from ..requirements import require

_REQUIRED = ("Source", "DetailType", "Detail")


def fill() -> None:
    from ministack.services import eventbridge

    require(eventbridge, "_put_events")
    put_events = eventbridge._put_events

    def put_what_are_events(data: dict[str, Any], *flags: Any, **options: Any) -> Any:
        entries = data.get("Entries", [])
        refusals = [_refusal(entry) for entry in entries]
        if not any(refusals):
            return put_events(data, *flags, **options)
        taken = [entry for entry, refusal in zip(entries, refusals) if not refusal]
        status, headers, body = put_events({**data, "Entries": taken}, *flags, **options)
        if status != 200:
            return status, headers, body
        return status, headers, _together(json.loads(body), refusals)

    eventbridge._put_events = put_what_are_events


def _together(answer: dict[str, Any], refusals: list[dict[str, str]]) -> bytes:
    """The answer with the refusals in their places."""
    answers = iter(answer["Entries"])
    entries = [refusal or next(answers) for refusal in refusals]
    failed = answer["FailedEntryCount"] + sum(map(bool, refusals))
    return json.dumps({"FailedEntryCount": failed, "Entries": entries}).encode()


def _refusal(entry: dict[str, Any]) -> dict[str, str]:
    """What AWS has against the entry; empty when it is an event."""
    for name in _REQUIRED:
        if not entry.get(name):
            reason = f"Parameter {name} is not valid. Reason: {name} is a required argument."
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": reason}
    if _is_object(entry["Detail"]):
        return {}
    return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text, parse_constant=_refuse, parse_int=str), dict)
    except (ValueError, RecursionError):
        return False


def _refuse(constant: str) -> None:
    # Python reads NaN and Infinity; JSON has no such numbers.
    raise ValueError(constant)
