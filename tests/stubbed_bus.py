"""An event bus in the network's place, for the producer's tests."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

from function_loader import NO_AWS, load

Entry = dict[str, Any]
Answer = Callable[[int, int], str]  # the call's number, the entry's place -> error code, or ""

BURST = {"count": 200, "duration_seconds": 0, "seed": 7}


class Context:
    """Lambda's context with some time left."""

    def __init__(self, seconds: float = 60) -> None:
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self._seconds * 1000)


class RawBody(BytesIO):
    def stream(self, **_kwargs: object) -> list[bytes]:
        return [self.read()]


class Bus:
    """Answers PutEvents in the network's place, so that boto3 is all there; keeps the calls."""

    def __init__(self, answer: Answer) -> None:
        self.calls: list[list[Entry]] = []
        self._answer = answer
        self._lock = threading.Lock()

    def __call__(self, request: AWSPreparedRequest, **_kwargs: object) -> AWSResponse:
        entries = sent_entries(request)
        with self._lock:
            self.calls.append(entries)
            number = len(self.calls)
        codes = [self._answer(number, place) for place in range(len(entries))]
        results = [{"ErrorCode": code} if code else {"EventId": "1"} for code in codes]
        failed = sum(map(bool, codes))
        return response({"FailedEntryCount": failed, "Entries": results})

    @property
    def entries(self) -> list[Entry]:
        return [entry for call in self.calls for entry in call]


def sent_entries(request: AWSPreparedRequest) -> list[Entry]:
    assert isinstance(request.body, bytes)
    entries: list[Entry] = json.loads(request.body)["Entries"]
    return entries


def response(body: dict[str, Any], status: int = 200) -> AWSResponse:
    return AWSResponse("", status, HTTPHeaders(), RawBody(json.dumps(body).encode()))


def produce(answer: Answer, asked: object, seconds: float = 60) -> tuple[Bus, dict[str, Any]]:
    """The calls that one run makes, and its answer."""
    bus = Bus(answer)
    status_code, message = run(bus, asked, seconds)
    assert status_code == 200
    return bus, message


def run(transport: Any, asked: object, seconds: float = 60) -> tuple[int, dict[str, Any]]:
    function = load("producer", {**NO_AWS, "EVENT_BUS_NAME": "sales"})
    function.client.meta.events.register("before-send.eventbridge.PutEvents", transport)
    answer = function.handler(asked, Context(seconds))
    return answer["statusCode"], json.loads(answer["body"])["message"]


def everything(_call: int, _place: int) -> str:
    return ""


def details(bus: Bus) -> list[dict[str, Any]]:
    return [json.loads(entry["Detail"]) for entry in bus.entries]
