"""Shards that a split or a merge has closed.

MiniStack removes them with all their records. On AWS a closed shard takes no records any more, and
can be read to its end for as long as the stream keeps records; the read that comes to its end has
no NextShardIterator, and tells its children.
https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-after-resharding.html
"""

from __future__ import annotations

import json
import time
from typing import Any

from ..requirements import require
from . import shard_lineage
from .shard_lineage import LOCK, Shard, Stream

Data = dict[str, Any]
_WRITES = ("_put_record", "_put_records", "put_record_internal")


def fill() -> None:
    from ministack.services import kinesis

    names = ("_route_to_shard", "_shard_out", "_expire_records", "_list_shards", "_get_records")
    require(kinesis, *_WRITES, *names, "_describe_stream_summary", "_resolve_stream")
    require(kinesis, "_shard_iterators", "_streams")
    shard_lineage.check()
    for name in _WRITES:
        setattr(kinesis, name, _alone(getattr(kinesis, name)))
    kinesis._route_to_shard = _among_open(kinesis._route_to_shard)
    kinesis._shard_out = _with_its_end(kinesis._shard_out)
    kinesis._expire_records = _with_closed_shards(kinesis._expire_records)
    kinesis._describe_stream_summary = _with_open_count(kinesis._describe_stream_summary, kinesis)
    kinesis._list_shards = _filtered(kinesis._list_shards, kinesis)
    kinesis._get_records = _to_the_end(kinesis._get_records, kinesis)


def _alone(write: Any) -> Any:
    def write_alone(*arguments: Any) -> Any:
        with LOCK:
            return write(*arguments)

    return write_alone


def _among_open(route: Any) -> Any:
    def route_to_open_shard(hash_key: int, stream: Stream) -> str:
        return str(route(hash_key, {"shards": shard_lineage.open_shards(stream)}))

    return route_to_open_shard


def _with_its_end(describe: Any) -> Any:
    def shard_with_its_end(shard_id: str, shard: Shard) -> Data:
        description: Data = describe(shard_id, shard)
        if not shard_lineage.is_open(shard):
            numbers = description["SequenceNumberRange"]
            numbers["EndingSequenceNumber"] = shard["ending_sequence_number"]
        return description

    return shard_with_its_end


def _with_closed_shards(expire: Any) -> Any:
    def expire_records_and_shards(stream: Stream) -> None:
        expire(stream)
        oldest = time.time() - stream["RetentionPeriodHours"] * 3600
        with LOCK:
            if any(shard_lineage.closed(shard) < oldest for shard in stream["shards"].values()):
                stream["shards"] = {
                    name: shard
                    for name, shard in stream["shards"].items()
                    if shard_lineage.closed(shard) >= oldest
                }

    return expire_records_and_shards


def _with_open_count(describe: Any, kinesis: Any) -> Any:
    from ministack.core.responses import json_response

    def summary_with_open_count(data: Data) -> Any:
        status, headers, body = describe(data)
        if status != 200:
            return status, headers, body
        answer = json.loads(body)
        _, stream = kinesis._resolve_stream(data)
        count = len(shard_lineage.open_shards(stream))
        answer["StreamDescriptionSummary"]["OpenShardCount"] = count
        return json_response(answer)

    return summary_with_open_count


def _filtered(list_shards: Any, kinesis: Any) -> Any:
    from ministack.core.responses import json_response

    def list_wanted_shards(data: Data) -> Any:
        _, stream = kinesis._resolve_stream(data)
        if stream:
            kinesis._expire_records(stream)
        status, headers, body = list_shards(data)
        if status != 200 or "ShardFilter" not in data:
            return status, headers, body
        answer = json.loads(body)
        shards, wanted = stream["shards"], data["ShardFilter"]
        answer["Shards"] = [
            shard for shard in answer["Shards"] if _is_wanted(shard["ShardId"], shards, wanted)
        ]
        return json_response(answer)

    return list_wanted_shards


def _is_wanted(shard_id: str, shards: dict[str, Shard], wanted: Data) -> bool:
    """As the API reference's ShardFilter says of each type."""
    shard, kind = shards[shard_id], wanted["Type"]
    if kind == "AFTER_SHARD_ID":
        return shard_id > str(wanted["ShardId"])
    if kind == "AT_LATEST":
        return shard_lineage.is_open(shard)
    if kind == "AT_TRIM_HORIZON":
        # The shards whose time is over are gone: the oldest is the horizon's.
        horizon = min(map(shard_lineage.opened, shards.values()))
        return shard_lineage.opened(shard) <= horizon or not shard_lineage.parents(shard)
    moment = float(wanted.get("Timestamp", 0))
    has_begun = kind != "AT_TIMESTAMP" or shard_lineage.opened(shard) <= moment
    return has_begun and shard_lineage.closed(shard) >= moment


def _to_the_end(get_records: Any, kinesis: Any) -> Any:
    from ministack.core.responses import json_response

    def get_records_to_the_end(data: Data) -> Any:
        with LOCK:
            status, headers, body = get_records(data)
            iterator = kinesis._shard_iterators.get(data.get("ShardIterator"))
            if status != 200 or shard_lineage.is_open(_shard(kinesis, iterator)):
                return status, headers, body
            answer = json.loads(body)
            following = kinesis._shard_iterators[answer["NextShardIterator"]]
            if following["position"] < len(_shard(kinesis, following)["records"]):
                return status, headers, body
            del kinesis._shard_iterators[answer.pop("NextShardIterator")]
            answer["ChildShards"] = _children(kinesis, following)
            return json_response(answer)

    return get_records_to_the_end


def _shard(kinesis: Any, iterator: Data) -> Shard:
    shard: Shard = kinesis._streams[iterator["stream"]]["shards"][iterator["shard_id"]]
    return shard


def _children(kinesis: Any, iterator: Data) -> list[Data]:
    stream = kinesis._streams[iterator["stream"]]
    return [
        {
            "ShardId": name,
            "ParentShards": shard_lineage.parents(shard),
            "HashKeyRange": {
                "StartingHashKey": shard["starting_hash_key"],
                "EndingHashKey": shard["ending_hash_key"],
            },
        }
        for name, shard in shard_lineage.children(stream, iterator["shard_id"]).items()
    ]
