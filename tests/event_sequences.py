"""Sequences of events as hypothesis makes them: ordinary ones, copies, late ones, and odd ones."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, fields, replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

SOURCE = "Miztiik-Automation-Data-Producer"
SALES = "sales-events"
LARGE = 1_000_000
# How many examples a person asks for; then they are other ones each time.
ASKED = int(os.environ.get("MIZTIIK_EVENTS_EXAMPLES", "0"))
LAST_SECOND = 119


def examples(usual: int) -> settings:
    """So many examples, the same each time, unless MIZTIIK_EVENTS_EXAMPLES says how many."""
    return settings(
        max_examples=ASKED or usual, derandomize=not ASKED, database=None, deadline=None
    )


@dataclass(frozen=True, repr=False)
class Event:
    """An event; `members` are those of its detail, in JSON. `second` is in the sequence's time.

    It goes over the bus, or past it: into this shard of the stream, in the bus's own form. `time`
    is JSON in place of the envelope's time, which only past the bus can be none.
    """

    second: int
    members: tuple[tuple[str, str], ...]
    shard: int | None = None
    kind: str = SALES
    source: str = SOURCE
    fraction: str = ""
    padding: int = 0
    time: str = ""

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        # What hypothesis prints; it would print every field of a dataclass.
        printer.text(repr(self))

    def __repr__(self) -> str:
        """What is not as always, on one line; values of a million characters are cut."""
        members = tuple((name, value[:300]) for name, value in self.members)
        further = [(one.name, getattr(self, one.name), one.default) for one in fields(self)[2:]]
        told = [f"{name}={value!r}" for name, value, usual in further if value != usual]
        return f"Event({', '.join([str(self.second), repr(members), *told])})"

    @property
    def store(self) -> str:
        return dict(self.members).get("store_id", "")

    @property
    def detail(self) -> str:
        padding = [("note", json.dumps("x" * self.padding))] if self.padding else []
        members = (f"{json.dumps(name)}: {value}" for name, value in (*self.members, *padding))
        return f"{{{', '.join(members)}}}"


def texts(*values: str) -> st.SearchStrategy[str]:
    return st.sampled_from([json.dumps(value) for value in values])


# Few of them, so that there are copies; those of a list come first when hypothesis simplifies.
REQUESTS = texts("a-1", "a-2", "a-3", "a-4", "a-5", "a-6", "a-7", "a-8", "a-9", "b-1", "b-2")
STORES = [json.dumps(f"store_{number}") for number in (1, 2, 3)]
ODD_REQUESTS = st.one_of(
    texts("-", " - ", "a-\x00", "ä-\u2028", "\U0001f600-", "-'\"\\\n", "-%_", "-" * 256, "-" * 257),
    texts("[a-1", '{"a": "-"}', "a-\ud800", "a-\udc00\ud800"),
    st.text(max_size=8).map(lambda text: json.dumps(f"-{text}")),
    st.sampled_from(['["a-1"]', '["a-1", "a-2"]', '[["a-1"]]']),
)
ODD_STORES = st.one_of(
    texts(
        "store_", "store_\n1", "store_'1\"\\", "store_\U0001f600", "store_\ud800", "store_\ud801"
    ),
    texts(
        "store_" + "x" * 250, "store_" + "\U0001f600" * 250, "store_" + "x" * 251, "store_\ud801"
    ),
    texts("Store_1", " store_1", "store-1", "storeX1", "shop", ""),
    st.text(max_size=8).map(lambda text: json.dumps(f"store_{text}")),
    st.sampled_from(['["store_1"]', '{"store_1": "store_1"}', "null"]),
)
CENTS = st.integers(0, 1_000_000).map(lambda cents: f"{cents / 100:.2f}")
ODD_AMOUNTS = st.one_of(
    st.sampled_from(["0", "-0.0", "-0", "0.005", "10.005", "0.0049", "1.115", "2.675", "1e3"]),
    st.sampled_from(["1E+2", "5e-3", "1e-30", "1e-400", "0.1e10", "100000e-3", "999999999.995"]),
    st.sampled_from(["1000000000", "1e9", "1000000000.01", "9999999999.99", "12345678901", "-1"]),
    st.sampled_from(["-0.01", "-0.001", "[5]", "[5, 7]", "[]", "{}", "null", "true", '"text"']),
    st.integers(0, 10**6).map(lambda thousandths: f"{thousandths / 1000:.3f}"),
    st.decimals(0, 10**9, places=4).map(str),
)
FLAGS = st.sampled_from(["false", "true"])
ODD_FLAGS = st.sampled_from(["null", "[true]", "{}", "1", '"yes"'])
# What the bus rejects and the job, which reads every value as text, can not tell.
ONLY_ON_THE_BUS = {
    "request_id": st.sampled_from(["5", "true", '{"a": "-"}', '"no hyphen"', '""']),
    "store_id": st.sampled_from(["1", "true"]),
    "sales": st.sampled_from(['"12.50"', '"7"', '" 1 "', '"-1"', '"NaN"']),
    "is_return": st.sampled_from(['"true"', '"false"']),
}
ODD = {
    "request_id": ODD_REQUESTS,
    "store_id": ODD_STORES,
    "sales": ODD_AMOUNTS,
    "is_return": ODD_FLAGS,
}
EXTRA = st.sampled_from(
    [
        ("name", '"M\\u00fcsli \\ud83d\\ude00"'),
        ("further", '{"request_id": "x-y", "sales": 9, "list": [1, {"sales": 2}]}'),
        ("sales ", "1"),
        ("quantity", "12345678901234567890"),
        ("", "null"),
    ]
)
SKEW = st.sampled_from([0, 0, 0, 1, 3, 9])
LAG = st.sampled_from([0] * 8 + [1, 2, 3, 5, 8, 30])
STEP = st.sampled_from([0, 0, 0, 1, 1, 1, 2])
WAYS = st.sampled_from([None, 0, 1])
FIELDS = st.sampled_from(sorted(ODD))


@st.composite
def members(draw: st.DrawFn, over_the_bus: bool) -> tuple[tuple[str, str], ...]:
    """Those of a sale, or of what is nearly one."""
    found = {
        "request_id": draw(REQUESTS),
        "store_id": draw(st.sampled_from(STORES)),
        "sales": draw(CENTS),
        "is_return": draw(FLAGS),
    }
    oddity = draw(st.integers(0, 9))
    if oddity >= 7:
        field = draw(FIELDS)
        found[field] = draw(ODD[field])
    if oddity == 9:
        del found[draw(FIELDS)]
    if oddity == 8 and over_the_bus:
        field = draw(FIELDS)
        found[field] = draw(ONLY_ON_THE_BUS[field])
    extra = [draw(EXTRA)] if oddity == 6 else []
    return (*found.items(), *extra)


@st.composite
def events(draw: st.DrawFn, clock: int) -> Event:
    """An event of about that time."""
    shard = draw(WAYS)
    second = min(clock, LAST_SECOND) - draw(LAG)
    event = Event(second, draw(members(shard is None)), shard)
    oddity = draw(st.integers(0, 39))
    if oddity == 37 and shard is not None:
        return replace(event, fraction=draw(st.sampled_from([".5", ".250", ".999", ".0009999"])))
    if oddity == 38 and shard is None:
        return replace(event, source="Somebody-Else")
    if oddity == 39:
        return replace(event, kind=draw(st.sampled_from(["Sales-Events", "refund-events", "x"])))
    return event


@st.composite
def sequences(draw: st.DrawFn, most: int = 240) -> list[Event]:
    """Up to so many events of two minutes, in the order of sending; the clocks of stores differ.

    A quarter are copies of events before, over the bus or past it, now or later.
    """
    found: list[Event] = []
    clock = 0
    skews = {store: draw(SKEW) for store in STORES}
    for _ in range(draw(st.integers(0, most))):
        clock += draw(STEP)
        if found and draw(st.integers(0, 3)) == 3:
            copied = found[draw(st.integers(0, len(found) - 1))]
            # The types of what goes past the bus are right.
            shard = draw(WAYS) if copied.shard is not None else None
            found.append(replace(copied, shard=shard))
            continue
        event = draw(events(clock))
        found.append(replace(event, second=event.second - skews.get(event.store, 0)))
    if found and draw(st.integers(0, 9)) == 9:
        found[-1] = replace(found[-1], padding=LARGE)
    return found
