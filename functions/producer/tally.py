"""What the bus has accepted, counted, and the producer's answer about it."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

from event import Event, Kind


class Tally:
    """Counts and sums of accepted events; sums are decimal, so that no cent is lost."""

    def __init__(self) -> None:
        self.accepted: Counter[Kind] = Counter()
        self.late_count = 0
        self.sales_by_store: defaultdict[str, Decimal] = defaultdict(Decimal)

    def add(self, event: Event) -> None:
        self.accepted[event.kind] += 1
        if event.kind not in (Kind.NEW_ORDER, Kind.RETURN):
            return
        if event.is_late:
            self.late_count += 1
        else:
            self.sales_by_store[event.detail["store_id"]] += Decimal(str(event.detail["sales"]))

    def summary(self, planned: int, seconds: float) -> dict[str, Any]:
        """The fields of the answer; amounts are numbers with at most two decimals."""
        duplicates = self.accepted[Kind.COPY]
        record_count = sum(self.accepted.values()) - duplicates
        new_orders, returns = self.accepted[Kind.NEW_ORDER], self.accepted[Kind.RETURN]
        failed_count = planned - record_count
        return {
            "status": failed_count == 0,
            "record_count": record_count,
            "tot_sales": float(sum(self.sales_by_store.values())),
            "sales_events": new_orders + returns,
            "inventory_events": self.accepted[Kind.INVENTORY],
            "new_orders": new_orders,
            "returns": returns,
            "rejected_events": self.accepted[Kind.MALFORMED],
            "late_events": self.late_count,
            "duplicates": duplicates,
            "sales_by_store": {
                store: float(self.sales_by_store[store])
                for store in sorted(self.sales_by_store, key=_store_number)
            },
            "failed_count": failed_count,
            "events_per_second": round(record_count / seconds, 1) if seconds else 0.0,
        }


def _store_number(store_id: str) -> int:
    return int(store_id.removeprefix("store_"))
