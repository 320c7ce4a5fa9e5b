"""Which subtask reads which shard, and how many subtasks keep shards apart."""

from __future__ import annotations

import pytest

from miztiik_events.analytics.shards import HASH_KEYS, crowded, roomy, subtask
from miztiik_events.pipeline.records import Shard


def uniform(count: int, *, is_open: bool = True) -> list[Shard]:
    size = HASH_KEYS // count
    return [
        Shard(f"{number} of {count}", is_open, number * size, (number + 1) * size - 1)
        for number in range(count)
    ]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 32])
def test_as_many_subtasks_as_shards_of_one_size_have_one_each(count: int) -> None:
    assert [subtask(shard, count) for shard in uniform(count)] == list(range(count))
    assert not crowded(uniform(count), count)
    assert roomy(uniform(count)) == count


def test_the_subtask_is_where_the_middle_of_the_hash_keys_is() -> None:
    # As the connector's UniformShardAssigner: (start + end) / 2 * subtasks / 2^128, rounded down.
    whole = Shard("whole", True, 0, HASH_KEYS - 1)
    assert [subtask(whole, parallelism) for parallelism in (1, 2, 3, 4)] == [0, 0, 1, 1]


def test_a_parent_and_its_child_crowd_a_subtask() -> None:
    groups = crowded(uniform(2, is_open=False) + uniform(4), 4)
    assert [[shard.id for shard in group] for group in groups] == [
        ["0 of 2", "0 of 4"],
        ["1 of 2", "2 of 4"],
    ]


@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 4), (4, 2), (16, 32)])
def test_twice_the_larger_count_keeps_a_doubling_or_a_halving_apart(
    before: int, after: int
) -> None:
    shards = uniform(before, is_open=False) + uniform(after)
    enough = roomy(shards, after)
    assert enough is not None
    assert enough <= 2 * max(before, after)
    assert not crowded(shards, enough)
    assert all(crowded(shards, fewer) for fewer in range(after, enough))


def test_a_shard_that_was_split_by_hand_finds_room() -> None:
    quarter = HASH_KEYS // 4
    shards = [*uniform(2)[1:], Shard("a", True, 0, quarter - 1)]
    shards.append(Shard("b", True, quarter, 2 * quarter - 1))
    assert crowded(shards, 2)
    assert roomy(shards) == 3


def test_shards_of_the_same_range_cannot_be_kept_apart() -> None:
    assert roomy(uniform(2, is_open=False) + uniform(2)) is None
