"""The shards of a stream as MiniStack keeps them, and how some of them become others.

A split or a merge closes the parents and opens their children. All changes are made under LOCK, and
so is every write of a record: none may get into a shard after its end.
"""

from __future__ import annotations

import threading
from typing import Any

from ..requirements import require

LOCK = threading.RLock()
Stream = dict[str, Any]
Shard = dict[str, Any]


def check() -> None:
    """Raise ConfigurationError unless MiniStack has what is used here."""
    from ministack.services import kinesis

    require(kinesis, "_compute_hash_ranges", "_max_shard_index", "_next_sequence_number")


def is_open(shard: Shard) -> bool:
    return "ending_sequence_number" not in shard


def open_shards(stream: Stream) -> dict[str, Shard]:
    return {name: shard for name, shard in stream["shards"].items() if is_open(shard)}


def parents(shard: Shard) -> list[str]:
    names = (shard.get("parent_shard_id"), shard.get("adjacent_parent_shard_id"))
    return [name for name in names if name]


def children(stream: Stream, shard_id: str) -> dict[str, Shard]:
    return {name: shard for name, shard in stream["shards"].items() if shard_id in parents(shard)}


def opened(shard: Shard) -> float:
    """When, in seconds since 1970: MiniStack's sequence numbers begin with the milliseconds."""
    return _seconds(shard["starting_sequence_number"])


def closed(shard: Shard) -> float:
    """When, in seconds since 1970; infinity for an open shard."""
    return float("inf") if is_open(shard) else _seconds(shard["ending_sequence_number"])


def boundaries(stream: Stream) -> set[int]:
    """The first hash key of each open shard."""
    return {int(shard["starting_hash_key"]) for shard in open_shards(stream).values()}


def uniform(count: int) -> set[int]:
    """The first hash keys of so many shards of the same size."""
    from ministack.services import kinesis

    return {int(first) for first, _ in kinesis._compute_hash_ranges(count)}


def split(stream: Stream, at: int) -> None:
    """Split the open shard that has this hash key; the second child begins with it."""
    with LOCK:
        name = next(name for name, shard in open_shards(stream).items() if _has(shard, at))
        shard = stream["shards"][name]
        first, last = int(shard["starting_hash_key"]), int(shard["ending_hash_key"])
        _replace(stream, [name], [(first, at - 1), (at, last)])


def merge(stream: Stream, at: int) -> None:
    """Merge the two open shards that meet at this hash key."""
    with LOCK:
        shards = open_shards(stream)
        below = next(name for name, shard in shards.items() if _has(shard, at - 1))
        above = next(name for name, shard in shards.items() if _has(shard, at))
        first, last = shards[below]["starting_hash_key"], shards[above]["ending_hash_key"]
        _replace(stream, [below, above], [(int(first), int(last))])


def _has(shard: Shard, hash_key: int) -> bool:
    return int(shard["starting_hash_key"]) <= hash_key <= int(shard["ending_hash_key"])


def _replace(stream: Stream, names: list[str], ranges: list[tuple[int, int]]) -> None:
    from ministack.services import kinesis

    shards = dict(stream["shards"])
    for name in names:
        shards[name] = {**shards[name], "ending_sequence_number": kinesis._next_sequence_number()}
    number = kinesis._max_shard_index(stream)
    for first, last in ranges:
        number += 1
        shards[f"shardId-{number:012d}"] = {
            "records": [],
            "starting_hash_key": str(first),
            "ending_hash_key": str(last),
            "starting_sequence_number": kinesis._next_sequence_number(),
            "parent_shard_id": names[0],
            "adjacent_parent_shard_id": names[1] if len(names) > 1 else None,
        }
    # In one go: others go through the shards meanwhile, without the lock.
    stream["shards"] = shards


def _seconds(sequence_number: str) -> float:
    return int(sequence_number[:20]) / 1000
