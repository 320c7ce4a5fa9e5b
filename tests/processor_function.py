"""A Lambda function that processes Firehose's records as their data tells it to."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import small_functions

if TYPE_CHECKING:
    from conftest import TestAws

# It notes each event that it gets. The first record may tell it to fail; else the answer to a
# record is its data, a JSON object to which it adds the recordId.
CODE = """
import base64, json, os

def handler(event, context):
    with open(os.environ["CALLS"], "a+") as file:
        file.seek(0)
        calls = len(file.readlines())
        print(json.dumps(event), file=file)
    said = [(r["recordId"], base64.b64decode(r["data"]).decode()) for r in event["records"]]
    command = said[0][1]
    if command == "fail" or command == "fail twice" and calls < 2:
        raise ValueError(command)
    if command == "say nothing":
        return None
    answers = [{"recordId": id, **answer(data)} for id, data in said]
    return {"records": [one for one in answers if "result" in one]}

def answer(data):
    return json.loads(data) if data.startswith("{") else {"result": "Ok", "data": "ZG9uZQ=="}
"""
DROPPED = '{"result": "Dropped"}'
FAILED = '{"result": "ProcessingFailed"}'


def ok(data: str) -> str:
    """A record that becomes this data; one of any other text becomes `done`."""
    return json.dumps({"result": "Ok", "data": base64.b64encode(data.encode()).decode()})


@dataclass(frozen=True)
class ProcessorFunction:
    aws: TestAws
    arn: str
    calls: Path

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.calls.read_text().splitlines()]

    def batches(self) -> list[list[str]]:
        """The records' data of each call."""
        return [
            [base64.b64decode(record["data"]).decode() for record in event["records"]]
            for event in self.events()
        ]


def create(aws: TestAws, folder: Path) -> ProcessorFunction:
    """Its notes are in the folder."""
    calls = folder / "calls"
    return ProcessorFunction(aws, small_functions.create(aws, CODE, CALLS=str(calls)), calls)
