"""What the project knows of its stores and products: the two CSV files beside this one.

What they do not know is `unknown`, and so is a cell that is empty: a sale is never lost for it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

UNKNOWN = "unknown"
FOLDER = Path(__file__).parent

Attributes = dict[str, str]
UNKNOWN_STORE: Attributes = dict.fromkeys(("store_name", "city", "region", "country"), UNKNOWN)
UNKNOWN_PRODUCT: Attributes = {"product_group": UNKNOWN}


def stores(path: Path = FOLDER / "stores.csv") -> dict[str, Attributes]:
    """Of each store, by its store_id."""
    return {row["store_id"]: _known(row, UNKNOWN_STORE) for row in _rows(path)}


def products(path: Path = FOLDER / "products.csv") -> dict[tuple[str, str], Attributes]:
    """Of each product, by its category and its name."""
    return {(row["category"], row["product"]): _known(row, UNKNOWN_PRODUCT) for row in _rows(path)}


def _rows(path: Path) -> list[dict[str, str]]:
    # A spreadsheet writes a byte order mark before UTF-8.
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _known(row: Mapping[str, str | None], unknown: Attributes) -> Attributes:
    return {name: (row.get(name) or "").strip() or nothing for name, nothing in unknown.items()}
