"""SplitShard, MergeShards, UpdateShardCount, and CloudFormation's update of a stream's ShardCount.

MiniStack does the first three at once and forgets the records, and leaves the fourth out. On AWS
they take a while, in which the stream is UPDATING and takes and gives records all the same;
UpdateShardCount is a number of splits and merges, one after the other.
https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateShardCount.html
"""

from __future__ import annotations

import json
import threading
import time
from functools import partial
from typing import Any, Callable

from ..requirements import require
from . import shard_lineage
from .shard_lineage import Stream

KIND = "AWS::Kinesis::Stream"
# On AWS a split or a merge takes tens of seconds; long enough to see the stream in between.
STEP_SECONDS = 0.5
POLL_SECONDS = 0.1
_BUSY = "_IsResharding"

Data = dict[str, Any]
Step = Callable[[Stream], None]


class ReshardingError(Exception):
    """Kinesis does not do it; `code` is the error's name, as AWS answers it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def fill() -> None:
    from ministack.services import kinesis
    from ministack.services.cloudformation import provisioners

    require(kinesis, "_split_shard", "_merge_shards", "_update_shard_count", "_resolve_stream")
    require(kinesis, "_stream_desc", "_describe_stream_summary", "_streams")
    require(provisioners, "_RESOURCE_HANDLERS")
    kinesis._split_shard = _operation(_split)
    kinesis._merge_shards = _operation(_merge)
    kinesis._update_shard_count = _operation(_update_count)
    kinesis._stream_desc = _with_status(kinesis._stream_desc)
    kinesis._describe_stream_summary = _with_status_in_summary(kinesis._describe_stream_summary)
    handler = provisioners._RESOURCE_HANDLERS[KIND]
    handler["update"] = _update_with_count(handler["update"])


def _operation(decide: Callable[[Stream, Data], tuple[list[Step], Data]]) -> Any:
    from ministack.core.responses import (
        error_response_json,
        json_response,
    )
    from ministack.services import kinesis

    def operate(data: Data) -> Any:
        name, stream = kinesis._resolve_stream(data)
        try:
            if not stream:
                raise ReshardingError("ResourceNotFoundException", f"Stream {name} not found")
            _require_rest(stream)
            steps, answer = decide(stream, data)
        except ReshardingError as error:
            return error_response_json(error.code, str(error), 400)
        _begin(stream, steps)
        return json_response(answer)

    return operate


def _require_rest(stream: Stream) -> None:
    if stream.get(_BUSY):
        name = stream["StreamName"]
        raise ReshardingError("ResourceInUseException", f"Stream {name} is UPDATING")


def _split(stream: Stream, data: Data) -> tuple[list[Step], Data]:
    shard, at = _open_shard(stream, data["ShardToSplit"]), int(data["NewStartingHashKey"])
    if not int(shard["starting_hash_key"]) < at <= int(shard["ending_hash_key"]):
        raise ReshardingError(
            "InvalidArgumentException", f"NewStartingHashKey {at} is not in {data['ShardToSplit']}"
        )
    return [partial(shard_lineage.split, at=at)], {}


def _merge(stream: Stream, data: Data) -> tuple[list[Step], Data]:
    names = (data["ShardToMerge"], data["AdjacentShardToMerge"])
    lower, upper = sorted(
        (_open_shard(stream, name) for name in names),
        key=lambda shard: int(shard["starting_hash_key"]),
    )
    at = int(upper["starting_hash_key"])
    if int(lower["ending_hash_key"]) + 1 != at:
        raise ReshardingError("InvalidArgumentException", f"{' and '.join(names)} are not adjacent")
    return [partial(shard_lineage.merge, at=at)], {}


def _open_shard(stream: Stream, name: str) -> shard_lineage.Shard:
    shard = stream["shards"].get(name)
    if shard is None:
        raise ReshardingError("ResourceNotFoundException", f"Shard {name} not found")
    if not shard_lineage.is_open(shard):
        raise ReshardingError("InvalidArgumentException", f"Shard {name} is closed")
    return dict(shard)


def _update_count(stream: Stream, data: Data) -> tuple[list[Step], Data]:
    target, current = int(data["TargetShardCount"]), len(shard_lineage.open_shards(stream))
    if not current <= target * 2 <= current * 4:
        raise ReshardingError(
            "LimitExceededException",
            f"The target shard count {target} is more than double, or less than half, of the "
            f"{current} open shards that the stream has",
        )
    # Merges last, so that no shard on the way has to take more than the widest at either end.
    before, after = shard_lineage.boundaries(stream), shard_lineage.uniform(target)
    steps: list[Step] = [partial(shard_lineage.split, at=at) for at in sorted(after - before)]
    steps += [partial(shard_lineage.merge, at=at) for at in sorted(before - after)]
    return steps, {
        "StreamName": stream["StreamName"],
        "StreamARN": stream["StreamARN"],
        "CurrentShardCount": current,
        "TargetShardCount": target,
    }


def _begin(stream: Stream, steps: list[Step]) -> None:
    stream[_BUSY] = True
    threading.Thread(target=_carry_out, args=(stream, steps), daemon=True).start()


def _carry_out(stream: Stream, steps: list[Step]) -> None:
    try:
        for step in steps:
            time.sleep(STEP_SECONDS)
            step(stream)
    finally:
        stream[_BUSY] = False


def _with_status(describe: Any) -> Any:
    def describe_with_status(stream: Stream, *others: Any) -> Data:
        description: Data = describe(stream, *others)
        return {**description, "StreamStatus": "UPDATING"} if stream.get(_BUSY) else description

    return describe_with_status


def _with_status_in_summary(describe: Any) -> Any:
    from ministack.core.responses import json_response
    from ministack.services import kinesis

    def describe_with_status(data: Data) -> Any:
        _, stream = kinesis._resolve_stream(data)
        answer = describe(data)
        if not stream or not stream.get(_BUSY):
            return answer
        content = json.loads(answer[2])
        content["StreamDescriptionSummary"]["StreamStatus"] = "UPDATING"
        return json_response(content)

    return describe_with_status


def _update_with_count(update: Any) -> Any:
    from ministack.services import kinesis

    def update_and_reshard(physical_id: str, old: Data, new: Data, *others: Any) -> Any:
        answer = update(physical_id, old, new, *others)
        stream = kinesis._streams[answer[0]]
        if answer[0] == physical_id and str(old.get("ShardCount")) != str(new.get("ShardCount")):
            _require_rest(stream)
            steps, _ = _update_count(stream, {"TargetShardCount": new["ShardCount"]})
            _begin(stream, steps)
            # On a thread of its own (worker_threads), so that waiting holds up nobody else.
            while stream[_BUSY]:
                time.sleep(POLL_SECONDS)
        return answer

    return update_and_reshard
