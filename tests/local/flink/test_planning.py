"""What Flink refuses is told by its line in the file of SQL; what it takes is planned once."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from miztiik_events.errors import ConfigurationError
from miztiik_events.local.flink import planning
from miztiik_events.local.flink.planning import Refusal
from repository import FUNCTIONS
from small_programs import SQL

MAIN = (FUNCTIONS / "analytics" / "main.py").read_bytes()
PROPERTIES = [{"source": {"connector": "datagen"}, "sink": {"connector": "blackhole"}}]
NEEDS_FLINK = pytest.mark.aws


def planned(sql: str, properties: planning.Properties = PROPERTIES) -> tuple[Refusal | None, bool]:
    """The refusal, and whether Flink was asked."""
    begun: list[bool] = []
    sources = [("main.py", MAIN), ("windows.sql", sql.encode())]
    refusal = planning.refusal(sources, properties, None, lambda: begun.append(True))
    return refusal, bool(begun)


# Each program is planned by the same Flink, which takes seconds to start.
PLANS = """
import json, sys
from pathlib import Path
from miztiik_events.local.flink import planner
planner.prepare(Path(sys.argv[1]), [])
for sql, groups in json.load(sys.stdin):
    Path("windows.sql").write_text(sql, encoding="utf-8")
    print(json.dumps(planner.plan(groups)))
"""
NO_SINK = {"source": {"connector": "datagen"}}
# What is wrong in which way; the last two are told by the properties.
WRONG = {
    "syntax": (SQL.replace("FROM dear", "FORM dear"), PROPERTIES),
    "column": (SQL.replace("amount > 1000", "price > 1000"), PROPERTIES),
    "plan of a view": (SQL.replace("ESCAPE '!'", "ESCAPE '\\'"), PROPERTIES),
    "plan of an INSERT": (SQL.replace("COUNT(*)", "COUNT(*), 1"), PROPERTIES),
    "option": (SQL, [{**PROPERTIES[0], "source": {"connector": "datagen", "rows": "1"}}]),
    "second application": (SQL, [*PROPERTIES, NO_SINK]),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Refusal]:
    """What Flink has against each of the programs."""
    code, temporary = tmp_path_factory.mktemp("code"), tmp_path_factory.mktemp("temporary")
    (code / "main.py").write_bytes(MAIN)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PLANS, temporary],
        cwd=code,
        input=json.dumps([*WRONG.values()]),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    verdicts = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return dict(zip(WRONG, (Refusal(**one) for one in verdicts), strict=True))


@NEEDS_FLINK
@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ("syntax", Refusal('Encountered "dear"', 19, 6)),
        ("column", Refusal("Column 'price' not found in any table", 12, 7)),
        # It is seen when the plan is made; then Flink knows no place, and the view's is told.
        ("plan of a view", Refusal("Invalid escape character '\\\\'", 10)),
        (
            "plan of an INSERT",
            Refusal(
                "Column types of query result and sink for 'default_catalog.default_database."
                "counts' do not match. Cause: Different number of columns. Query schema: [EXPR$0: "
                "BIGINT NOT NULL, EXPR$1: INT NOT NULL] Sink schema: [many: BIGINT]",
                17,
            ),
        ),
    ],
)
def test_what_is_refused_is_told_with_its_place(
    told: dict[str, Refusal], wrong: str, expected: Refusal
) -> None:
    assert WRONG[wrong][0] != SQL
    assert told[wrong] == expected


@NEEDS_FLINK
def test_an_option_is_told_with_the_table_that_has_it(told: dict[str, Refusal]) -> None:
    """Flink looks at it when the table is first used."""
    assert told["option"].line == 2
    assert "Unsupported options: rows Supported options: connector" in told["option"].reason


@NEEDS_FLINK
def test_properties_of_each_application_are_tried(told: dict[str, Refusal]) -> None:
    reason = told["second application"].reason
    assert reason.startswith("windows.sql needs the property 'sink'")


@NEEDS_FLINK
def test_a_program_that_flink_takes_is_planned_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    asked: list[planning.Sources] = []

    def plan(sources: planning.Sources, *others: Any) -> dict[str, Any]:
        asked.append(sources)
        return by_flink(sources, *others)

    by_flink = planning._planned
    monkeypatch.setattr(planning, "_planned", plan)
    with ThreadPoolExecutor() as at_once:
        assert [*at_once.map(planned, [SQL, SQL])] == [(None, True)] * 2
    assert planned(SQL) == (None, False)
    assert len(asked) == 1
    # Whatever else is the matter, something else would have to be planned.
    assert planned(SQL.replace("COUNT", "CUONT"))[1]


@NEEDS_FLINK
def test_what_is_not_the_programs_fault_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Xmx4m")
    with pytest.raises(ConfigurationError, match=r"^Flink did not start: .*OutOfMemoryError"):
        planned(SQL)


def test_without_java_nothing_is_planned(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"JDK|Flink's Python package is not installed"):
        planned(SQL)
