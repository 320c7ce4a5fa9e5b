"""How many batches of a queue a function takes at a time, when a template says so by a parameter.

MiniStack's CloudFormation keeps the parameter's value as text, and its Lambda, which compares it
with a number, then takes no batch at all. On AWS it is a number, whatever the template wrote.
https://docs.aws.amazon.com/lambda/latest/api/API_ScalingConfig.html
"""

from __future__ import annotations

from typing import Any

from ..requirements import require


def fill() -> None:
    from ministack.services import lambda_svc

    require(lambda_svc, "_sqs_esm_concurrency")
    concurrency = lambda_svc._sqs_esm_concurrency

    def of_a_number(mapping: dict[str, Any], *others: Any) -> int:
        scaling = mapping.get("ScalingConfig") or {}
        typed = {name: int(value) for name, value in scaling.items()}
        return int(concurrency({**mapping, "ScalingConfig": typed}, *others))

    lambda_svc._sqs_esm_concurrency = of_a_number
