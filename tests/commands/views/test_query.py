"""How the answer to a query is shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from miztiik_events.commands.views import query as view
from miztiik_events.pipeline.queries import Answer

TYPES = ("varchar", "bigint", "decimal(38,2)", "decimal(10,4)", "double", "boolean")
ROWS = [
    ["Zürich", "1234567", "1234.50", "0.1234", "0.5", "true"],
    [None, None, None, None, None, None],
    ['\x1b[31mred\n, "x"', "-1", "0.00", "-0.0001", "NaN", "false"],
]


def answer(*rows: list[Any], names: str = "name count sum rate share late") -> Answer:
    def pages() -> Iterator[Any]:
        yield [
            {"Data": [{} if text is None else {"VarCharValue": text} for text in row]}
            for row in rows
        ]

    columns = tuple(names.split())
    return Answer(columns, TYPES[: len(columns)], 12_345, 1.25, pages())


def test_a_table_has_numbers_flush_right_and_no_control_characters() -> None:
    assert view.table(answer(*ROWS)).splitlines() == [
        "name                      count       sum  rate     share  late",
        "────────────────────  ─────────  ────────  ───────  ─────  ─────",
        "Zürich                1,234,567  1,234.50  0.1234   0.5    true",
        "",
        '\\x1b[31mred\\x0a, "x"         -1      0.00  -0.0001  NaN    false',
    ]


def test_a_table_has_no_more_rows_than_a_screen_can_show() -> None:
    many = view.table(answer(*([["a"]] * (view.MOST_ROWS + 5)), names="name")).splitlines()
    assert len(many) == view.MOST_ROWS + 3
    assert "--output csv has them all" in many[-1]


def test_csv_has_every_row_with_exact_numbers() -> None:
    assert "\n".join(view.lines(answer(*ROWS), "csv")) == (
        "name,count,sum,rate,share,late\n"
        "Zürich,1234567,1234.50,0.1234,0.5,true\n"
        ",,,,,\n"
        '"\\x1b[31mred\n, ""x""",-1,0.00,-0.0001,NaN,false'
    )


def test_json_has_numbers_as_numbers() -> None:
    lines = list(view.lines(answer(*ROWS), "ndjson"))
    assert json.loads(lines[0], parse_float=Decimal) == {
        "name": "Zürich",
        "count": 1234567,
        "sum": Decimal("1234.50"),
        "rate": Decimal("0.1234"),
        "share": Decimal("0.5"),
        "late": True,
    }
    assert set(json.loads(lines[1]).values()) == {None}
    assert json.loads(view.as_list(answer(*ROWS))) == [json.loads(line) for line in lines]


def test_a_name_that_comes_again_gets_a_number() -> None:
    assert view.unique(["a", "b", "a", "a", "a_2"]) == ["a", "b", "a_2", "a_3", "a_2_2"]


def test_the_footer_says_what_was_scanned_and_what_it_costs() -> None:
    told = view.footer(answer(), Decimal("0.0000476"), is_local=False)
    assert told == "1.2 s, 12.3 KB scanned. It costs about $0.00005: $5 a TB, 10 MB at least"
