"""The warehouse: the stock of each category in each store, from stock counts and new orders.

The stock is what was counted last, less one for each order since. Messages come in any order and
more than once: an event that is older than the last count is part of that count and changes
nothing, and an event that was applied already is known by its request_id. Times are whole seconds;
an order in the very second of a count is taken off, which promises too little rather than too much.

Not exact in one case: a count that arrives after orders that are younger than it overwrites them,
and the stock is too high by as many until the next count.
"""

from __future__ import annotations

import json
import os
import random
import time
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from movement import Movement, parse

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef, UpdateTypeDef

STOCK_TABLE_NAME = os.environ["STOCK_TABLE_NAME"]
APPLIED_TABLE_NAME = os.environ["APPLIED_TABLE_NAME"]
# How long a copy may take that the archive of the bus still replays on its last day: a day in which
# the archive lets go of it, a day until EventBridge gives up, 14 in the dead-letter queue, 4 in the
# queue again after that, and one to spare.
DAYS_ON_THE_WAY = 21
REMEMBERED_SECONDS = (int(os.environ["ARCHIVE_RETENTION_DAYS"]) + DAYS_ON_THE_WAY) * 24 * 3600
ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 0.05
LONGEST_REASON = 500

client: DynamoDBClient = boto3.client(
    "dynamodb",
    config=Config(
        connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3}
    ),
)


def handler(event: dict[str, Any], _context: object) -> dict[str, list[dict[str, str]]]:
    """The messages that failed, for SQS to deliver again; the others are done."""
    failures = []
    for message in event["Records"]:
        try:
            apply(parse(message["body"]))
        # Whatever is wrong with one message must not hold up the others.
        except Exception as error:
            log_failure(message["messageId"], error)
            failures.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failures}


def apply(movement: Movement) -> None:
    """Changes the stock once; a copy, or an event older than the last count, changes nothing."""
    writes = transaction(movement, int(time.time()))
    for attempt in range(1, ATTEMPTS + 1):
        try:
            client.transact_write_items(TransactItems=writes)
            return
        except client.exceptions.TransactionCanceledException as error:
            codes = {reason.get("Code") for reason in error.response["CancellationReasons"]}
            # Neither condition can become true again.
            if "ConditionalCheckFailed" in codes:
                return
            if "TransactionConflict" not in codes or attempt == ATTEMPTS:
                raise
        time.sleep(random.uniform(0, FIRST_PAUSE_SECONDS * 2**attempt))


def transaction(movement: Movement, now: int) -> list[TransactWriteItemTypeDef]:
    """The change of the stock, bound to a note that this request_id was applied."""
    remembered = {
        "request_id": {"S": movement.request_id},
        "expires_at": {"N": str(now + REMEMBERED_SECONDS)},
    }
    return [
        {
            "Put": {
                "TableName": APPLIED_TABLE_NAME,
                "Item": remembered,
                "ConditionExpression": "attribute_not_exists(request_id)",
            }
        },
        {"Update": stock_update(movement)},
    ]


def stock_update(movement: Movement) -> UpdateTypeDef:
    """One less for an order, the counted quantity for a count; never against a younger count."""
    is_order = movement.counted is None
    return {
        "TableName": STOCK_TABLE_NAME,
        "Key": {"store_id": {"S": movement.store_id}, "category": {"S": movement.category}},
        "UpdateExpression": (
            "ADD quantity :quantity" if is_order else "SET quantity = :quantity, counted_at = :time"
        ),
        "ConditionExpression": "attribute_not_exists(counted_at) OR counted_at <= :time",
        "ExpressionAttributeValues": {
            ":quantity": {"N": "-1" if is_order else str(movement.counted)},
            ":time": {"S": movement.time},
        },
    }


def log_failure(message_id: str, error: Exception) -> None:
    # JSON escapes line breaks, so that a message cannot forge a line of the log.
    reason = f"{type(error).__name__}: {error}"[:LONGEST_REASON]
    entry = {"level": "ERROR", "message": "message failed", "message_id": message_id}
    print(json.dumps({**entry, "reason": reason}))
