"""Many simulated projects: `run.py --seeds 1000`; `run.py --seed 42` with its log.

With `--faults`, each fault of tests/fixtures/simulated_faults.py is put into the program, and the
seeds that find it are told.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from simulated_faults import FAULTS, faulty
from simulated_schedule import Story, play

AT_A_TIME = 20
MOST_FOUND = 3


def play_many(first: int, count: int, jobs: int) -> int:
    """Play them all, and say what was wrong; how many were."""
    began, wrong = time.monotonic(), 0
    with ProcessPoolExecutor(jobs) as pool:
        for finding in pool.map(play, range(first, first + count), chunksize=AT_A_TIME):
            if finding:
                wrong += 1
                print(finding, flush=True)
    times = os.times()
    print(
        f"{count} seeds from {first} in {time.monotonic() - began:.0f} s, "
        f"{times.children_user + times.children_system:.0f} s of CPU: {wrong} findings"
    )
    return wrong


def find(first: int, count: int, name: str) -> list[str]:
    """What the seeds find of the fault, up to a few."""
    found: list[str] = []
    with faulty(FAULTS[name]):
        for seed in range(first, first + count):
            found += filter(None, [play(seed).partition("\n")[0]])
            if len(found) == MOST_FOUND:
                break
    return found


def find_faults(first: int, count: int, jobs: int) -> int:
    """Say of each fault what finds it; how many nothing does."""
    missed = 0
    with ProcessPoolExecutor(jobs) as pool:
        for name, found in zip(FAULTS, pool.map(partial(find, first, count), FAULTS)):
            missed += not found
            print(f"{name}: {'; '.join(found) or 'NOT FOUND'}", flush=True)
    return missed


def show(seed: int) -> int:
    """Play one, and print all that happened in it."""
    story, wrong = Story(seed), 0
    try:
        story.play()
    except Exception:
        wrong = 1
        traceback.print_exc()
    print("\n".join(story.world.log))
    return wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many at once")
    parser.add_argument("--faults", action="store_true", help="with faults in the program")
    parser.add_argument("--seed", type=int, help="this one alone, with its log")
    asked = parser.parse_args()
    if asked.seed is not None:
        sys.exit(show(asked.seed))
    run = find_faults if asked.faults else play_many
    sys.exit(bool(run(asked.first, asked.seeds, asked.jobs)))
