"""An AWS on this machine with the faults that the real one has; the same seed, the same faults.

`launch.local_aws(server=SERVER)` runs it. It changes only what a service answers or delivers, in
the words of its API reference; the program, the functions and Flink are those of every other run.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from miztiik_events.local import gaps, server
from miztiik_events.local.folder import Folder

SERVER = (__file__,)
SEED = 54
REFUSED_ENTRY = "PutEvents: entry refused"
LOST_EVENTS = "PutEvents: answer lost"
COPY = "Event delivered twice"
REFUSED_RECORD = "PutRecordBatch: record refused"
LOST_RECORDS = "PutRecordBatch: answer lost"
FAILED_CALL = "Transformer failed"
SHARES = {
    REFUSED_ENTRY: 0.05,
    LOST_EVENTS: 0.01,
    COPY: 0.05,
    REFUSED_RECORD: 0.02,
    LOST_RECORDS: 0.02,
    FAILED_CALL: 0.1,
}
# So that other events come in between, as they do on AWS.
DELIVERIES_BEFORE_COPY = 200
# Firehose tries a call four times; what fails a fourth time it sets aside for good.
MOST_FAILURES_IN_A_ROW = 3

Answer = tuple[int, dict[str, str], bytes]
Handler = Callable[..., Answer]


class Faults:
    """Decides whether a fault happens, by a sequence for each kind, and counts those that do."""

    def __init__(self, folder: Path) -> None:
        self._log = os.open(_log(folder), os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        self._sequences = {kind: Random(f"{SEED} {kind}") for kind in SHARES}

    def strikes(self, kind: str) -> bool:
        return self._sequences[kind].random() < SHARES[kind]

    def has_struck(self, kind: str) -> None:
        os.write(self._log, f"{kind}\n".encode())


def counted(folder: Path) -> Counter[str]:
    """How often each kind has happened so far in the AWS of this state folder."""
    return Counter(_log(folder).read_text().splitlines())


def _log(folder: Path) -> Path:
    return folder / "faults"


@dataclass(frozen=True)
class BatchCall:
    """A call that answers for each of its parts; a part may fail alone, or the answer be lost."""

    parts: str
    results: str
    failures: str
    refused: str
    refusal: str
    lost: str
    status: int
    error: str

    def faulty(self, handle: Handler, faults: Faults) -> Handler:
        """The handler of the call, with its faults; a lost answer's call did all it should."""

        def handle_some(data: dict[str, Any], *others: Any, **named: Any) -> Answer:
            parts = [(faults.strikes(self.refused), part) for part in data[self.parts]]
            taken = [part for is_refused, part in parts if not is_refused]
            body: dict[str, Any] = {self.results: [], self.failures: 0}
            if taken:
                status, _, text = handle({**data, self.parts: taken}, *others, **named)
                body = json.loads(text)
                if status != 200:
                    return _answer(status, body)
            if faults.strikes(self.lost):
                faults.has_struck(self.lost)
                return _answer(self.status, {"__type": self.error, "message": "Try again."})
            return _answer(200, self._whole(body, [is_refused for is_refused, _ in parts], faults))

        return handle_some

    def _whole(self, body: dict[str, Any], refused: list[bool], faults: Faults) -> dict[str, Any]:
        """The answer for all parts out of that for those that were taken."""
        for _ in filter(None, refused):
            faults.has_struck(self.refused)
        taken = iter(body[self.results])
        refusal = {"ErrorCode": self.refusal, "ErrorMessage": "Try again."}
        results = [refusal if is_refused else next(taken) for is_refused in refused]
        failures = body[self.failures] + sum(refused)
        return {**body, self.results: results, self.failures: failures}


PUT_EVENTS = BatchCall(
    parts="Entries",
    results="Entries",
    failures="FailedEntryCount",
    refused=REFUSED_ENTRY,
    refusal="ThrottlingException",
    lost=LOST_EVENTS,
    status=500,
    error="InternalException",
)
PUT_RECORD_BATCH = BatchCall(
    parts="Records",
    results="RequestResponses",
    failures="FailedPutCount",
    refused=REFUSED_RECORD,
    refusal="ServiceUnavailableException",
    lost=LOST_RECORDS,
    status=503,
    error="ServiceUnavailableException",
)


def fill(folder: Folder) -> None:
    """The gaps, as ever, and then the faults."""
    from ministack.services import eventbridge, firehose, lambda_svc

    gaps.fill(folder)
    faults = Faults(folder.path)
    eventbridge._put_events = PUT_EVENTS.faulty(eventbridge._put_events, faults)
    eventbridge._invoke_target = _delivering_twice(eventbridge._invoke_target, faults)
    put = firehose._HANDLERS["PutRecordBatch"]
    firehose._HANDLERS["PutRecordBatch"] = PUT_RECORD_BATCH.faulty(put, faults)
    execute = lambda_svc._execute_function_with_config_scope
    lambda_svc._execute_function_with_config_scope = _failing(execute, faults)


def _delivering_twice(deliver: Callable[..., None], faults: Faults) -> Callable[..., None]:
    """Some events reach a target of their rule again, later: the same event, of the same id."""
    numbers = count()
    copies: deque[tuple[int, tuple[Any, ...]]] = deque()

    def deliver_and_again(*event: Any) -> None:
        number = next(numbers)
        deliver(*event)
        if faults.strikes(COPY):
            copies.append((number + DELIVERIES_BEFORE_COPY, event))
        while copies and copies[0][0] <= number:
            faults.has_struck(COPY)
            deliver(*copies.popleft()[1])

    return deliver_and_again


def _failing(execute: Callable[..., Any], faults: Faults) -> Callable[..., Any]:
    """Firehose's calls of its function end in an error now and then, as if its process had died."""
    in_a_row: Counter[str] = Counter()

    def execute_or_fail(function: dict[str, Any], event: Any) -> Any:
        stream = event.get("deliveryStreamArn") if isinstance(event, dict) else None
        if stream and in_a_row[stream] < MOST_FAILURES_IN_A_ROW and faults.strikes(FAILED_CALL):
            in_a_row[stream] += 1
            faults.has_struck(FAILED_CALL)
            body = {"errorType": "Runtime.ExitError", "errorMessage": "Runtime exited"}
            return {"error": True, "function_error": "Unhandled", "body": body}
        in_a_row[stream or ""] = 0
        return execute(function, event)

    return execute_or_fail


def _answer(status: int, body: dict[str, Any]) -> Answer:
    return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(body).encode()


if __name__ == "__main__":
    server.run(sys.argv[1:], fill)
