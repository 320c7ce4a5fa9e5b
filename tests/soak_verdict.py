"""What is wrong with how the soak ended: a sentence for each difference, none when all is well."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import oracle
from soak_story import Story

Verdict = Callable[[Story], Iterator[str]]


def revenue(story: Story) -> Iterator[str]:
    """Every line in S3, repeated or not, is what the oracle says, and none is missing."""
    stored = [oracle.reported(line) for line in story.stored]
    expected = story.expected
    for key, found in stored:
        if found != expected.get(key):
            yield f"{key}: {found} is stored, {expected.get(key)} was sold"
    for key in expected.keys() - dict(stored).keys():
        yield f"{key}: nothing is stored, {expected[key]} was sold"


def results(story: Story) -> Iterator[str]:
    """`results` shows each store and window once, and as it is stored."""
    shown = [oracle.reported(line) for line in story.results]
    if len(dict(shown)) != len(shown):
        yield f"results shows {len(shown) - len(dict(shown))} rows more than once"
    if dict(shown) != dict(map(oracle.reported, story.stored)):
        yield "results shows something else than what is stored"


def audit(story: Story) -> Iterator[str]:
    """`verify` agrees, and has seen each repeated line."""
    for difference in story.audit["differences"]:
        yield f"verify: {difference}"
    repeated = len(story.stored) - len({oracle.reported(line)[0] for line in story.stored})
    if story.audit["counts"]["repeated_rows"] != repeated:
        yield f"{repeated} lines are repeated, but verify says {story.audit['counts']}"


def conservation(story: Story) -> Iterator[str]:
    """Each sale is counted or recorded as late, and every record of the stream has one place."""
    counts = story.audit["counts"]
    places = ("heartbeats", "counted", "duplicates", "late")
    if sum(counts[place] for place in places) != counts["records"]:
        yield f"not every record is in {', '.join(places)}: {counts}"
    sent = {sale.request_id for sale in story.load.in_time}, len(story.load.late)
    if (counts["counted"], counts["late"]) != (len(sent[0]), sent[1]):
        yield f"{len(sent[0])} sales in time and {sent[1]} late ones were sent: {counts}"


def late(story: Story) -> Iterator[str]:
    """All late sales are recorded, and of the others at the most a copy that came too late."""
    sent = {sale.request_id for sale in story.load.late}
    counted = {sale.request_id for sale in story.load.in_time}
    recorded = {line["request_id"] for line in story.recorded}
    for request_id in sent - recorded:
        yield f"late and recorded nowhere: {request_id}"
    for request_id in recorded - sent - counted:
        yield f"recorded as late and never sent: {request_id}"
    if story.dropped:
        yield f"Flink's windows dropped {story.dropped} late records in silence"


def consumers(story: Story) -> Iterator[str]:
    """Each new order has a dispatch note and was applied by the warehouse; no dead letters."""
    for name, ids in (("dispatch", story.dispatched), ("warehouse", story.applied)):
        if ids != story.orders:
            yield f"{name}: {len(story.orders - ids)} missing, {len(ids - story.orders)} too many"
    for queue, count in story.audit["queues"].items():
        if count:
            yield f"{queue} has {count} messages"


VERDICTS: tuple[Verdict, ...] = (revenue, results, audit, conservation, late, consumers)
