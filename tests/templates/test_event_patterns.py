"""The rules' patterns, asked of the AWS on this machine: every event ends in exactly one place."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import bus_oracle
import event_sequences
from bus_events import (
    ANYTHING,
    CONTENT,
    COUNT,
    INVENTORY,
    MISSING,
    ORDERS,
    PLACES,
    RULE,
    SALE,
    SALES,
    SOURCE,
    WELL_FORMED,
    envelope,
    sorted_by,
)
from event_sequences import Event
from function_loader import NO_AWS, load
from template_trees import Tree, having

if TYPE_CHECKING:
    from shared_aws import TestAws
# The modules of a function are in sys.modules only while it loads; their names lead on.
_generator = load("producer", {**NO_AWS, "EVENT_BUS_NAME": "bus"}).generate.__globals__
EVENT = _generator["Event"]
DEFECTS = _generator["spoil"].__globals__["DEFECTS"]
KINDS = _generator["Kind"]


@pytest.mark.parametrize(("detail", "kind"), WELL_FORMED)
def test_a_well_formed_event_goes_to_the_place_of_its_type(
    local_aws: TestAws, detail: dict[str, Any], kind: str
) -> None:
    places, orders = sorted_by(local_aws, envelope(detail, kind))
    assert places == ["sales" if kind == SALES else "inventory"]
    assert orders == [kind == SALES and not detail["is_return"]] * 2


DEFECTIVE = [
    pytest.param(kind, defect, id=f"{kind}-{number}")
    for kind, defects in DEFECTS.items()
    for number, defect in enumerate(defects)
]


@pytest.mark.parametrize(("kind", "defect"), DEFECTIVE)
def test_every_defect_that_the_producer_makes_is_rejected_and_is_no_order(
    local_aws: TestAws, kind: str, defect: Any
) -> None:
    event = defect(EVENT(KINDS.MALFORMED, kind, CONTENT[kind], SOURCE))
    assert (event.detail, event.detail_type, event.source) != (CONTENT[kind], kind, SOURCE)
    sent = envelope(event.detail, event.detail_type, event.source)
    assert sorted_by(local_aws, sent) == (["rejected"], [False, False])


@pytest.mark.parametrize(
    ("detail", "kind"),
    [
        ({}, "heartbeat"),
        (SALE, INVENTORY),
        (COUNT, SALES),
        ({**SALE, "sales": 1_000_000_000.01}, SALES),
        ({**SALE, "sales": -0.01}, SALES),
        ({**SALE, "sales": "86.71"}, SALES),
        ({**SALE, "request_id": "6f1c2a345b6d4e7f8a9b0c1d2e3f4a5b"}, SALES),
        ({**SALE, "store_id": "Store_1"}, SALES),
        ({**SALE, "is_return": "yes"}, SALES),
        ({**SALE, "is_return": {}}, SALES),
        ({**SALE, "request_id": []}, SALES),
        ({**COUNT, "quantity": 1_000_000_001}, INVENTORY),
        ({**COUNT, "quantity": True}, INVENTORY),
        ({**COUNT, "category": {"name": "Books"}}, INVENTORY),
        ({**COUNT, "name": False}, INVENTORY),
    ],
)
def test_other_malformed_events_are_rejected_too(
    local_aws: TestAws, detail: dict[str, Any], kind: str
) -> None:
    assert sorted_by(local_aws, envelope(detail, kind)) == (["rejected"], [False, False])


@pytest.mark.parametrize("is_return", [None, 0, 1, -1, 0.5])
def test_an_is_return_that_no_pattern_can_judge_is_left_to_the_analytics(
    local_aws: TestAws, is_return: object
) -> None:
    sent = envelope({**SALE, "is_return": is_return})
    assert sorted_by(local_aws, sent) == (["sales"], [False, False])


def test_a_copy_goes_where_the_first_one_went(local_aws: TestAws) -> None:
    for detail, kind in (*WELL_FORMED, ({**SALE, "sales": None}, SALES)):
        copy = {**envelope(detail, kind), "time": "2026-01-31T14:49:00Z"}
        assert sorted_by(local_aws, copy) == sorted_by(local_aws, envelope(detail, kind))


def test_a_replayed_event_goes_where_it_went_but_is_not_rejected_again(local_aws: TestAws) -> None:
    for detail, kind in WELL_FORMED:
        event = envelope(detail, kind)
        replayed = {**event, "replay-name": "again"}
        assert sorted_by(local_aws, replayed) == sorted_by(local_aws, event)
    malformed = {**envelope({**SALE, "sales": None}), "replay-name": "again"}
    assert sorted_by(local_aws, malformed) == ([], [False, False])


@settings(max_examples=120)
@given(
    kind=st.sampled_from([SALES, INVENTORY, "Sales-Events", ""]),
    source=st.sampled_from([SOURCE, SOURCE, SOURCE, SOURCE.lower()]),
    changes=st.dictionaries(st.sampled_from(sorted({*SALE, *COUNT})), ANYTHING, max_size=3),
)
def test_whatever_is_put_on_the_bus_goes_to_exactly_one_place(
    local_aws: TestAws, kind: str, source: str, changes: dict[str, Any]
) -> None:
    detail = {**CONTENT.get(kind, SALE), **changes}
    sent = {field: value for field, value in detail.items() if value is not MISSING}
    places, orders = sorted_by(local_aws, envelope(sent, kind, source))
    assert len(places) == 1
    assert orders == [places == ["sales"] and sent["is_return"] is False] * 2


ODD = {**event_sequences.ODD, "quantity": event_sequences.ODD_AMOUNTS}
MEMBERS = st.fixed_dictionaries({}, optional={name: ODD[name] for name in sorted(ODD)})
EXTRA = st.lists(event_sequences.EXTRA, max_size=1).map(dict)


@event_sequences.examples(100)
@given(kind=st.sampled_from([SALES, INVENTORY]), odd=MEMBERS, extra=EXTRA, mixed=st.booleans())
@example(kind=SALES, odd={"sales": '[5, "x"]'}, extra={}, mixed=False)
@example(kind=SALES, odd={"request_id": '["a-b", 5]'}, extra={}, mixed=False)
def test_every_event_goes_where_the_oracle_says(
    local_aws: TestAws, kind: str, odd: dict[str, str], extra: dict[str, str], mixed: bool
) -> None:
    """Two places only when an array has elements that are right and others that are wrong."""
    both = {**SALE, **COUNT} if mixed else CONTENT[kind]
    texts = {**{name: json.dumps(value) for name, value in both.items()}, **extra, **odd}
    detail = json.loads(Event(0, tuple(texts.items())).detail)
    exact = json.loads(json.dumps(detail), parse_float=Decimal)
    places, orders = sorted_by(local_aws, envelope(detail, kind))
    assert set(places) == bus_oracle.places(envelope(exact, kind))
    assert orders == [bus_oracle.is_order(envelope(exact, kind))] * 2
    assert len(places) == 1 or any(isinstance(value, list) for value in detail.values())


def test_the_order_rules_are_the_sales_rule_without_the_returns() -> None:
    sales = json.loads(PLACES["sales"])
    assert sales["detail"]["is_return"] == [{"anything-but": {"wildcard": "*"}}]
    sales["detail"]["is_return"] = [False]
    assert [json.loads(text) for text in ORDERS] == [sales, sales]


@having(RULE)
def test_every_pattern_is_told_in_plain_words_above_its_rule(tree: Tree) -> None:
    for name, rule in tree.properties(RULE).items():
        if "EventPattern" in rule:
            assert tree.comment_above(tree.line_of(name)).startswith("Matches every")
