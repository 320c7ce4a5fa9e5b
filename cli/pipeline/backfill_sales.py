"""The sales behind a backfill's windows, for the lake: as many as they say, and to the cent.

DuckDB makes them, and writes them as Parquet in the lake's folders. Each row has `is_backfill`, and
each file's name begins with `backfill-`. In what Firehose writes, that column is empty.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError
from ..text import as_json
from . import data_store, enrichment

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

# About 13 bytes each in their files, and two to four seconds of one core for a million.
MOST_SALES = 20_000_000
_ROWS = {
    "store_id": "VARCHAR",
    "revenue": "DECIMAL(18,2)",
    "timestamp": "TIMESTAMP",
    "window_start": "TIMESTAMP",
    "orders": "BIGINT",
    "returns": "BIGINT",
    "returned_revenue": "DECIMAL(18,2)",
}
_STORES = dict.fromkeys(("store_id", *enrichment.STORE), "VARCHAR")
_PRODUCTS = {
    "product_number": "INTEGER",
    "price": "DOUBLE",
    **dict.fromkeys(("category", "product", *enrichment.PRODUCT), "VARCHAR"),
}
_CHANCES = ("product", "moment", "distance", "angle")
_TABLE = """\
CREATE TABLE {name} AS
SELECT * FROM read_json('{path}', format = 'newline_delimited', columns = {columns})"""
# What an amount is beyond its first cent is its share of what the window has beyond one for each.
# Such shares are summed up before they are rounded, so that the amounts add up.
_SQL = """\
COPY (
  WITH parts AS (
    SELECT store_id, window_start, "timestamp" AS window_end, false AS is_return, 0 AS before,
      orders AS sales, ((revenue - returned_revenue) * 100)::BIGINT AS cents
    FROM result_rows
    UNION ALL
    SELECT store_id, window_start, "timestamp", true, orders, returns,
      (returned_revenue * 100)::BIGINT
    FROM result_rows
  ), numbered AS (
    SELECT *, unnest(range(1, sales + 1)) AS number FROM parts
  ), sales AS (
    SELECT *, hash({seed}, store_id, window_start, is_return, number) AS key FROM numbered
  ), chosen AS (
    SELECT *, floor({product} * {products})::INT AS product_number, {moment} AS moment,
      sqrt(-2 * ln(1 - {distance})) * cos(2 * pi() * {angle}) AS deviation
    FROM sales
  ), weighed AS (
    SELECT chosen.*, category, product, product_group,
      sum(price * exp({spread} * deviation)) OVER so_far AS weight_so_far,
      sum(price * exp({spread} * deviation)) OVER of_all AS weight
    FROM chosen JOIN products USING (product_number)
    WINDOW of_all AS (PARTITION BY store_id, window_start, is_return),
      so_far AS (of_all ORDER BY number ROWS UNBOUNDED PRECEDING)
  ), shared AS (
    SELECT *, number + CASE WHEN number = sales THEN cents - sales
      ELSE floor((cents - sales) * (weight_so_far / weight))::BIGINT END AS cents_so_far
    FROM weighed
  ), timed AS (
    SELECT *, window_start
      + to_milliseconds(floor(moment * date_diff('millisecond', window_start, window_end))::BIGINT)
      AS event_time,
      cents_so_far - lag(cents_so_far, 1, 0) OVER (
        PARTITION BY store_id, window_start, is_return ORDER BY number) AS own_cents
    FROM shared
  )
  SELECT
    concat_ws('-', 'backfill', epoch_ms(window_start), store_id, before + number) AS request_id,
    store_id, store_name, city, region, country, category, product, product_group,
    (own_cents * 0.01)::DECIMAL(12,2) AS amount, is_return, event_time, window_start,
    window_end, event_time AS arrival, false AS is_late, NULL::VARCHAR AS shard_id,
    NULL::VARCHAR AS sequence_number, true AS is_backfill
  FROM timed JOIN stores USING (store_id)
  ORDER BY event_time, store_id, is_return, number
) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"""


@dataclass(frozen=True)
class Lake:
    """What the lake knows of the stores and products, and its first day."""

    first_day: datetime
    stores: Sequence[Mapping[str, str]]
    products: Sequence[Mapping[str, object]]
    spread: float


def require() -> None:
    """Raise ConfigurationError, with the command that installs it, when DuckDB is missing."""
    if not util.find_spec("duckdb"):
        raise ConfigurationError(
            "A backfill of the lake needs duckdb, which writes its Parquet. Next, in a checkout: "
            f"{sys.executable} -m pip install '.[lake]'"
        )


def lake(lambda_: LambdaClient, function: str, first_day: str, stores: int) -> Lake:
    """The lake of which this is the enrichment function, for so many stores."""
    names = [f"store_{number}" for number in range(1, stores + 1)]
    # The producer's own, which has to stand alone.
    catalogue: Any = importlib.import_module("...functions.producer.catalogue", __name__)
    lifelike: Any = importlib.import_module("...functions.producer.lifelike", __name__)
    known = enrichment.products(lambda_, function, catalogue.PRODUCTS)
    return Lake(
        datetime.strptime(first_day, "%Y-%m-%d").replace(tzinfo=timezone.utc),
        [
            {"store_id": name, **attributes}
            for name, attributes in zip(names, enrichment.stores(lambda_, function, names))
        ],
        [
            {
                "product_number": number,
                "category": category,
                "product": product,
                "price": lifelike.PRICES[category],
                **attributes,
            }
            for number, ((category, product), attributes) in enumerate(
                zip(catalogue.PRODUCTS, known)
            )
        ],
        lifelike.PRICE_SPREAD,
    )


def key(lake: Lake, hour: datetime) -> str:
    """Where the sales of an hour are; those before the lake's first day are under that day."""
    folder = max(hour, lake.first_day)
    name = f"{data_store.BACKFILL}{hour:%Y%m%d%H}.parquet"
    return f"{data_store.LAKE_PREFIX}day={folder:%Y-%m-%d}/hour={folder:%H}{name}"


def parquet(lake: Lake, lines: Sequence[str], seed: float) -> tuple[bytes, int]:
    """A file of the sales behind result rows, and how many; the same for a seed, from 0 to 1."""
    import duckdb

    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        target = Path(folder, "sales.parquet")
        tables: Mapping[str, tuple[str, Mapping[str, str]]] = {
            "result_rows": ("".join(lines), _ROWS),
            "stores": (_lines(lake.stores), _STORES),
            "products": (_lines(lake.products), _PRODUCTS),
        }
        for name, (text, columns) in tables.items():
            path = Path(folder, f"{name}.json")
            path.write_text(text, "utf-8")
            connection.execute(_TABLE.format(name=name, path=path, columns=dict(columns)))
        chances = {name: _chance(number) for number, name in enumerate(_CHANCES)}
        fixed = {"target": target, "products": len(lake.products), "spread": lake.spread}
        copy = connection.execute(_SQL.format(seed=seed, **fixed, **chances))
        [count] = copy.fetchone()
        return target.read_bytes(), int(count)


def _chance(number: int) -> str:
    """A number from 0 to 1 by a sale's key: random() is another as soon as the order is."""
    return f"((hash(xor(key, {number}::UBIGINT)) >> 11) / {1 << 53}.0)"


def _lines(rows: Sequence[Mapping[str, object]]) -> str:
    return "".join(f"{as_json(row)}\n" for row in rows)
