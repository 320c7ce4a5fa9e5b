"""The times in CBOR, which the AWS SDKs for Java speak with Kinesis.

MiniStack writes and reads them as in JSON, in seconds since 1970. In CBOR the SDKs take and give
milliseconds: a record would have arrived in January 1970.
"""

from __future__ import annotations

from typing import Any

import cbor2

from . import cbor
from .private_names import require

_GIVEN = ("ApproximateArrivalTimestamp", "StreamCreationTimestamp", "ConsumerCreationTimestamp")
_TAKEN = "Timestamp"


def fill() -> None:
    from ministack.services import kinesis

    require(kinesis, "handle_request")
    handle = kinesis.handle_request

    async def handle_in_milliseconds(
        method: str, path: str, headers: Any, body: bytes, query_params: Any
    ) -> Any:
        if "cbor" not in headers.get("content-type", ""):
            return await handle(method, path, headers, body, query_params)
        asked = _in_seconds(body)
        status, answer_headers, answer = await handle(method, path, headers, asked, query_params)
        if isinstance(answer, bytes):
            answer = cbor2.dumps(_in_milliseconds(cbor2.loads(answer)))
        return status, answer_headers, answer

    kinesis.handle_request = handle_in_milliseconds


def _in_seconds(body: bytes) -> bytes:
    request = cbor.read(body)
    if isinstance(request.get(_TAKEN), (int, float)):
        request[_TAKEN] /= 1000
        body = cbor2.dumps(request)
    return body


def _in_milliseconds(value: Any) -> Any:
    if isinstance(value, list):
        return [_in_milliseconds(item) for item in value]
    if isinstance(value, dict):
        return {
            key: round(item * 1000) if key in _GIVEN else _in_milliseconds(item)
            for key, item in value.items()
        }
    return value
