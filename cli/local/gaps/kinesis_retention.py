"""The end of the time for which a Kinesis stream keeps a record.

MiniStack looks at every record of a stream whenever it writes or reads one, so the cost of a stream
grows with the square of its records. They are in the order of their arrival: while the first one of
each shard may stay, all may.
"""

from __future__ import annotations

import time
from typing import Any

from ..requirements import require


def fill() -> None:
    from ministack.services import kinesis

    require(kinesis, "_expire_records")
    expire = kinesis._expire_records

    def expire_when_the_first_has_to_go(stream: dict[str, Any]) -> None:
        cutoff = time.time() - stream["RetentionPeriodHours"] * 3600
        shards = (shard["records"] for shard in stream["shards"].values())
        if any(records[0]["ApproximateArrivalTimestamp"] < cutoff for records in shards if records):
            expire(stream)

    kinesis._expire_records = expire_when_the_first_has_to_go
