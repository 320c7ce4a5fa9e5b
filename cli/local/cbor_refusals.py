"""What IAM refuses, told in CBOR to those who asked in CBOR.

MiniStack refuses a request to Kinesis in JSON. The AWS SDKs for Java cannot read that, and an
application's log would not tell what its role lacks.
"""

from __future__ import annotations

import json
from typing import Any

import cbor2

from .private_names import require


def fill() -> None:
    from ministack.core import iam_actions

    require(iam_actions, "access_denied_response")
    refuse = iam_actions.access_denied_response

    def refuse_in_kind(service: str, *about: Any, headers: Any = None, **more: Any) -> Any:
        status, answer_headers, body = refuse(service, *about, headers=headers, **more)
        asked = (headers or {}).get("content-type", "")
        if service != "kinesis" or "cbor" not in asked:
            return status, answer_headers, body
        return status, {"Content-Type": asked}, cbor2.dumps(json.loads(body))

    iam_actions.access_denied_response = refuse_in_kind
