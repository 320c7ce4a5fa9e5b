"""What is wrong with a rejected event, held against the patterns of the bus's rules."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus_events import (
    ANYTHING,
    CONTENT,
    COUNT,
    INVENTORY,
    MISSING,
    SALE,
    SALES,
    SOURCE,
    WELL_FORMED,
    envelope,
    sorted_by,
)
from miztiik_events.operate.bus_rules import defect, in_words
from miztiik_events.pipeline.envelope import parse

if TYPE_CHECKING:
    from shared_aws import TestAws


def found(event: dict[str, Any]) -> str:
    """The defect of the event as it comes out of a queue."""
    parsed = parse(json.dumps(event).encode())
    assert parsed is not None
    return defect(parsed)


@pytest.mark.parametrize(("detail", "kind"), WELL_FORMED)
def test_a_well_formed_event_has_none(detail: dict[str, Any], kind: str) -> None:
    assert found(envelope(detail, kind)) == ""


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (envelope(SALE, source="Somebody"), 'source "Somebody" is unknown'),
        (envelope(SALE, kind="refunds"), 'detail-type "refunds" is unknown'),
        (envelope([1]), "detail is not an object"),
        (envelope({**SALE, "request_id": "abc"}), 'request_id "abc" has no hyphen, as every UUID'),
        (envelope({**SALE, "request_id": 4711}), "request_id 4711 is not text"),
        (envelope({}), "request_id is missing"),
        (envelope({**SALE, "store_id": "shop"}), 'store_id "shop" does not begin with store_'),
        (envelope({**SALE, "sales": "86.71"}), 'sales "86.71" is not a number'),
        (envelope({**SALE, "sales": True}), "sales true is not a number"),
        (envelope({**SALE, "sales": [1]}), "sales an array is not a number"),
        (envelope({**SALE, "sales": -0.01}), "sales -0.01 is below 0"),
        (envelope({**SALE, "sales": 2_000_000_000}), "sales 2000000000 is above 1,000,000,000"),
        (envelope({**SALE, "is_return": None}), "is_return null is neither true nor false"),
        (envelope({**COUNT, "name": {}}, INVENTORY), "name an object is not text"),
        (envelope({**COUNT, "quantity": None}, INVENTORY), "quantity null is not a number"),
    ],
)
def test_the_first_rule_that_is_broken_is_told_in_words(
    event: dict[str, Any], expected: str
) -> None:
    assert found(event).startswith(expected)


@settings(max_examples=120)
@given(
    kind=st.sampled_from([SALES, INVENTORY, "Sales-Events", ""]),
    source=st.sampled_from([SOURCE, SOURCE, SOURCE, SOURCE.lower()]),
    changes=st.dictionaries(st.sampled_from(sorted({*SALE, *COUNT})), ANYTHING, max_size=3),
)
def test_what_the_rules_reject_has_a_defect_and_nothing_else_has(
    local_aws: TestAws, kind: str, source: str, changes: dict[str, Any]
) -> None:
    """But for an is_return that the rules leave to the analytics."""
    detail = {**CONTENT.get(kind, SALE), **changes}
    sent = {field: value for field, value in detail.items() if value is not MISSING}
    event = envelope(sent, kind, source)
    places, _ = sorted_by(local_aws, event)
    is_left = places == ["sales"] and not isinstance(sent["is_return"], bool)
    assert bool(found(event)) == (places == ["rejected"] or is_left)


def test_a_value_is_never_long_and_never_written_out() -> None:
    assert len(in_words("x" * 1000)) == 40
    assert in_words(Decimal("1e999999")) == "1E+999999"
