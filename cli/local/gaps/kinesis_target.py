"""Rules that send events to a Kinesis stream.

MiniStack logs "unsupported target type" and answers PutEvents as if all were well. AWS writes the
event, or what Input, InputPath or InputTransformer make of it, into the stream; its partition key
is the event's id, or what KinesisParameters.PartitionKeyPath finds in the event. What cannot be
delivered goes to the target's dead-letter queue: Kinesis takes no key of more than 256 characters,
and EventBridge tries nothing again that a service has refused with a 4xx other than 429.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from ..requirements import require

logger = logging.getLogger(__name__)
_LONGEST_KEY = 256


def fill() -> None:
    from ministack.services import eventbridge, kinesis

    require(eventbridge, "_invoke_target", "_pattern_event_view", "_apply_input_transformer")
    require(kinesis, "put_record_internal")
    invoke = eventbridge._invoke_target

    def invoke_or_put_record(
        target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None
    ) -> None:
        if _service(target) != "kinesis":
            invoke(target, event, rule, view)
            return
        view = view or eventbridge._pattern_event_view(event)
        envelope = view.event_with_detail()
        data, key = _data(target, envelope, rule, view), _key(target, envelope)
        is_key = 1 <= len(key) <= _LONGEST_KEY
        if not (is_key and kinesis.put_record_internal(target["Arn"], key, data.encode())):
            _send_to_dead_letters(target, data)

    eventbridge._invoke_target = invoke_or_put_record


def _service(target: dict[str, Any]) -> str:
    parts = str(target.get("Arn", "")).split(":", 3)
    return parts[2] if len(parts) > 2 else ""


def _data(target: dict[str, Any], envelope: dict[str, Any], rule: dict[str, Any], view: Any) -> str:
    from ministack.services import eventbridge

    if target.get("InputTransformer"):
        return str(eventbridge._apply_input_transformer(target["InputTransformer"], rule, view))
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        return json.dumps(_at(envelope, target["InputPath"], envelope))
    return json.dumps(envelope)


def _key(target: dict[str, Any], envelope: dict[str, Any]) -> str:
    path = (target.get("KinesisParameters") or {}).get("PartitionKeyPath")
    key = _at(envelope, path, envelope["id"]) if path else envelope["id"]
    text = key if isinstance(key, str) else json.dumps(key)
    # JSON can write half a character, and nothing else can.
    return text.encode("utf-8", "replace").decode()


def _at(document: Any, path: str, otherwise: Any) -> Any:
    """What a JSON path such as `$.detail.store_id` leads to."""
    for name in path.lstrip("$").strip(".").split("."):
        if not isinstance(document, dict) or name not in document:
            return document if not name else otherwise
        document = document[name]
    return document


def _send_to_dead_letters(target: dict[str, Any], data: str) -> None:
    from ministack.core.arn import parse_arn
    from ministack.services import eventbridge

    queue = (target.get("DeadLetterConfig") or {}).get("Arn")
    if queue:
        eventbridge._dispatch_to_sqs(parse_arn(queue), data)
    else:
        logger.warning("An event for %s was lost: it cannot be written there", target["Arn"])
