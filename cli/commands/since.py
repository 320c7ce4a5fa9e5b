"""The option `--since`: how far back to look."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import click

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def moment(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> datetime | None:
    """As `read`, for an option that may be left out."""
    return None if value is None else read(value)


def read(value: str) -> datetime:
    """The time meant by `90s`, `10m`, `2h`, `1d` (ago), or by ISO 8601; UTC without a zone.

    Raises BadParameter.
    """
    ago = re.fullmatch(r"(\d{1,6})([smhd])", value)
    if ago:
        return datetime.now(timezone.utc) - timedelta(seconds=int(ago[1]) * _SECONDS[ago[2]])
    try:
        # Python before 3.11 does not know the Z.
        given = datetime.fromisoformat(re.sub(r"Z$", "+00:00", value))
    except ValueError:
        raise click.BadParameter(
            f"{value!r}: give an age (90s, 10m, 2h, 1d) or a time (2026-11-24T15:00)"
        ) from None
    return given if given.tzinfo else given.replace(tzinfo=timezone.utc)
