"""Events as a stream of several shards has them, a file a shard: what bench-analytics runs over.

Each line is a record with its metadata as fields. One event in ten is a copy, in the shard of the
first; one in a hundred is malformed, and one in a hundred came a minute and a half after its time.
A heartbeat comes into each shard every minute, and once when all is over, so that the last window
closes.
"""

from __future__ import annotations

import json
import random
import uuid
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

START = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
SPAN = timedelta(minutes=10)
MINUTE = timedelta(minutes=1)
LATE_BY = timedelta(seconds=90)
KEPT_FOR_COPIES = 20


def write(folder: Path, count: int, shards: int) -> None:
    """So many sales, in as many files as there are shards, and the heartbeats beside them."""
    folder.mkdir()
    chance = random.Random(7)
    with ExitStack() as files:
        paths = (folder / f"shard{number}.json" for number in range(shards))
        written = [_Shard(files.enter_context(path.open("w"))) for path in paths]
        beat = START
        for number in range(count):
            arrival = START + SPAN * number / count
            if arrival >= beat:
                _beat(written, arrival)
                beat += MINUTE
            written[number % shards].take_sale(chance, arrival)
        _beat(written, START + SPAN + 2 * MINUTE)


class _Shard:
    def __init__(self, file: Any) -> None:
        self._file = file
        self._count = 0
        self._recent: list[dict[str, Any]] = []

    def take_sale(self, chance: random.Random, arrival: datetime) -> None:
        if self._recent and chance.random() < 0.1:
            event = chance.choice(self._recent)
        else:
            late_by = LATE_BY if chance.random() < 0.01 else timedelta()
            event = _event("sales-events", arrival - late_by, _sale(chance), chance)
            self._recent = [*self._recent[1 - KEPT_FOR_COPIES :], event]
        self.take(event, arrival)

    def take(self, event: dict[str, Any], arrival: datetime) -> None:
        record = {
            **event,
            "arrival": arrival.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "shard_id": Path(self._file.name).stem,
            "sequence_number": f"{self._count:056}",
        }
        self._count += 1
        self._file.write(json.dumps(record) + "\n")


def _beat(shards: list[_Shard], arrival: datetime) -> None:
    for shard in shards:
        shard.take(_event("heartbeat", arrival, {}, random.Random(0)), arrival)


def _sale(chance: random.Random) -> dict[str, Any]:
    return {
        "request_id": str(uuid.UUID(int=chance.getrandbits(128))),
        "name": "Minotaur",
        "category": "Books",
        "store_id": f"store_{chance.randint(1, 5)}" if chance.random() < 0.99 else "shop",
        "sales": chance.randint(1, 10_000) / 100,
        "contact_me": "github.com/miztiik",
        "is_return": chance.random() < 0.1,
    }


def _event(
    detail_type: str, moment: datetime, detail: dict[str, Any], chance: random.Random
) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.UUID(int=chance.getrandbits(128))),
        "detail-type": detail_type,
        "source": "Miztiik-Automation-Data-Producer",
        "account": "000000000000",
        "time": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "region": "us-east-1",
        "resources": [],
        "detail": detail,
    }
