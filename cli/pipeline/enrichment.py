"""The enrichment function, asked what it knows of stores and products."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import MiztiikError
from ..text import command, printable

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

STORE, PRODUCT = ("store_name", "city", "region", "country"), ("product_group",)
# An answer has 6 MB at the most, and so has a question.
_BATCH = 1000
LONGEST = 200
# Of a sale that never was: in no file, and in no result.
_ARRIVAL = 0

Attributes = Mapping[str, str]


def stores(lambda_: LambdaClient, function: str, names: Sequence[str]) -> list[Attributes]:
    """What the lake has of each store; raises MiztiikError when the function fails."""
    return _asked(lambda_, function, [{"store_id": name} for name in names], STORE)


def products(
    lambda_: LambdaClient, function: str, names: Sequence[tuple[str, str]]
) -> list[Attributes]:
    """The same of products, by category and name."""
    details = [{"category": category, "name": name} for category, name in names]
    return _asked(lambda_, function, details, PRODUCT)


def _asked(
    lambda_: LambdaClient,
    function: str,
    details: Sequence[Mapping[str, str]],
    wanted: Sequence[str],
) -> list[Attributes]:
    """These attributes of the rows that it makes of sales with these details."""
    return [
        attributes
        for first in range(0, len(details), _BATCH)
        for attributes in _batch(lambda_, function, details[first : first + _BATCH], wanted)
    ]


def _batch(
    lambda_: LambdaClient,
    function: str,
    details: Sequence[Mapping[str, str]],
    wanted: Sequence[str],
) -> list[Attributes]:
    event = {"records": [_record(number, detail) for number, detail in enumerate(details)]}
    answer = lambda_.invoke(FunctionName=function, Payload=json.dumps(event).encode())
    body = answer["Payload"].read()
    try:
        records = {record["recordId"]: record for record in json.loads(body)["records"]}
        data = (records[str(number)]["data"] for number in range(len(details)))
        rows = (json.loads(base64.b64decode(text)) for text in data)
        return [{name: str(row[name]) for name in wanted} for row in rows]
    except (KeyError, TypeError, ValueError) as error:
        told = printable(" ".join(body.decode(errors="replace").split())[:LONGEST])
        raise MiztiikError(
            f"{function} gave no row of a sale: {told}. Next: {command('logs enrichment')}"
        ) from error


def _record(number: int, detail: Mapping[str, str]) -> dict[str, Any]:
    sale = {"request_id": f"question-{number}", "store_id": "store_0", "sales": 0, **detail}
    envelope = {"detail-type": "sales-events", "detail": {**sale, "is_return": False}}
    return {
        "recordId": str(number),
        "approximateArrivalTimestamp": _ARRIVAL,
        "data": base64.b64encode(json.dumps(envelope).encode()).decode(),
    }
