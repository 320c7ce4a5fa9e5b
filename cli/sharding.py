"""Whether the stream's shards and the application's subtasks are as many, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass

from .text import counted


@dataclass(frozen=True)
class Mismatch:
    """What does not fit, in a few words, and what a person does about it."""

    problem: str
    next_step: str


def mismatch(stream: str, shards: int, deployed: int | None, parallelism: int) -> Mismatch | None:
    """None when all is well; `shards` are the open ones, `deployed` is how many the stack says."""
    problem = (
        f"the stream has {counted(shards, 'open shard')} "
        f"and the analytics application a parallelism of {parallelism}"
    )
    if deployed not in (None, shards):
        # CloudFormation does not look: the same ShardCount again is no change to it, and
        # UpdateShardCount is only documented to change the number.
        return Mismatch(
            f"{problem}, but {deployed} of both were deployed",
            f"aws kinesis update-shard-count --stream-name {stream} "
            f"--target-shard-count {deployed} --scaling-type UNIFORM_SCALING",
        )
    if shards == parallelism:
        return None
    if parallelism > shards:
        return Mismatch(problem, "when verify agrees, miztiik-events deploy -p Parallelism=0")
    return Mismatch(problem, "miztiik-events deploy")
