"""Requests in CBOR, which the AWS SDKs for Java send to Kinesis, as Python values."""

from __future__ import annotations

from typing import Any

import cbor2

# The SDKs write times as CBOR's tag 1 with milliseconds; the tag itself means seconds, and cbor2
# finds such years impossible.
_TAGGED = b"\x69Timestamp\xc1"
_PLAIN = b"\x69Timestamp"


def read(body: bytes) -> dict[str, Any]:
    """The request; times in it are numbers, in milliseconds since 1970."""
    found = cbor2.loads(body.replace(_TAGGED, _PLAIN)) if body else {}
    return found if isinstance(found, dict) else {}
