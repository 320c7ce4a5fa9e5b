"""What the last audit on this machine said of a data store, kept for the page of the sales."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path

from .. import files
from ..errors import ConfigurationError
from ..text import as_json, json_object


@dataclass(frozen=True)
class Verdict:
    """When it was said (ISO 8601), of how many closed windows, and how many differences."""

    moment: str
    windows: int
    differences: int

    @classmethod
    def now(cls, windows: int, differences: int) -> Verdict:
        moment = datetime.now(timezone.utc).isoformat(timespec="seconds")
        return cls(moment, windows, differences)


def keep(bucket: str, verdict: Verdict) -> None:
    """Keep it, if this user has a place for that: nothing depends on it.

    The bucket's name stands for project, account and region: no two have the same.
    """
    with contextlib.suppress(OSError, ConfigurationError), files.whole(_path(bucket)) as draft:
        draft.write_text(as_json(asdict(verdict)), "utf-8")


def last(bucket: str) -> Verdict | None:
    """None when there was none on this machine, or it cannot be read."""
    try:
        fields = json_object(_path(bucket).read_text("utf-8")) or {}
        datetime.fromisoformat(fields["moment"])
        return Verdict(fields["moment"], int(fields["windows"]), int(fields["differences"]))
    except (OSError, ConfigurationError, KeyError, TypeError, ValueError):
        return None


def _path(bucket: str) -> Path:
    return files.cache() / "verdicts" / f"{bucket}.json"
