"""What the page knows while AWS is out of order."""

from __future__ import annotations

import http.client
import io
from dataclasses import replace
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError

from miztiik_events.dashboard.feed import Feed, summary
from miztiik_events.dashboard.view import Question
from miztiik_events.operate.health import Health
from well_project import APPLICATION, WELL


def answering(status: int, code: str) -> boto3.Session:
    """A session to which every call answers so."""
    core = botocore.session.Session()
    core.set_default_client_config(Config(retries={"total_max_attempts": 1}))

    def answer(**_: Any) -> AWSResponse:
        body = f"<R><Error><Code>{code}</Code><Message>no</Message></Error></R>".encode()
        raw: Any = io.BytesIO(body)
        raw.stream = lambda *_, **__: iter([body])
        return AWSResponse("http://127.0.0.1:1", status, http.client.HTTPMessage(), raw)

    core.register("before-send", answer)
    return boto3.Session("key", "secret", region_name="eu-west-1", botocore_session=core)


def test_the_page_opens_and_tells_that_aws_is_out_of_order() -> None:
    feed = Feed(answering(503, "ServiceUnavailable"), "shop")
    feed.start()
    feed.stop()
    problem = feed.answer(Question("hour"))["problem"]
    assert problem["text"] == "DescribeStacks was refused: ServiceUnavailable: no"


def test_the_page_does_not_open_when_aws_refuses_for_good() -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        Feed(answering(403, "AccessDenied"), "shop").start()


def test_the_page_names_only_commands_that_have_something_to_work_on() -> None:
    there = {
        "AnalyticsApplicationName": "a",
        "StreamDataProcessor": "f",
        "SalesStreamName": "s",
    }
    at_rest = replace(WELL, application=replace(APPLICATION, status="READY"))
    words = ("start", "produce", "verify")

    def named(health: Health) -> list[str]:
        return [summary(health)[word] for word in words]

    assert named(replace(at_rest, outputs=there)) == [
        "miztiik-events start-analytics --project p",
        "miztiik-events produce --project p",
        "miztiik-events verify --project p",
    ]
    # What runs needs no start.
    assert named(replace(WELL, outputs=there))[0] == ""
    assert named(at_rest) == named(replace(WELL, application=None)) == ["", "", ""]
