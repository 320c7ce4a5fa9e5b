"""The events of the soak: sent by the producer's own code, and kept as the bus accepted them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from types import ModuleType
from typing import Any

import function_loader
import oracle
from deployed_pipeline import Pipeline

LATE_SECONDS = 120
# The function's own limit does not hold here: one run of the sender is the whole soak.
NO_LIMIT = 24 * 3600.0


@dataclass
class Recorder:
    """A client of the bus that keeps what the bus says it has accepted."""

    client: Any
    sales: list[oracle.Sale] = field(default_factory=list)

    def put_events(self, **call: Any) -> Any:
        answer = self.client.put_events(**call)
        for entry, result in zip(call["Entries"], answer["Entries"]):
            if "ErrorCode" not in result:
                self._keep(entry)
        return answer

    def _keep(self, entry: Mapping[str, Any]) -> None:
        sale = oracle.sale(
            {
                "source": entry["Source"],
                "detail-type": entry["DetailType"],
                "time": f"{entry['Time']:%Y-%m-%dT%H:%M:%SZ}",
                "detail": json.loads(entry["Detail"], parse_float=Decimal),
            }
        )
        assert sale, entry
        self.sales.append(sale)


class Load:
    """Sales for a pipeline; `in_time` and `late` are those that its bus has accepted so far."""

    def __init__(self, pipeline: Pipeline, stores: int, return_ratio: float) -> None:
        self._bus = pipeline.outputs["EventBusName"]
        environment = {**pipeline.aws.environment, "EVENT_BUS_NAME": self._bus}
        self._producer: ModuleType = function_loader.load("producer", environment)
        self._payload = {"stores": stores, "return_ratio": return_ratio, "inventory_ratio": 0}
        self._in_time = Recorder(self._producer.client)
        self._late = Recorder(self._producer.client)

    @property
    def in_time(self) -> list[oracle.Sale]:
        return self._in_time.sales

    @property
    def late(self) -> list[oracle.Sale]:
        return self._late.sales

    def send(self, count: int, rate: float, seed: int) -> None:
        """Returns when the bus has accepted them all."""
        producer = self._producer
        batches = producer.batches(self._events(count, seed), 1 / rate)
        deadline = time.monotonic() + NO_LIMIT
        sender = producer.Sender(self._in_time, self._bus, batches, deadline)
        sender.send()
        assert sum(sender.tally.accepted.values()) == count, sender.last_error

    def send_late(self, count: int, seed: int) -> None:
        """Sales of two minutes ago, whose windows have closed."""
        moment = datetime.now(timezone.utc) - timedelta(seconds=LATE_SECONDS)
        for event in self._events(count, seed):
            entry = {
                "EventBusName": self._bus,
                "Source": event.source,
                "DetailType": event.detail_type,
                "Detail": json.dumps(event.detail),
                "Time": moment.replace(microsecond=0),
            }
            known = len(self.late)
            while len(self.late) == known:
                self._put_late(entry)

    def _put_late(self, entry: Mapping[str, Any]) -> None:
        client = self._producer.client
        try:
            self._late.put_events(Entries=[entry])
        except client.exceptions.InternalException:
            return

    def _events(self, count: int, seed: int) -> Iterator[Any]:
        # Nothing here depends on the pace: it is the sender's.
        wanted = {**self._payload, "count": count, "duration_seconds": 0, "seed": seed}
        events: Iterator[Any] = self._producer.generate(
            self._producer.payload.parse(wanted, NO_LIMIT)
        )
        return events
