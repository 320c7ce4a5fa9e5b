"""The returns desk: a line in its log for each return."""

from __future__ import annotations

import json
from typing import Any


def handler(event: dict[str, Any], _context: object) -> dict[str, list[dict[str, str]]]:
    """The messages that failed, for SQS to deliver again; the others are done."""
    failures = []
    for message in event["Records"]:
        try:
            print(refund(message["body"]))
        # Whatever is wrong with one message must not hold up the others.
        except Exception as error:
            failed = {"level": "ERROR", "message": "message failed", "reason": repr(error)}
            print(json.dumps({**failed, "message_id": message["messageId"]}))
            failures.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failures}


def refund(body: str) -> str:
    """What to pay back, for an event in EventBridge's envelope."""
    sale = json.loads(body)["detail"]
    return f"{sale['store_id']} pays back {sale['sales']:.2f} for {sale['name']}"
