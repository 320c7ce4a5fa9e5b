"""An AWS on this machine that notes when each result was where, on its way from Flink to S3.

`launch.local_aws(server=SERVER)` runs it; it changes nothing.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from miztiik_events.local import gaps, server
from miztiik_events.local.folder import Folder
from miztiik_events.local.gaps import firehose_buffer, firehose_delivery
from miztiik_events.local.gaps.firehose_processor import Processed, Record

SERVER = (__file__,)


@dataclass(frozen=True)
class Passage:
    """A result on its way, the moments in seconds since 1970; its window's end as in the result."""

    window_end: str
    arrived: float
    released: float
    transformed: float
    stored: float


def passages(folder: Path) -> list[Passage]:
    """Of all results so far that came by the AWS of this state folder."""
    lines = _log(folder).read_text().splitlines() if _log(folder).exists() else []
    return [Passage(**json.loads(line)) for line in lines]


def _log(folder: Path) -> Path:
    return folder / "passages"


def fill(folder: Folder) -> None:
    """The gaps, as ever, and the notes of Firehose's deliveries."""
    gaps.fill(folder)
    log = os.open(_log(folder.path), os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    deliver, process = firehose_buffer.deliver, firehose_delivery.process
    # A delivery is the work of one thread.
    delivery = threading.local()

    def processed(*arguments: Any) -> Processed:
        answer = process(*arguments)
        delivery.transformed = time.time()
        return answer

    def delivered(stream: Any, destination: Any, records: list[Record]) -> bool:
        released = time.time()
        is_done = deliver(stream, destination, records)
        if is_done:
            for passage in _passages(records, released, delivery.transformed, time.time()):
                os.write(log, f"{json.dumps(asdict(passage))}\n".encode())
        return is_done

    firehose_buffer.deliver, firehose_delivery.process = delivered, processed


def _passages(
    records: list[Record], released: float, transformed: float, stored: float
) -> list[Passage]:
    """Of the results among the records; what was set aside has no `timestamp`."""
    results = [(record.arrived, json.loads(record.data)) for record in records]
    return [
        Passage(result["timestamp"], arrived, released, transformed, stored)
        for arrived, result in results
        if "timestamp" in result
    ]


if __name__ == "__main__":
    server.run(sys.argv[1:], fill)
