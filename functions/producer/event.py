"""An event before it is put on the bus."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

SOURCE = "Miztiik-Automation-Data-Producer"
SALES = "sales-events"
INVENTORY = "inventory-events"


class Kind(Enum):
    """What an event counts as in the producer's answer."""

    NEW_ORDER = "new order"
    RETURN = "return"
    INVENTORY = "inventory"
    MALFORMED = "malformed"
    COPY = "copy"


@dataclass(frozen=True)
class Event:
    """One event; `detail` is what becomes the JSON object of the same name.

    One that is late has a time of long ago; one with a copy is sent twice.
    """

    kind: Kind
    detail_type: str
    detail: dict[str, Any]
    source: str = SOURCE
    is_late: bool = False
    has_copy: bool = False
