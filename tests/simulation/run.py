"""Many simulated projects on every core: `run.py --seeds 1000`; `run.py --seed 42` with its log."""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor

from simulated_schedule import Story

AT_A_TIME = 20


def play(seed: int) -> str:
    """Play one; what was wrong, empty when nothing was."""
    try:
        Story(seed).play()
    except Exception as error:
        return f"seed {seed}: {type(error).__name__}: {error}"
    return ""


def play_many(first: int, count: int) -> int:
    """Play them all, and say what was wrong; how many were."""
    began, wrong = time.monotonic(), 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for finding in pool.map(play, range(first, first + count), chunksize=AT_A_TIME):
            if finding:
                wrong += 1
                print(finding, flush=True)
    print(f"{count} seeds from {first} in {time.monotonic() - began:.0f} s: {wrong} findings")
    return wrong


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
    parser.add_argument("--seed", type=int, help="this one alone, with its log")
    asked = parser.parse_args()
    is_one = asked.seed is not None
    sys.exit(bool(show(asked.seed) if is_one else play_many(asked.first, asked.seeds)))
