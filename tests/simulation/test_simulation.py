"""A few of the simulated projects; `make simulate SEEDS=10000` plays as many as one likes."""

from __future__ import annotations

import pytest

from simulated_faults import FAULTS, faulty
from simulated_schedule import Story, play

# Those that such few seeds find; `make simulate FAULTS=1` tries all of them.
SEEDS = 30
FOUND = (
    "a throttled call is a failure",
    "a call without an answer is a failure",
    "credentials that end do not say how to go on",
    "a failed deletion is waited for",
    "every stack is updated each time",
    "a change set stays behind",
    "a failed creation stays behind",
    "the last failure is the cause",
    "a failed stack is no failure",
    "what belongs to nobody is ours",
    "a nested stack is one of its own",
    "a child gets what its parent gave before",
    "others' tags are taken away",
    "destroy begins at the wrong end",
    "destroy knows nothing of imports",
    "destroy empties what is to be retained",
    "destroy empties what no template names",
    "the buckets in nested stacks stay full",
    "a bucket is not emptied",
    "pruning takes what holds data",
)


@pytest.mark.parametrize("seed", range(10))
def test_the_next_run_converges_whatever_happened(seed: int) -> None:
    Story(seed).play()


@pytest.mark.parametrize("name", FOUND)
def test_a_fault_in_the_program_is_found(name: str) -> None:
    with faulty(FAULTS[name]):
        assert any(map(play, range(SEEDS)))


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_changes_the_program_and_is_taken_out_again(name: str) -> None:
    with faulty(FAULTS[name]) as changed:
        assert changed
    with faulty(FAULTS[name]) as again:
        assert again == changed


def test_a_seed_is_always_the_same_story() -> None:
    first, second = Story(9), Story(9)
    first.play()
    second.play()
    assert [_without_names(line) for line in first.world.log] == [
        _without_names(line) for line in second.world.log
    ]


def _without_names(line: str) -> str:
    # Tokens of ours are new each time.
    return line.split("miztiik-events-")[0]
