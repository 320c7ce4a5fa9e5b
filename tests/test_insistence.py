"""AWS, asked again while a command waits."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from miztiik_events.errors import ConfigurationError, WaitTimeoutError
from miztiik_events.insistence import WAY_BACK, insisting
from miztiik_events.patience import CancelledError, Patience

URL = "http://127.0.0.1:1"
_RESULT = "<DescribeStacksResult><Stacks/></DescribeStacksResult>"
STACKS = f"<DescribeStacksResponse>{_RESULT}</DescribeStacksResponse>".encode()


class Hurried(threading.Event):
    """So that no test waits."""

    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()


class Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self._body


def refused(code: str, status: int = 400) -> tuple[int, bytes]:
    return status, f"<R><Error><Code>{code}</Code><Message>no</Message></Error></R>".encode()


@contextmanager
def asking(
    *replies: Any,
    seconds: float | None = 60,
    service: str = "cloudformation",
    cancelled: bool = False,
    has_answered: bool = False,
) -> Iterator[tuple[Any, list[Any], list[str]]]:
    """A client, what is left of these replies to it, and what it said."""
    left: list[Any] = list(replies)
    said: list[str] = []
    patience = None if seconds is None else Patience(seconds, Hurried())
    if patience and cancelled:
        patience.cancelled.set()

    def send(request: Any, **_: Any) -> AWSResponse:
        reply = left.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return AWSResponse(URL, reply[0], http.client.HTTPMessage(), Raw(reply[1]))

    session = boto3.Session("key", "secret", region_name="eu-west-1")
    with insisting(session, patience, said.append, has_answered=has_answered):
        make: Any = session.client
        config = Config(retries={"total_max_attempts": 1})
        client = make(service, endpoint_url=URL, config=config)
    client.meta.events.register("before-send", send)
    yield client, left, said


BROKEN = [
    refused("Throttling"),
    refused("ThrottlingException", 429),
    refused("InternalFailure", 500),
    (503, b"<html>try later</html>"),
    (502, b""),
    (200, STACKS[:40]),
    (200, b"<html>hello</html"),
    ConnectionClosedError(endpoint_url=URL),
    ReadTimeoutError(endpoint_url=URL),
    EndpointConnectionError(endpoint_url=URL, error="Name or service not known"),
]


@pytest.mark.parametrize("reply", BROKEN, ids=lambda reply: repr(reply)[:40])
def test_what_did_not_come_is_asked_for_again_and_said_once(reply: Any) -> None:
    with asking(*[reply] * 7, (200, STACKS), has_answered=True) as (client, left, said):
        assert client.describe_stacks()["Stacks"] == []
    assert left == []
    assert len(said) == 1
    assert said[0].endswith("; asking again")


def test_an_address_that_never_answered_is_asked_once() -> None:
    error = EndpointConnectionError(endpoint_url=URL, error="refused")
    with asking(error) as (client, _, _), pytest.raises(EndpointConnectionError):
        client.describe_stacks()


def test_an_address_where_somebody_was_is_asked_again_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lost = ConnectionClosedError(endpoint_url=URL)
    with asking(lost, lost, (200, STACKS)) as (client, _, said):
        assert client.describe_stacks()["Stacks"] == []
    assert len(said) == 1
    monkeypatch.setattr("miztiik_events.insistence.CONTACT_SECONDS", -1)
    with asking(lost) as (client, _, _), pytest.raises(ConnectionClosedError):
        client.describe_stacks()


def test_one_that_has_answered_is_asked_again() -> None:
    error = ConnectionClosedError(endpoint_url=URL)
    with asking((200, STACKS), error, (200, STACKS)) as (client, left, _):
        client.describe_stacks()
        client.describe_stacks()
    assert not left


def test_a_refusal_is_an_answer() -> None:
    error = ConnectionClosedError(endpoint_url=URL)
    with asking(refused("ValidationError"), error, (200, STACKS)) as (client, left, _):
        with pytest.raises(ClientError, match="ValidationError"):
            client.describe_stacks()
        client.describe_stacks()
    assert not left


def test_it_ends_with_the_patience() -> None:
    over = pytest.raises(WaitTimeoutError, match="Throttling: no; so it was until")
    with asking(refused("Throttling"), seconds=-1) as (client, _, _), over:
        client.describe_stacks()


@pytest.mark.parametrize(
    "code", ["ExpiredToken", "InvalidClientTokenId", "UnrecognizedClientException"]
)
def test_credentials_that_end_say_how_to_come_back(code: str) -> None:
    with asking((200, STACKS), refused(code)) as (client, _, _):
        client.describe_stacks()
        with pytest.raises(ConfigurationError, match=WAY_BACK):
            client.describe_stacks()


def test_a_call_that_would_act_twice_is_made_once_unless_it_did_not_begin() -> None:
    throttled = (429, b'{"Type": "User", "message": "Rate exceeded"}')
    lost = ReadTimeoutError(endpoint_url=URL)
    unknown = pytest.raises(ReadTimeoutError)
    with asking(throttled, lost, service="lambda", has_answered=True) as (client, left, _), unknown:
        client.invoke(FunctionName="producer")
    assert not left


def test_clients_of_before_and_after_are_as_they_were() -> None:
    session = boto3.Session("key", "secret", region_name="eu-west-1")
    with insisting(session, Patience(1)):
        inside = session.client("sqs")
    names = {kind.__name__ for kind in type(session.client("sqs")).__mro__}
    assert "InsistentClient" in {kind.__name__ for kind in type(inside).__mro__}
    assert "InsistentClient" not in names


def test_it_ends_when_it_is_cancelled() -> None:
    cancelled = pytest.raises(CancelledError)
    with asking(refused("Throttling"), cancelled=True) as (client, left, _), cancelled:
        client.describe_stacks()
    assert not left


def test_of_a_block_within_a_block_the_inner_one_counts() -> None:
    session = boto3.Session("key", "secret", region_name="eu-west-1")
    with insisting(session, None), insisting(session, Patience(7)):
        inner = session.client("sqs")
    kinds = [kind for kind in type(inner).__mro__ if "insistence" in vars(kind)]
    assert [vars(kind)["insistence"].patience.seconds for kind in kinds] == [7]


def test_what_one_address_has_answered_says_nothing_of_another() -> None:
    nowhere = EndpointConnectionError(endpoint_url=URL, error="Name or service not known")
    with asking((200, STACKS), nowhere) as (client, left, _):
        client.describe_stacks()
        client.meta._endpoint_url = "http://127.0.0.1:2"
        with pytest.raises(EndpointConnectionError):
            client.describe_stacks()
    assert not left


def test_a_connection_that_broke_off_is_made_again_where_another_address_has_answered() -> None:
    lost = ConnectionClosedError(endpoint_url=URL)
    with asking((200, STACKS), lost, (200, STACKS)) as (client, left, _):
        client.describe_stacks()
        client.meta._endpoint_url = "http://127.0.0.1:2"
        client.describe_stacks()
    assert not left


def test_without_a_limit_of_its_own_it_ends_when_an_outage_has_lasted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("miztiik_events.insistence.OUTAGE_SECONDS", 0)
    over = pytest.raises(WaitTimeoutError, match="Throttling: no; so it was until 0 s were over")
    with asking(refused("Throttling"), seconds=None) as (client, _, _), over:
        client.describe_stacks()
