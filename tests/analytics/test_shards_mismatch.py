"""Whether shards and subtasks are as many, and what a person is told to do when they are not."""

from __future__ import annotations

import pytest

from miztiik_events.analytics.shards import mismatch


@pytest.mark.parametrize("deployed", [2, None])
def test_as_many_shards_as_subtasks_are_well(deployed: int | None) -> None:
    assert mismatch("sales", shards=2, deployed=deployed, parallelism=2) is None


def test_a_split_by_hand_is_taken_back_past_cloudformation() -> None:
    found = mismatch("sales", shards=3, deployed=2, parallelism=2)
    assert found
    assert "3 open shards" in found.problem
    assert "a parallelism of 2" in found.problem
    assert found.next_step == (
        "aws kinesis update-shard-count --stream-name sales --target-shard-count 2 "
        "--scaling-type UNIFORM_SCALING"
    )


def test_an_update_that_only_the_stream_got_is_deployed_again() -> None:
    found = mismatch("sales", shards=4, deployed=4, parallelism=2)
    assert found
    assert found.next_step == "miztiik-events deploy"


def test_a_parallelism_for_a_while_is_taken_back_when_the_results_agree() -> None:
    found = mismatch("sales", shards=4, deployed=4, parallelism=6)
    assert found
    assert found.next_step.endswith("miztiik-events deploy -p Parallelism=0")


def test_one_shard_is_told_as_one() -> None:
    found = mismatch("sales", shards=1, deployed=1, parallelism=2)
    assert found
    assert "1 open shard " in found.problem
