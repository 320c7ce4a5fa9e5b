"""How long after its window's end a result is in S3, and where it was: `make bench-latency`.

The whole project on an AWS on this machine, windows of ten seconds, twenty events a second; once
for each length of Firehose's buffer. A window closes when something arrives that would be late for
it, and 3 s after that at the earliest (functions/analytics/windows.sql): this wait, of 8 s with the
allowed lateness as it is by default, is part of the time. What comes after it is Flink's, up to the
arrival in Firehose; then the buffer's, the transformer's and S3's.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from statistics import quantiles

import timed_aws
from lateness import Aws
from timed_aws import Passage

from miztiik_events.local import launch
from miztiik_events.text import as_table

WINDOW_SECONDS = 10
LATENESS_SECONDS = 5
# As long as windows.sql keeps a window open.
WAIT_SECONDS = LATENESS_SECONDS + 3
EVENTS_PER_SECOND = 20
DEFAULT_BUFFER_SECONDS = 60
# A producer sells for at most a quarter of an hour, with some reserve.
MOST_WINDOWS = 80
PATIENCE_SECONDS = 120.0


def main() -> None:
    asked = _asked()
    rows = []
    for buffer in asked.buffers:
        print(f"{asked.windows} windows, a buffer of {buffer} s", file=sys.stderr)
        rows += _rows(buffer, _measured(buffer, asked.windows))
    print(as_table(rows, {name: name for name in rows[0]}))


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--windows", type=int, default=30, help="default: %(default)s")
    parser.add_argument(
        "--buffers",
        type=lambda text: [int(one) for one in text.split(",")],
        default=[0, 1, DEFAULT_BUFFER_SECONDS],
        metavar="SECONDS,...",
        help="Firehose's (default: 0,1 and 60, which is the project's default)",
    )
    asked = parser.parse_args()
    if not 1 <= asked.windows <= MOST_WINDOWS:
        parser.error(f"--windows must be from 1 to {MOST_WINDOWS}")
    return asked


def _measured(buffer: int, windows: int) -> list[Passage]:
    """The results of so many windows, the first of which began after the analytics did."""
    parameters = {
        "WindowSeconds": WINDOW_SECONDS,
        "AllowedLatenessSeconds": LATENESS_SECONDS,
        "BufferIntervalSeconds": buffer,
    }
    with launch.local_aws(server=timed_aws.SERVER) as running, running.in_effect():
        aws = Aws(dict(os.environ))
        aws.run("deploy", *(f"-p{name}={value}" for name, value in parameters.items()))
        aws.run("start-analytics")
        ends = _ends(time.time(), windows)
        seconds = int(ends[-1] + WAIT_SECONDS + WINDOW_SECONDS - time.time())
        aws.run("produce", f"--rate={EVENTS_PER_SECOND}", f"--duration={seconds}")
        return _arrived(running.folder.path, ends, buffer)


def _ends(now: float, windows: int) -> list[float]:
    first = (now // WINDOW_SECONDS + 2) * WINDOW_SECONDS
    return [first + number * WINDOW_SECONDS for number in range(windows)]


def _arrived(folder: Path, ends: Sequence[float], buffer: int) -> list[Passage]:
    """All results of the windows with these ends, once the last window's are there."""
    deadline = time.monotonic() + PATIENCE_SECONDS + buffer
    while time.monotonic() < deadline:
        passages = [one for one in timed_aws.passages(folder) if _end(one) in ends]
        if {_end(one) for one in passages} == set(ends):
            return passages
        time.sleep(0.5)
    raise SystemExit(f"Not all windows came in {PATIENCE_SECONDS + buffer:g} s")


def _end(passage: Passage) -> float:
    moment = datetime.fromisoformat(passage.window_end)
    return moment.replace(tzinfo=timezone.utc).timestamp()


def _rows(buffer: int, passages: Sequence[Passage]) -> list[dict[str, str]]:
    """p50 and p95 of the whole time, and of each of its parts by itself, in seconds."""
    name = f"{buffer} s" + (" (default)" if buffer == DEFAULT_BUFFER_SECONDS else "")
    spent = [_spent(passage) for passage in passages]
    at = {
        part: quantiles([one[part] for one in spent], n=20, method="inclusive") for part in spent[0]
    }
    return [
        {
            "buffer": name,
            "of all": label,
            **{part: f"{cuts[place]:.2f}" for part, cuts in at.items()},
        }
        for label, place in (("p50", 9), ("p95", 18))
    ]


def _spent(passage: Passage) -> Mapping[str, float]:
    closing = _end(passage) + WAIT_SECONDS
    return {
        "end to S3": passage.stored - _end(passage),
        "wait": WAIT_SECONDS,
        "Flink": passage.arrived - closing,
        "Firehose's buffer": passage.released - passage.arrived,
        "transformer": passage.transformed - passage.released,
        "S3": passage.stored - passage.transformed,
    }


if __name__ == "__main__":
    main()
