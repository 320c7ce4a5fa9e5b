"""Details of events, as stores send them."""

from __future__ import annotations

import random
import uuid
from typing import Any

Item = dict[str, Any]


def some_sales(count: int, seed: int) -> list[Item]:
    chance = random.Random(seed)
    return [
        {
            "request_id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            "name": "Minotaur",
            "category": "Books",
            "store_id": f"store_{chance.randint(1, 5)}",
            "sales": chance.randint(0, 99_999) / 100,
            "contact_me": "github.com/miztiik",
            "is_return": chance.random() < 0.3,
        }
        for _ in range(count)
    ]


def order(number: int, **changes: Any) -> Item:
    """A new order; equal numbers give equal request_ids."""
    return {
        "request_id": f"0a9c1e52-7b1d-4c54-9f3e-{number:012}",
        "name": "Minotaur",
        "category": "Books",
        "store_id": f"store_{number % 3 + 1}",
        "sales": number + 0.25,
        "contact_me": "github.com/miztiik",
        "is_return": False,
        **changes,
    }


def stock_count(number: int, store: int, quantity: int) -> Item:
    return {
        "request_id": f"1b8d2f63-8c2e-4d65-8a4f-{number:012}",
        "store_id": f"store_{store}",
        "category": "Books",
        "name": "Minotaur",
        "quantity": quantity,
    }
