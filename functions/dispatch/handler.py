"""Dispatch: one dispatch note for each new order, however often the order arrives."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

TABLE_NAME = os.environ["TABLE_NAME"]
LONGEST_REASON = 500

client: DynamoDBClient = boto3.client(
    "dynamodb",
    config=Config(
        connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3}
    ),
)


class OrderError(ValueError):
    """The message is no new order that could be dispatched."""


def handler(event: dict[str, Any], _context: object) -> dict[str, list[dict[str, str]]]:
    """The messages that failed, for SQS to deliver again; the others are done."""
    failures = []
    for message in event["Records"]:
        try:
            keep(dispatch_note(message["body"], datetime.now(timezone.utc)))
        # Whatever is wrong with one message must not hold up the others.
        except Exception as error:
            log_failure(message["messageId"], error)
            failures.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failures}


def dispatch_note(body: str, now: datetime) -> dict[str, AttributeValueTypeDef]:
    """The table's item for an order in EventBridge's envelope; raises OrderError."""
    try:
        envelope = json.loads(body, parse_float=Decimal, parse_int=Decimal)
        order, ordered_at = envelope["detail"], envelope["time"]
        texts = {name: order[name] for name in ("request_id", "store_id", "category", "name")}
        sales = order["sales"]
    except (ValueError, KeyError, TypeError) as error:
        raise OrderError(f"no order: {error!r}") from error
    for name, text in {**texts, "time": ordered_at}.items():
        if not isinstance(text, str) or not text:
            raise OrderError(f"{name} must be text")
    if not isinstance(sales, Decimal) or not sales.is_finite():
        raise OrderError("sales must be a number")
    return {
        **{name: {"S": text} for name, text in texts.items()},
        "sales": {"N": str(sales)},
        "ordered_at": {"S": ordered_at},
        "dispatched_at": {"S": now.strftime("%Y-%m-%dT%H:%M:%SZ")},
    }


def keep(note: dict[str, AttributeValueTypeDef]) -> None:
    """Writes the note; that it is there already means that this is a copy, and is no error."""
    try:
        client.put_item(
            TableName=TABLE_NAME,
            Item=note,
            ConditionExpression="attribute_not_exists(request_id)",
        )
    except client.exceptions.ConditionalCheckFailedException:
        return


def log_failure(message_id: str, error: Exception) -> None:
    # JSON escapes line breaks, so that a message cannot forge a line of the log.
    reason = f"{type(error).__name__}: {error}"[:LONGEST_REASON]
    entry = {"level": "ERROR", "message": "message failed", "message_id": message_id}
    print(json.dumps({**entry, "reason": reason}))
