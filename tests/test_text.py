"""Tables, JSON, and text that is safe on a terminal."""

from __future__ import annotations

import json
import unicodedata
from datetime import datetime, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miztiik_events.text import (
    as_json,
    as_table,
    breadth,
    call_by,
    command,
    counted,
    json_object,
    printable,
    shortened,
    span,
    work_on,
    written,
)

pytestmark = pytest.mark.usefixtures("no_collection")

COLUMNS = {"store": "Store", "revenue": "Revenue", "orders": "Orders"}
ROWS = [
    {"store": "store_1", "revenue": Decimal("1234.5"), "orders": 7},
    {"store": "store_10", "revenue": Decimal("0"), "orders": 12_000},
]


def test_json_is_one_line_unless_asked_otherwise() -> None:
    value = {"a": [1, None], "b": "é\n"}
    assert as_json(value) == '{"a": [1, null], "b": "é\\n"}'
    assert as_json({"a": 1}, indent=2) == '{\n  "a": 1\n}'


def test_json_has_decimals_as_numbers_and_times_as_iso_8601() -> None:
    moment = datetime(2026, 1, 31, 14, 47, tzinfo=timezone.utc)
    text = as_json({"revenue": Decimal("8671.31"), "at": moment})
    assert text == '{"revenue": 8671.31, "at": "2026-01-31T14:47:00+00:00"}'


@pytest.mark.parametrize("text", ["", "{", "[1]", '"x"', "null", "[" * 100_000, b"\xff"])
def test_what_is_no_json_object_is_none(text: str | bytes) -> None:
    assert json_object(text) is None


def test_a_number_beyond_every_decimal_is_no_json_object() -> None:
    assert json_object('{"a": 1e99999999999999999999.0}', parse_float=Decimal) is None
    assert json_object('{"a": 1e99999999999999999999}', parse_float=Decimal) is None


def test_a_json_object_has_its_numbers_as_wanted() -> None:
    assert json_object('{"a": 1.10}', parse_float=Decimal) == {"a": Decimal("1.10")}
    assert json_object(b'{"a": 1.5}') == {"a": 1.5}


def test_records_are_an_array_or_an_object_a_line() -> None:
    assert json.loads(written(ROWS[1:], "json")) == [
        {"store": "store_10", "revenue": 0, "orders": 12000}
    ]
    assert [json.loads(line)["store"] for line in written(ROWS, "ndjson").split("\n")] == [
        "store_1",
        "store_10",
    ]
    assert (written([], "json"), written([], "ndjson")) == ("[]", "")


@pytest.mark.parametrize("amount", ["0.10", "8671.31", "1000000.00", "12345678901234567.80"])
def test_json_keeps_every_digit_of_a_decimal(amount: str) -> None:
    text = as_json({"revenue": Decimal(amount)})
    assert json.loads(text, parse_float=Decimal)["revenue"] == Decimal(amount)


def test_json_refuses_what_it_has_no_form_for() -> None:
    with pytest.raises(TypeError, match="no JSON form for set"):
        as_json({1})


def test_a_table_has_text_flush_left_and_numbers_flush_right() -> None:
    assert as_table(ROWS, COLUMNS).splitlines() == [
        "Store      Revenue  Orders",
        "────────  ────────  ──────",
        "store_1   1,234.50       7",
        "store_10      0.00  12,000",
    ]


def test_a_table_shows_the_columns_asked_for_in_their_order() -> None:
    assert as_table(ROWS, {"orders": "Orders", "store": "Store"}).splitlines()[2:] == [
        "     7  store_1",
        "12,000  store_10",
    ]


def test_the_totals_stand_under_a_rule_of_their_own() -> None:
    total = {"store": "Total", "revenue": Decimal("1234.5"), "orders": 12_007}
    lines = as_table([*ROWS, total], COLUMNS, totals=1).splitlines()
    assert lines[4] == lines[1] == "────────  ────────  ──────"
    assert lines[5] == "Total     1,234.50  12,007"
    assert len(lines) == 6


def test_a_table_of_totals_alone_has_both_rules() -> None:
    lines = as_table([{"store": "Total"}], {"store": "Store"}, totals=1).splitlines()
    assert lines == ["Store", "─────", "─────", "Total"]


def test_an_empty_table_has_its_headings() -> None:
    assert as_table([], {"store": "Store", "revenue": "Revenue"}).splitlines() == [
        "Store  Revenue",
        "─────  ───────",
    ]


def test_what_a_row_does_not_have_stays_empty_and_leaves_no_blanks_behind() -> None:
    lines = as_table([{"store": "a"}, {"store": None, "orders": 3}], COLUMNS).splitlines()
    assert lines[2:] == ["a", f"{3:>22}"]


def test_true_and_false_are_words_not_numbers() -> None:
    assert as_table([{"up": True}], {"up": "Up"}).splitlines()[2] == "True"


def test_a_table_cannot_steer_the_terminal() -> None:
    table = as_table([{"store": "store_1\x1b[2J\nstore_2"}], {"store": "Store"})
    assert table.splitlines()[2] == r"store_1\x1b[2J\x0astore_2"


def test_a_column_is_as_wide_as_its_text_is_on_a_terminal() -> None:
    rows = [{"a": name, "b": "|"} for name in ("ab", "東京", "e\u0301", "\u05d7\u05e0")]
    _, _, *lines = as_table(rows, {"a": "", "b": ""}).splitlines()
    assert {breadth(line) for line in lines} == {7}
    # Text from right to left is kept to itself.
    assert lines[-1] == "\u2068\u05d7\u05e0\u2069    |"


@given(st.text(), st.integers(1, 20))
def test_a_shortened_text_is_no_wider_than_asked_for(text: str, most: int) -> None:
    assert breadth(shortened(text, most)) <= most
    if breadth(text) <= most:
        assert shortened(text, most) == text


def test_a_shortened_text_has_its_beginning_and_its_end() -> None:
    assert shortened("store_1234567890", 9) == "stor…7890"
    assert shortened("東京東京東京", 6) == "東…京"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("store_1 é 日本 ✓", "store_1 é 日本 ✓"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("a\rb\tc\nd\x00\x7f", r"a\x0db\x09c\x0ad\x00\x7f"),
        ("\x9b2J", r"\x9b2J"),
        ("", ""),
    ],
)
def test_control_characters_are_shown_as_codes(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_nothing_that_is_printed_can_control_a_terminal(text: str) -> None:
    assert printable(text).isprintable()


@given(st.text())
def test_json_cannot_control_a_terminal_and_stays_the_same(text: str) -> None:
    written = as_json({"text": text})
    assert json.loads(written) == {"text": text}
    assert [char for char in written if unicodedata.category(char) == "Cc"] == []


def test_half_a_character_is_written_as_a_code() -> None:
    assert as_json("\ud800") == '"\\ud800"'


@given(st.text(st.characters(exclude_categories=["C", "Z"])))
def test_readable_text_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 s"),
        (99.4, "99 s"),
        (130, "2 min"),
        (3 * 3600 + 300, "3 h 5 min"),
        (52 * 3600, "2 d 4 h"),
    ],
)
def test_a_length_of_time_has_two_units_at_the_most(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_one_thing_is_no_plural() -> None:
    assert (counted(1, "shard"), counted(0, "shard")) == ("1 shard", "0 shards")
    assert counted(1200, "event") == "1,200 events"


def test_a_command_names_the_project_unless_it_is_the_default() -> None:
    assert command("deploy", "miztiik-events") == "miztiik-events deploy"
    assert command("deploy", "sales") == "miztiik-events deploy --project sales"


def test_a_command_that_is_told_no_project_names_the_one_that_is_worked_on() -> None:
    assert command("deploy") == "miztiik-events deploy"
    work_on("sales")
    assert command("deploy") == "miztiik-events deploy --project sales"
    call_by("sales", " --env prod")
    work_on("sales")
    assert command("deploy") == "miztiik-events deploy --env prod"
