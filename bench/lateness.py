"""How long sales take to arrive, and when windows close: `make bench-lateness`.

The whole project on an AWS on this machine. For each load it says how long after it happened a
sale arrived at most, in this load or one before (the allowed lateness has to be longer), how many
came late, and how long after its end the last window was in the data store, with the heartbeat's
own schedule. About a quarter of an hour.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from miztiik_events.local import launch
from miztiik_events.text import as_table

PROGRAM = Path(sys.executable).parent / "miztiik-events"
PARAMETERS = {"ShardCount": 4, "BufferIntervalSeconds": 1}
# A window lasts a minute, and closes at most the allowed lateness and 63 s after its end: when the
# results have stood still for longer, what is missing in them is late.
STILL_SECONDS = 180.0


@dataclass(frozen=True)
class Load:
    name: str
    rate: int
    seconds: int
    is_stopped: bool = False


LOADS = (
    Load("producer, as it is by default", 20, 60),
    Load("200 a second", 200, 60),
    Load("400 a second", 400, 60),
    Load("catch-up: 120 s while it was stopped", 100, 120, is_stopped=True),
)


@dataclass(frozen=True)
class Aws:
    environment: Mapping[str, str]

    def run(self, *arguments: str) -> Any:
        """What the command printed, out of JSON; raises CalledProcessError."""
        done = subprocess.run(
            [PROGRAM, *arguments, "--output=json", "--quiet"],
            env=dict(self.environment),
            stdout=subprocess.PIPE,
            check=True,
        )
        return json.loads(done.stdout or b"null")


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    rows = []
    with launch.local_aws() as running, running.in_effect():
        aws = Aws(dict(os.environ))
        aws.run("deploy", *(f"-p{name}={value}" for name, value in PARAMETERS.items()))
        aws.run("start-analytics")
        for load in LOADS:
            print(load.name, file=sys.stderr)
            rows.append(_row(aws, load))
        aws.run("destroy", "--yes")
    headings = {name: name.capitalize() for name in rows[0]}
    print(as_table(rows, headings))


def _row(aws: Aws, load: Load) -> dict[str, object]:
    before = aws.run("verify")
    if load.is_stopped:
        aws.run("stop-analytics")
    answer = aws.run(
        "produce", "--stores=5", f"--rate={load.rate}", f"--duration={load.seconds}", "--seed=1"
    )
    ended = time.time()
    if load.is_stopped:
        aws.run("start-analytics")
    closed = _wait_for(aws, before["counts"]["counted"] + answer["sales_events"])
    found = aws.run("verify")
    return {
        "load": load.name,
        "sales": answer["sales_events"],
        "arrived after at most, s": found["lag"] / 1000,
        "late": found["counts"]["late"] - before["counts"]["late"],
        "last window after its end, s": round(closed - _window_end(ended), 1),
    }


def _window_end(moment: float) -> float:
    return (moment // 60 + 1) * 60


def _wait_for(aws: Aws, sales: int) -> float:
    """When the last of so many sales was in the results; those that are late never are."""
    known, grown = 0, time.time()
    while known < sales and time.time() < grown + STILL_SECONDS:
        counted = sum(row["orders"] + row["returns"] for row in aws.run("results"))
        if counted > known:
            known, grown = counted, time.time()
        time.sleep(1)
    return grown


if __name__ == "__main__":
    main()
