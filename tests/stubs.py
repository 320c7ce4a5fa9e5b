"""boto3 clients whose answers are given beforehand; botocore checks them against its models."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.stub import ANY, Stubber

__all__ = ["ANY", "Answer", "Refusal", "stubbed"]


@dataclass(frozen=True)
class Answer:
    """One call that has to come, and what it gets."""

    operation: str
    response: dict[str, Any] = field(default_factory=dict)
    request: dict[str, Any] | None = None


@dataclass(frozen=True)
class Refusal:
    """One call that has to come, and the error it gets."""

    operation: str
    code: str
    message: str = ""
    status: int = 400


@contextmanager
def stubbed(service: str, *answers: Answer | Refusal) -> Iterator[Any]:
    """A client that gets exactly these calls, in this order; any other is an error."""
    make: Any = boto3.client
    client = make(
        service,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        endpoint_url="http://127.0.0.1:1",
    )
    with Stubber(client) as stubber:
        for answer in answers:
            if isinstance(answer, Refusal):
                stubber.add_client_error(
                    answer.operation, answer.code, answer.message, answer.status
                )
            else:
                stubber.add_response(answer.operation, answer.response, answer.request)
        yield client
        stubber.assert_no_pending_responses()
