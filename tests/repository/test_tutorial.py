"""The tutorial shows what its examples do, and its terms are those of the glossary."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from miztiik_events.local.flink import jvm
from miztiik_events.operate import bus_rules
from pages import PAGES, tracked
from repository import DOCS, EXAMPLES

FOLDER = EXAMPLES / "tutorial"
TUTORIAL, GLOSSARY, WALKTHROUGH = (
    PAGES[f"docs/{name}.md"] for name in ("tutorial", "glossary", "walkthrough")
)
TERMS = {row[0]: row[1] for row in GLOSSARY.table("Terms")}
# A row of the table that Flink prints.
ROW = re.compile(r"\| \+I \| +(\w+) \| +([\d.]+) \| ([\d: .-]+) \|")


def rows(text: str) -> list[tuple[str, ...]]:
    return [found.groups() for found in ROW.finditer(text)]


# The five lines.


def naive(lateness: timedelta) -> set[tuple[str, str, str]]:
    """What the five lines make of sales.jsonl: copies count, and nobody hears of what is late."""
    sums: dict[tuple[str, datetime], float] = defaultdict(float)
    watermark = datetime.min
    for line in (FOLDER / "sales.jsonl").read_text("utf-8").splitlines():
        event = json.loads(line)
        time = datetime.strptime(event["time"], "%Y-%m-%dT%H:%M:%SZ")
        end = time.replace(second=0) + timedelta(minutes=1)
        if end > watermark:
            sums[event["detail"]["store_id"], end] += event["detail"]["sales"]
        watermark = max(watermark, time - lateness)
    return {(store, str(total), f"{end}.000") for (store, end), total in sums.items()}


def test_the_tables_of_the_five_lines_are_right() -> None:
    shown = ["\n".join(lines) for _, lines in TUTORIAL.blocks if "five_lines.py" in "".join(lines)]
    tables = [set(rows(block)) for block in shown]
    assert tables == [naive(timedelta(seconds=5)), naive(timedelta(minutes=3))]


@pytest.mark.tools
def test_flink_gives_the_first_of_them() -> None:
    command = [sys.executable, FOLDER / "five_lines.py"]
    environment = {**os.environ, "JVM_ARGS": " ".join(jvm.LIGHT)}
    printed = subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True
    ).stdout
    assert set(rows(printed)) == naive(timedelta(seconds=5))


def test_every_page_that_shows_the_five_lines_shows_the_same() -> None:
    query = re.search(r"SELECT.*;\n", (FOLDER / "five_lines.sql").read_text("utf-8"), re.DOTALL)
    assert query
    for page in (TUTORIAL, WALKTHROUGH):
        assert query[0].splitlines() in [lines for language, lines in page.blocks], page


# The other examples.


def test_the_picture_is_what_the_script_draws() -> None:
    command = [sys.executable, FOLDER / "window.py"]
    drawn = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert drawn == (DOCS / "window.svg").read_text("utf-8")


@pytest.fixture(scope="module")
def entries() -> list[Any]:
    now = datetime(2021, 3, 6, 17, 20, tzinfo=timezone.utc)
    published: list[Any] = example(FOLDER / "publish.py").entries("bus", now)
    return published


def example(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_producer_of_the_example_publishes_well_formed_sales(entries: list[Any]) -> None:
    for entry in entries:
        envelope = {
            "source": entry["Source"],
            "detail-type": entry["DetailType"],
            "detail": json.loads(entry["Detail"], parse_float=Decimal),
        }
        assert not bus_rules.defect(envelope)


def test_of_them_one_is_a_copy_and_one_is_late_in_windows_of_any_length_up_to_a_minute(
    entries: list[Any],
) -> None:
    ids = [json.loads(entry["Detail"])["request_id"] for entry in entries]
    assert len(ids) - len(set(ids)) == 1
    behind = [max(entry["Time"] for entry in entries) - entry["Time"] for entry in entries]
    assert sorted(behind)[:-1] == [timedelta()] * (len(entries) - 1)
    assert max(behind) > timedelta(minutes=1, seconds=5)


def test_the_returns_desk_keeps_what_failed_for_another_try() -> None:
    handler = example(EXAMPLES / "returns" / "functions" / "returns" / "handler.py")
    sale = {"store_id": "store_2", "sales": 75.3, "name": "Minotaur"}
    bodies = [json.dumps({"detail": sale}), "{}"]
    records = [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]
    assert handler.refund(bodies[0]) == "store_2 pays back 75.30 for Minotaur"
    assert handler.handler({"Records": records}, None) == {
        "batchItemFailures": [{"itemIdentifier": "1"}]
    }


# The words.


def test_the_glossary_is_in_order_and_has_a_line_for_each_term() -> None:
    assert list(TERMS) == sorted(TERMS, key=str.lower)
    assert not [term for term, meaning in TERMS.items() if not meaning.endswith(".")]
    assert not [meaning for meaning in TERMS.values() if len(meaning) > 120]


def test_the_tutorial_explains_the_terms_of_the_glossary_and_no_others() -> None:
    """Where it first needs one, the term stands between asterisks."""
    told = re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", TUTORIAL.prose)
    assert len(told) == len(set(told))
    assert set(told) == set(TERMS)


def test_every_term_is_in_use_on_other_pages() -> None:
    others = [name for name in tracked("docs/*.md") if name not in (TUTORIAL.name, GLOSSARY.name)]
    text = " ".join(" ".join(PAGES[name].text.split()) for name in others).lower()
    assert not [term for term in TERMS if term.lower() not in text]
