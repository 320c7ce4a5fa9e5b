"""The end of the time for which a Kinesis stream keeps a record, and of an iterator's five minutes.

MiniStack looks at every record of a stream whenever it writes or reads one, and at every iterator
at every call, so the cost of a stream grows with the square of its records, and that of all calls
with the number of reads. Both are in the order in which they came: while the first one may stay,
all may.
"""

from __future__ import annotations

import itertools
import time
from typing import Any

from ..requirements import require

# A call makes one iterator at most, so none are left over in the long run.
MOST_AT_ONCE = 10


def fill() -> None:
    from ministack.services import kinesis

    names = "_expire_records", "_expire_iterators", "_shard_iterators", "ITERATOR_EXPIRY_SECONDS"
    require(kinesis, *names)
    expire = kinesis._expire_records

    def expire_when_the_first_has_to_go(stream: dict[str, Any]) -> None:
        cutoff = time.time() - stream["RetentionPeriodHours"] * 3600
        shards = (shard["records"] for shard in stream["shards"].values())
        if any(records[0]["ApproximateArrivalTimestamp"] < cutoff for records in shards if records):
            expire(stream)

    kinesis._expire_records = expire_when_the_first_has_to_go
    kinesis._expire_iterators = expire_the_first_iterators


def expire_the_first_iterators() -> None:
    """Of any account and region."""
    from ministack.services import kinesis

    iterators = kinesis._shard_iterators._data
    oldest = time.time() - kinesis.ITERATOR_EXPIRY_SECONDS
    for key, iterator in tuple(itertools.islice(iterators.items(), MOST_AT_ONCE)):
        if iterator["created_at"] > oldest:
            return
        iterators.pop(key, None)
