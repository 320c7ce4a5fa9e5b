"""What Flink refuses is told by its line in the file of SQL; what it takes is planned once."""

from __future__ import annotations

from pathlib import Path

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


@NEEDS_FLINK
@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            "FROM dear",
            "FORM dear",
            Refusal('Encountered "dear"', 19, 6),
        ),
        (
            "amount > 1000",
            "price > 1000",
            Refusal("Column 'price' not found in any table", 12, 7),
        ),
        # It is seen when the plan is made; then Flink knows no place, and the view's is told.
        ("ESCAPE '!'", "ESCAPE '\\'", Refusal("Invalid escape character '\\\\'", 10)),
        (
            "COUNT(*)",
            "COUNT(*), 1",
            Refusal(
                "Column types of query result and sink for 'default_catalog.default_database."
                "counts' do not match. Cause: Different number of columns. Query schema: [EXPR$0: "
                "BIGINT NOT NULL, EXPR$1: INT NOT NULL] Sink schema: [many: BIGINT]",
                17,
            ),
        ),
    ],
    ids=["syntax", "column", "plan of a view", "plan of an INSERT"],
)
def test_what_is_refused_is_told_with_its_place(before: str, after: str, expected: Refusal) -> None:
    assert SQL.count(before) == 1
    refusal, _ = planned(SQL.replace(before, after))
    assert refusal == expected


@NEEDS_FLINK
def test_an_option_is_told_with_the_table_that_has_it() -> None:
    """Flink looks at it when the table is first used."""
    wrong = [{**PROPERTIES[0], "source": {"connector": "datagen", "rows": "1"}}]
    refusal, _ = planned(SQL, wrong)
    assert refusal
    assert refusal.line == 2
    assert "Unsupported options: rows Supported options: connector" in refusal.reason


@NEEDS_FLINK
def test_properties_of_each_application_are_tried() -> None:
    refusal, _ = planned(SQL, [*PROPERTIES, {"source": {"connector": "datagen"}}])
    assert refusal
    assert refusal.reason.startswith("windows.sql needs the property 'sink'")


@NEEDS_FLINK
def test_a_program_that_flink_takes_is_planned_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert planned(SQL) == (None, True)
    assert planned(SQL) == (None, False)
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
