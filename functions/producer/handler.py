"""The stores: puts sales and inventory events on the bus; `payload` says what can be asked."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any, Protocol

import boto3
from botocore.config import Config

import payload
from generator import generate
from sender import CALLS_IN_FLIGHT, Sender, batches

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

EVENT_BUS_NAME = os.environ["EVENT_BUS_NAME"]
# Of the function's time: no call begins in the last 8 s (a call takes 7 s at the most), and 2 s
# more are kept for sending again what failed at the very end.
LAST_CALL_SECONDS = 8
RESERVED_SECONDS = 10

# Failed calls are sent again by `sender`, which knows the time that is left.
client: EventBridgeClient = boto3.client(
    "events",
    config=Config(
        max_pool_connections=CALLS_IN_FLIGHT,
        connect_timeout=2,
        read_timeout=5,
        retries={"total_max_attempts": 1},
        # The entries are made here, and their check takes an eighth of a call's time.
        parameter_validation=False,
    ),
)


class Context(Protocol):
    """What is used of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int: ...


def handler(event: object, context: Context) -> dict[str, Any]:
    """Status code and JSON body, as for an HTTP answer; the body is `{"message": {...}}`.

    200: the run took place. `status` is true when the bus accepted every event; otherwise
    `failed_count` events are missing, as far as is known (a call may have had no answer), and
    `reason` is the last error. The counts and sums are those of accepted events: `record_count`
    is all of them, `rejected_events` the malformed ones, which the bus accepts and its rules
    reject, `tot_sales` the sum over sales, returns included. `late_events` are sales too, but of no
    window, and so in none of the sums; `duplicates` are copies, which count in nothing else.
    400: the payload is wrong, `reason` says how, and nothing was sent.
    """
    started = time.monotonic()
    remaining = context.get_remaining_time_in_millis() / 1000
    try:
        run = payload.parse(event, remaining - RESERVED_SECONDS, time.time())
    except payload.PayloadError as error:
        return _answer(400, {"status": False, "reason": str(error)})
    return _answer(200, _produce(run, started, started + remaining - LAST_CALL_SECONDS))


def _produce(run: payload.Run, started: float, deadline: float) -> dict[str, Any]:
    sender = Sender(client, EVENT_BUS_NAME, batches(generate(run), run.interval, run.due), deadline)
    sender.send()
    summary = sender.tally.summary(run.count, time.monotonic() - started)
    return summary if summary["status"] else {**summary, "reason": sender.last_error}


def _answer(status_code: int, message: dict[str, Any]) -> dict[str, Any]:
    return {"statusCode": status_code, "body": json.dumps({"message": message})}
