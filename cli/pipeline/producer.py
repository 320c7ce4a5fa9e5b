"""The producer function, asked to produce."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..aws_errors import is_broken_off, is_refused_for_now
from ..errors import MiztiikError
from ..text import command, printable

if TYPE_CHECKING:
    from botocore.config import Config
    from mypy_boto3_lambda import LambdaClient

# A function runs for 15 minutes at the longest.
ANSWER_SECONDS = 915
LONGEST = 200


def client_config() -> Config:
    """What a Lambda client for `invoke` needs: it waits, and it never asks a second time.

    A retry would produce twice.
    """
    from botocore.config import Config

    return Config(
        read_timeout=ANSWER_SECONDS, retries={"total_max_attempts": 1}, tcp_keepalive=True
    )


def invoke(lambda_: LambdaClient, function: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The producer's message: what it has sent, as functions/producer describes it; exact numbers.

    Raises MiztiikError when it refuses the payload, fails, or its answer does not arrive.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = lambda_.invoke(FunctionName=function, Payload=json.dumps(payload).encode())
        body = answer["Payload"].read()
    except (BotoCoreError, ClientError) as error:
        if not (is_broken_off(error) or is_refused_for_now(error) == "perhaps after"):
            raise
        raise MiztiikError(
            f"The answer of {function} did not arrive ({error}). It may have produced all the "
            f"same. Next: {command('logs')}"
        ) from error
    if answer.get("FunctionError"):
        raise MiztiikError(f"{function} failed: {_failure(body)}. Next: {command('logs')}")
    return _message(function, body)


def add(total: dict[str, Any], message: Mapping[str, Any]) -> None:
    """Add to the sums of earlier messages those of another; all else is as in the last one."""
    sums = {
        name: total.get(name, 0) + value
        for name, value in message.items()
        if isinstance(value, (int, Decimal)) and name not in ("status", "events_per_second")
    }
    stores = dict(total.get("sales_by_store", {}))
    for store, sales in message.get("sales_by_store", {}).items():
        stores[store] = stores.get(store, 0) + sales
    is_whole = total.get("status", True) and message.get("status", True)
    total.update({**message, **sums, "sales_by_store": stores, "status": is_whole})


def _message(function: str, body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
        message = json.loads(answer["body"], parse_float=Decimal)["message"]
        status = answer["statusCode"]
        is_message = isinstance(message, dict)
    except (ValueError, KeyError, TypeError):
        is_message = False
    if not is_message:
        raise MiztiikError(
            f"{function} gave no answer of a producer: {_shortened(body)}. "
            f"Next: {command('deploy')}"
        )
    if status != 200:
        raise MiztiikError(f"The producer sent nothing: {message.get('reason', 'no reason given')}")
    return dict(message)


def _failure(body: bytes) -> str:
    try:
        failure = json.loads(body)
        reason = f"{failure.get('errorType', 'Error')}: {failure['errorMessage']}"
    except (ValueError, KeyError, AttributeError):
        return _shortened(body)
    return printable(" ".join(reason.split()))


def _shortened(body: bytes) -> str:
    return printable(" ".join(body.decode(errors="replace").split())[:LONGEST])
