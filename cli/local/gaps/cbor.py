"""Requests in CBOR, which the AWS SDKs for Java send to Kinesis.

MiniStack looks for the resource of a request in its body as JSON, and answers 500 to any other
body; AWS authorizes both forms alike. MiniStack refuses in JSON, which those SDKs cannot read: an
application's log would not tell what its role lacks. And it writes and reads times as in JSON, in
seconds since 1970, where the SDKs take and give milliseconds: a record would have arrived in
January 1970.
"""

from __future__ import annotations

import json
from typing import Any

import cbor2

from ..requirements import require

# The SDKs write times as CBOR's tag 1 with milliseconds; the tag itself means seconds, and cbor2
# finds such years impossible.
_TAGGED = b"\x69Timestamp\xc1"
_PLAIN = b"\x69Timestamp"
_GIVEN = ("ApproximateArrivalTimestamp", "StreamCreationTimestamp", "ConsumerCreationTimestamp")
_TAKEN = "Timestamp"


def read(body: bytes) -> dict[str, Any]:
    """The request; times in it are numbers, in milliseconds since 1970."""
    request = cbor2.loads(body.replace(_TAGGED, _PLAIN)) if body else {}
    return request if isinstance(request, dict) else {}


def fill() -> None:
    _fill_authorization()
    _fill_refusals()
    _fill_times()


def _fill_authorization() -> None:
    from ministack.core import iam_actions

    require(iam_actions, "_safe_json_field")
    json_field = iam_actions._safe_json_field

    def field(body: bytes, name: str) -> Any:
        try:
            return json_field(body, name)
        except UnicodeDecodeError:
            # The first byte of a CBOR map is never valid UTF-8.
            return read(body).get(name, "") or ""

    iam_actions._safe_json_field = field


def _fill_refusals() -> None:
    from ministack.core import iam_actions

    require(iam_actions, "access_denied_response")
    refuse = iam_actions.access_denied_response

    def refuse_in_kind(service: str, *about: Any, headers: Any = None, **more: Any) -> Any:
        status, answer_headers, body = refuse(service, *about, headers=headers, **more)
        kind = (headers or {}).get("content-type", "")
        if service != "kinesis" or "cbor" not in kind:
            return status, answer_headers, body
        return status, {"Content-Type": kind}, cbor2.dumps(json.loads(body))

    iam_actions.access_denied_response = refuse_in_kind


def _fill_times() -> None:
    from ministack.services import kinesis

    require(kinesis, "handle_request")
    handle = kinesis.handle_request

    async def handle_in_milliseconds(
        method: str, path: str, headers: Any, body: bytes, query_params: Any
    ) -> Any:
        if "cbor" not in headers.get("content-type", ""):
            return await handle(method, path, headers, body, query_params)
        request = _in_seconds(body)
        status, answer_headers, answer = await handle(method, path, headers, request, query_params)
        if isinstance(answer, bytes):
            answer = cbor2.dumps(_in_milliseconds(cbor2.loads(answer)))
        return status, answer_headers, answer

    kinesis.handle_request = handle_in_milliseconds


def _in_seconds(body: bytes) -> bytes:
    request = read(body)
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
