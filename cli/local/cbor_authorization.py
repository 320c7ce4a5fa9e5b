"""IAM for requests in CBOR, which the AWS SDKs for Java send to Kinesis.

MiniStack looks for the resource of a request in its body as JSON, and answers 500 to any other
body. AWS authorizes both forms alike.
"""

from __future__ import annotations

from typing import Any

from . import cbor
from .private_names import require


def fill() -> None:
    from ministack.core import iam_actions

    require(iam_actions, "_safe_json_field")
    json_field = iam_actions._safe_json_field

    def field(body: bytes, name: str) -> Any:
        try:
            return json_field(body, name)
        except UnicodeDecodeError:
            # The first byte of a CBOR map is never valid UTF-8.
            return cbor.read(body).get(name, "") or ""

    iam_actions._safe_json_field = field
