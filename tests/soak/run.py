"""The soak in full, measured: `make soak`. tests/soak/test_soak.py is the short one.

Prints what was sent, what failed meanwhile and what came of it; ends with 1 when anything of it is
not as it has to be.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import faulty_aws
from miztiik_events.text import as_table
from soak_story import FULL, SHORT, Story, faulty_pipeline, tell
from soak_verdict import VERDICTS

Figures = Iterator[tuple[str, int]]
# What the producer's generator takes in one run (functions/producer/payload.py).
MOST_SALES = 1_000_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sales", type=int, default=FULL.sales, help="default: %(default)s")
    parser.add_argument("--rate", type=float, default=FULL.rate, help="a second; %(default)s")
    parser.add_argument("--short", action="store_true", help="the one that the tests tell")
    chosen = parser.parse_args()
    if not 1_000 <= chosen.sales <= MOST_SALES:
        parser.error(f"--sales must be from 1,000 to {MOST_SALES:,}, not {chosen.sales:,}")
    size = SHORT if chosen.short else replace(FULL, sales=chosen.sales, rate=chosen.rate)
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - started:7.1f} s  {text}", file=sys.stderr, flush=True)

    with faulty_pipeline() as pipeline:
        say("deployed")
        story = tell(pipeline, size, say)
        print(shown(story, time.monotonic() - started))
    differences = [text for verdict in VERDICTS for text in verdict(story)]
    for text in differences[:20]:
        print(text)
    print(f"\n{len(differences):,} differences." if differences else "\nAll is as it has to be.")
    return 1 if differences else 0


def shown(story: Story, seconds: float) -> str:
    tables = [
        _table("Load", (*_load(story), ("Seconds, all together", round(seconds)))),
        _table("Fault", ((kind, story.faults[kind]) for kind in faulty_aws.SHARES)),
        as_table(
            [{"kind": one.kind, "seconds": f"{one.seconds:.1f}"} for one in story.interruptions],
            {"kind": "Interruption, in order", "seconds": "Seconds until the job ran whole"},
        ),
        _table("Outcome", _outcome(story)),
    ]
    return "\n\n".join(tables)


def _table(heading: str, figures: Figures | tuple[tuple[str, int], ...]) -> str:
    rows = [{"name": name, "figure": figure} for name, figure in figures]
    return as_table(rows, {"name": heading, "figure": "Figure"})


def _load(story: Story) -> Figures:
    in_time, late = len(story.load.in_time), len(story.load.late)
    yield "Sales accepted by the bus", in_time + late
    yield "of them new orders", len(story.orders)
    yield "of them late on purpose", late
    yield "Sales a second, while they were sent", round(in_time / story.seconds)
    yield "Seconds of sending", round(story.seconds)
    yield (
        "Memory of the AWS on this machine at most, MB",
        _most_memory_mb(story.pipeline.aws.running.address.pid),
    )


def _outcome(story: Story) -> Figures:
    counts, expected = story.audit["counts"], story.expected
    yield "Records in the stream", counts["records"]
    yield "  heartbeats", counts["heartbeats"]
    yield "  counted in a window", counts["counted"]
    yield "  copies of a counted or late sale", counts["duplicates"]
    yield "  recorded as late", counts["late"]
    yield "Windows compared", len({end for _, end in expected})
    yield "Stores' rows compared", len(expected)
    yield "Lines in S3", len(story.stored)
    yield "  repeated, the same", counts["repeated_rows"]
    yield "Lines of late sales and copies in S3", len(story.recorded)
    yield "Late records that Flink dropped", story.dropped
    yield "Dispatch notes", len(story.dispatched)
    yield "Orders applied by the warehouse", len(story.applied)
    yield "Dead letters", sum(story.audit["queues"].values())


def _most_memory_mb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    (kilobytes,) = (line.split()[1] for line in status if line.startswith("VmHWM:"))
    return int(kilobytes) // 1024


if __name__ == "__main__":
    sys.exit(main())
