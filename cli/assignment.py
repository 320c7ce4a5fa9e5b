"""Which subtask of the application reads which shard, and whether any of them has two to read.

A subtask has one watermark for all its shards. Those that it has to catch up with run apart, and
the events of the one that is behind come out late.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .pipeline.records import Shard

HASH_KEYS = 2**128
# What an application may have on AWS without a higher quota: 64 KPUs, of four subtasks each here.
MOST_SUBTASKS = 256


def subtask(shard: Shard, parallelism: int) -> int:
    """The subtask that the source's uniform assigner gives the shard to.

    As UniformShardAssigner of the connector 4.3.0, but for what it adds for all shards alike.
    """
    middle = (shard.first_key + shard.last_key) // 2
    return middle * parallelism // HASH_KEYS


def crowded(shards: Sequence[Shard], parallelism: int) -> list[list[Shard]]:
    """The shards of each subtask that has more than one of them."""
    groups: dict[int, list[Shard]] = defaultdict(list)
    for shard in shards:
        groups[subtask(shard, parallelism)].append(shard)
    return [group for group in groups.values() if len(group) > 1]


def roomy(shards: Sequence[Shard], least: int = 1) -> int | None:
    """The smallest parallelism with a subtask for each of them; None when there is none.

    There is none for shards of the same range: those before a split and those after its undoing.
    """
    for parallelism in range(max(least, len(shards)), MOST_SUBTASKS + 1):
        if not crowded(shards, parallelism):
            return parallelism
    return None
