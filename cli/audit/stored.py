"""What the data store says: the rows of the results, and what is recorded as late or malformed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..pipeline import data_store, results
from ..pipeline.data_store import Folder, Line
from ..pipeline.results import Collection, Row, RowKey
from .ledger import RecordId

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_s3 import S3Client


@dataclass
class StoredResults:
    """The rows, and the reason for each record in late_events/, as of the last look."""

    revenue: Folder
    late: Folder
    recorded: dict[RecordId, str] = field(default_factory=dict)
    _collection: Collection = field(default_factory=Collection)
    _garbage: int = 0

    @classmethod
    def since(cls, s3: S3Client, bucket: str, moment: datetime, prefix: str = "") -> StoredResults:
        """Of what was written since then, under the prefix; nothing has been looked at yet."""
        return cls(
            Folder(s3, bucket, f"{prefix}{results.PREFIX}", moment),
            Folder(s3, bucket, f"{prefix}{data_store.LATE_PREFIX}", moment),
        )

    @property
    def rows(self) -> Mapping[RowKey, Sequence[Row]]:
        return self._collection.rows

    @property
    def repeated_rows(self) -> int:
        return self._collection.repeated

    @property
    def unreadable_lines(self) -> int:
        return len(self._collection.garbage) + self._garbage

    def look(self) -> bool:
        """Take in what is new; whether there was anything."""
        late, revenue = self.late.fresh(), self.revenue.fresh()
        self._collection.add(revenue)
        self._record(late)
        return bool(late or revenue)

    def _record(self, lines: Iterable[Line]) -> None:
        for line in lines:
            fields = line.fields or {}
            names = (fields.get(key) for key in ("shard_id", "sequence_number", "reason"))
            shard_id, sequence_number, reason = names
            if shard_id and sequence_number and reason:
                self.recorded[RecordId(str(shard_id), str(sequence_number))] = str(reason)
            else:
                self._garbage += 1
