"""Firehose's transformation: the records of a delivery stream become one JSON object per line.

The text of an object stays as it is, so that no number changes; only its line breaks go, which in
JSON stand between tokens and never inside a string. The results among them become metrics as well,
in the way that `sales_metrics` tells.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from sales_metrics import NONE, SalesMetrics

# Lambda's limit for an answer is 6 MB; the rest is for the JSON around the records.
LARGEST_ANSWER_BYTES = 6_000_000
LINE_BREAKS = str.maketrans("", "", "\r\n")

# For as long as the process lives: it knows what it has told already.
sales_metrics = SalesMetrics(os.environ.get("SALES_METRICS", NONE))

Record = dict[str, str]


def handler(event: dict[str, Any], _context: object) -> dict[str, list[Record]]:
    """Every recordId once, in order: Ok with its line, or ProcessingFailed.

    Firehose keeps a record that failed, as it came, under the error prefix. So does it with those
    that no longer fit into the answer: nothing is lost.
    """
    answers = fitted([answer(record) for record in event["records"]])
    stream = event.get("deliveryStreamArn", "").rpartition("/")[2]
    # At the very end: a call that fails has told nothing, and Firehose repeats it.
    for line in sales_metrics.lines(stream, _lines(answers), datetime.now(timezone.utc)):
        print(line)
    return {"records": answers}


def answer(record: Record) -> Record:
    """The record's line; or ProcessingFailed, with the data that came, when it is no object."""
    try:
        line = as_line(base64.b64decode(record["data"], validate=True))
    except (ValueError, RecursionError):
        return {**_failed(record), "data": record["data"]}
    data = base64.b64encode(line).decode()
    return {"recordId": record["recordId"], "result": "Ok", "data": data}


def as_line(data: bytes) -> bytes:
    """One JSON object on one line; raises ValueError when the data is anything else.

    RecursionError when it is nested too deep to tell.
    """
    text = data.decode()
    # Numbers are not converted: their value does not matter here, and 5000 digits are allowed.
    parsed = json.loads(text, parse_int=str, parse_float=str, parse_constant=_no_constant)
    if not isinstance(parsed, dict):
        raise ValueError("not a JSON object")
    return f"{text.translate(LINE_BREAKS).strip()}\n".encode()


def fitted(answers: list[Record], limit: int = LARGEST_ANSWER_BYTES) -> list[Record]:
    """The answers, with ProcessingFailed and no data in place of those that pass the limit."""
    failures = [_failed(record) for record in answers]
    room = limit - sum(map(_size, failures))
    fitting = []
    for record, failure in zip(answers, failures):
        growth = _size(record) - _size(failure)
        fitting.append(record if growth <= room else failure)
        room -= growth if growth <= room else 0
    return fitting


def _lines(answers: list[Record]) -> Iterator[bytes]:
    return (base64.b64decode(record["data"]) for record in answers if record["result"] == "Ok")


def _failed(record: Record) -> Record:
    return {"recordId": record["recordId"], "result": "ProcessingFailed"}


def _size(record: Record) -> int:
    return len(json.dumps(record)) + len(", ")


def _no_constant(name: str) -> None:
    # Python reads NaN and Infinity; JSON has no such numbers.
    raise ValueError(f"{name} is not JSON")
