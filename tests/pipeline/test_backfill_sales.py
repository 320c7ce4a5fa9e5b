"""The sales behind a backfill's windows: as many as these say, and to the cent."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from importlib import util
from pathlib import Path
from typing import Any

import duckdb
import pytest

from miztiik_events.errors import ConfigurationError
from miztiik_events.pipeline import backfill, backfill_sales
from miztiik_events.pipeline.backfill import Demonstration
from miztiik_events.pipeline.backfill_sales import Lake

HOUR = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
LAKE = Lake(
    first_day=datetime(2026, 1, 1, tzinfo=timezone.utc),
    stores=[
        {
            "store_id": f"store_{number}",
            "store_name": '"A" & <b>',
            "city": "Köln\u2028",
            "region": "Europe",
            "country": "unknown",
        }
        for number in range(1, 4)
    ],
    products=[
        {
            "product_number": number,
            "category": category,
            "product": f"{category} 1",
            "product_group": "unknown",
            "price": price,
        }
        for number, (category, price) in enumerate([("Cables", 10), ("Laptops", 1000)])
    ],
    spread=0.4,
)
SUMS = """\
SELECT store_id, strftime(window_start, '%Y-%m-%d %H:%M:%S.000'), sum(amount),
  count(*) FILTER (NOT is_return), count(*) FILTER (is_return),
  coalesce(sum(amount) FILTER (is_return), 0)
FROM '{}' GROUP BY ALL"""


def lines(**changes: Any) -> list[str]:
    """The result rows of an hour."""
    usual: Mapping[str, Any] = {
        "window_seconds": 60,
        "stores": 3,
        "rate": 2,
        "return_ratio": 0.1,
        "seed": 7,
    }
    wanted = Demonstration(first=HOUR, last=HOUR + timedelta(hours=1), **{**usual, **changes})
    [(_, rows)] = backfill.lines_by_hour(wanted)
    return rows


def line(**changes: Any) -> str:
    row = {
        "store_id": "store_1",
        "revenue": 0.03,
        "timestamp": "2026-11-24 12:01:00.000",
        "window_start": "2026-11-24 12:00:00.000",
        "orders": 2,
        "returns": 1,
        "returned_revenue": 0.01,
    }
    return json.dumps({**row, **changes}) + "\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sales.parquet"


def write(file: Path, rows: list[str], seed: float = 0.5) -> int:
    body, count = backfill_sales.parquet(LAKE, rows, seed)
    file.write_bytes(body)
    return count


def asked(file: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(sql.format(file)).fetchall()


@pytest.mark.parametrize(
    "sold",
    [
        lines,
        lambda: lines(window_seconds=1),
        lambda: lines(window_seconds=900, rate=0.01),
        lambda: lines(return_ratio=0),
        lambda: lines(return_ratio=1),
        # A cent each, and a window in which one sale has everything.
        lambda: [line(), line(store_id="store_2", orders=2, revenue=999_999_999.97)],
        lambda: [line(orders=0, returns=1, revenue=0.01)],
    ],
    ids=["minutes", "seconds", "few", "no returns", "returns alone", "cents", "a return"],
)
def test_they_add_up_to_the_windows_to_the_cent(file: Path, sold: Callable[[], list[str]]) -> None:
    rows = sold()
    parsed = [json.loads(one, parse_float=Decimal) for one in rows]
    assert parsed
    assert write(file, rows) == sum(one["orders"] + one["returns"] for one in parsed)
    assert {one[:2]: one[2:] for one in asked(file, SUMS)} == {
        (one["store_id"], one["window_start"]): (
            one["revenue"],
            one["orders"],
            one["returns"],
            one["returned_revenue"] if one["returns"] else 0,
        )
        for one in parsed
    }


def test_each_is_marked_and_within_its_window_and_costs_something(file: Path) -> None:
    count = write(file, lines())
    wrong = "NOT is_backfill OR is_late OR amount <= 0 OR shard_id IS NOT NULL"
    outside = "event_time < window_start OR event_time >= window_end OR arrival < event_time"
    assert asked(file, f"SELECT * FROM '{{}}' WHERE {wrong} OR {outside}") == []
    different = asked(file, "SELECT count(DISTINCT request_id) FROM '{}'")
    assert different == [(count,)]
    assert asked(file, "SELECT DISTINCT city, store_name FROM '{}'") == [
        ("Köln\u2028", '"A" & <b>')
    ]


def test_a_product_costs_what_is_usual_in_its_category(file: Path) -> None:
    write(file, lines())
    found = asked(file, "SELECT category, avg(amount) FROM '{}' GROUP BY ALL ORDER BY 1")
    (cables, cheap), (laptops, dear) = found
    assert (cables, laptops) == ("Cables", "Laptops")
    assert 50 < dear / cheap < 200


def test_the_same_seed_gives_the_same_sales(file: Path) -> None:
    every = "SELECT * FROM '{}' ORDER BY request_id"
    write(file, lines())
    first = asked(file, every)
    write(file, lines())
    assert asked(file, every) == first
    write(file, lines(), seed=0.6)
    assert asked(file, every) != first


@pytest.mark.parametrize(
    ("hour", "key"),
    [
        (HOUR, "lake/sales/day=2026-11-24/hour=12/backfill-2026112412.parquet"),
        (
            datetime(2025, 12, 31, 5),
            "lake/sales/day=2026-01-01/hour=00/backfill-2025123105.parquet",
        ),
    ],
)
def test_its_file_is_in_the_folder_of_its_hour_or_of_the_lakes_first(
    hour: datetime, key: str
) -> None:
    assert backfill_sales.key(LAKE, hour.replace(tzinfo=timezone.utc)) == key


def test_without_duckdb_it_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(util, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"needs duckdb.* pip install '\.\[lake\]'"):
        backfill_sales.require()
