"""Tumbling windows of event time, numbered from 1970 on; all times in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache

FORMAT = "%Y-%m-%d %H:%M:%S.%f"
# For how long the job leaves a window open when all that arrives is late for it by now: arrivals
# are approximate, and new shards are found and read within two seconds.
MARGIN = 3_000
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# The years 1 and 9999.
_FIRST, _LAST = -62_135_596_800_000, 253_402_300_799_999
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Windowing:
    """The length of the windows, and for how long after its end a window takes what arrives."""

    length: int
    lateness: int

    def window(self, event_time: int) -> int:
        """The number of the window that the event is in."""
        return event_time // self.length

    def closes(self, window: int) -> int:
        """The arrival that closes the window of this number, once every shard has come as far."""
        return (window + 1) * self.length + self.lateness + MARGIN

    def first_in_time(self, arrival: int) -> int:
        """The number of the first window for which a sale that arrives then is not late."""
        return (arrival - self.lateness) // self.length


def written(time: int) -> str:
    """As the results write it: UTC, with milliseconds; beyond the years 1 and 9999, the number."""
    if not _FIRST <= time <= _LAST:
        return f"{time} ms"
    return f"{_EPOCH + time * _MILLISECOND:{FORMAT}}"[:-3]


# The rows of a window have the same times, and a week has ten thousand windows.
@lru_cache(maxsize=20_000)
def read(text: str) -> int:
    """Undoes `written`; raises ValueError."""
    moment = _usual(text) or datetime.strptime(text, FORMAT)
    return (moment.replace(tzinfo=timezone.utc) - _EPOCH) // _MILLISECOND


def _usual(text: str) -> datetime | None:
    """The time that is written just as `written` does: strptime takes ten times as long."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.isoformat(" ", "milliseconds") == text else None
