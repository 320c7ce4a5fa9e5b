"""functions/analytics: the program, its properties, and the plan that Flink makes of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import newest_flink
from miztiik_events.deploy import jar
from miztiik_events.local.flink import jvm
from repository import FUNCTIONS

pytestmark = pytest.mark.aws

FUNCTION = FUNCTIONS / "analytics"
GROUPS = {
    "windows": {
        "length.seconds": "60",
        "allowed.lateness.seconds": "5",
        "first.start": "1970-01-01T00:00:00.000Z",
    },
    "source": {"connector": "kinesis", "stream": "sales", "aws.region": "eu-central-1"},
    "revenue.sink": {"connector": "firehose", "delivery-stream": "r", "aws.region": "eu-central-1"},
    "late.sink": {"connector": "firehose", "delivery-stream": "l", "aws.region": "eu-central-1"},
}
STATELESS = {
    *("Calc", "Exchange", "LocalWindowAggregate", "Reused"),
    *("TableSourceScan", "WatermarkAssigner", "WindowTableFunction"),
}
# Each tries to end the text, the option or the statement that it stands in.
ATTACKS = (
    "it's; DROP TABLE events",
    "x';\nINSERT INTO late_events SELECT 1;\n--",
    "x'), ('y' = 'z",
    "${late.sink}",
    "\\'; --",
)
HOSTILE = {f"option-{number}": value for number, value in enumerate(ATTACKS)}
READ_BACK = """
import json, os, main
from pyflink.table import EnvironmentSettings, TableEnvironment
program = main.program(main.read_groups(os.environ["HOSTILE"]))
tables = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
tables.execute_sql(next(one for one in program if "CREATE TABLE late_events" in one))
created = tables.execute_sql("SHOW CREATE TABLE late_events").collect().next()[0]
print(json.dumps([len(program), created]))
"""
EXPLAIN = """
import main
print(main.prepare(main.program(main.read_groups(main.PROPERTIES))).explain())
"""


def written(groups: dict[str, dict[str, str]], path: Path) -> Path:
    entries = [
        {"PropertyGroupId": name, "PropertyMap": options} for name, options in groups.items()
    ]
    path.write_text(json.dumps(entries))
    return path


def run(
    code: str,
    groups: dict[str, dict[str, str]],
    folder: Path,
    classpath: Path | None = None,
    **further: str,
) -> tuple[int, str]:
    properties = written(groups, folder / "application_properties.json")
    environment = {
        **os.environ,
        "PYTHONPATH": str(FUNCTION),
        "APPLICATION_PROPERTIES_FILE": str(properties),
        # The local classpath of PyFlink's own gateway; on a cluster the jarfile option does this.
        "HADOOP_CLASSPATH": str(classpath or ""),
        "JVM_ARGS": " ".join(jvm.LIGHT),
        **further,
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def explained(folder: Path, code: str = EXPLAIN, **further: str) -> tuple[str, str]:
    """What the code prints before Flink's plan, and the plan."""
    connectors = jar.build((FUNCTION / "pom.xml").read_bytes())
    ended, text = run(code, GROUPS, folder, connectors, **further)
    assert ended == 0, text
    before, _, plan = text.partition("== Optimized Execution Plan ==")
    return before, plan


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """What one Flink, which takes seconds to start, says of hostile properties; and its plan."""
    folder = tmp_path_factory.mktemp("plan")
    groups = {**GROUPS, "late.sink": {"connector": "blackhole", **HOSTILE}}
    hostile = written(groups, folder / "hostile.json")
    return explained(folder, READ_BACK + EXPLAIN, HOSTILE=str(hostile))


@pytest.fixture(scope="module")
def plan(told: tuple[str, str]) -> str:
    return told[1]


@pytest.mark.tools
def test_the_newest_flink_of_the_line_plans_the_same(plan: str, tmp_path: Path) -> None:
    """What runs here is the oldest; AWS runs one of them, and does not say which."""
    newest = newest_flink.installed()
    assert list((newest / "lib").glob("flink-dist-1.20.5.jar"))
    assert explained(tmp_path, FLINK_HOME=str(newest))[1] == plan


@pytest.mark.parametrize(
    "operator",
    ["TableSourceScan(", "WatermarkAssigner(", "WindowTableFunction(", "CURRENT_WATERMARK("],
)
def test_both_inserts_share_one(operator: str, plan: str) -> None:
    """Two of any of these, and a sale could be both late and counted, or neither."""
    assert plan.count(operator) == 1
    assert plan.count("Sink(") == 2


def test_a_sale_is_shuffled_once_by_itself_and_once_as_part_of_a_sum(plan: str) -> None:
    """And state is kept by two operators alone: the distinct sales, and the sums of a window."""
    shuffles = re.findall(r"Exchange\(distribution=\[(.*?)\]\)", plan)
    assert shuffles == ["hash[starts, ends, store_id]", "hash[request_id]"]
    operators = re.findall(r"^[ |]*\+- (\w+)\(", plan, re.MULTILINE)
    assert set(operators) == STATELESS | {"WindowDeduplicate", "GlobalWindowAggregate"}
    assert "keep=[FirstRow], partitionKeys=[request_id], orderKey=[window_time]" in plan


def test_only_what_the_sums_need_is_shuffled_and_kept(plan: str) -> None:
    (sent,) = re.findall(r"hash\[request_id\]\]\)\s+\+- Calc\(select=\[(.*?)\], where=", plan)
    assert sent == "request_id, store_id, is_return, amount, window_start, window_end, window_time"


def test_heartbeats_pass_the_watermark_before_they_are_filtered_out(plan: str) -> None:
    assert plan.index("heartbeat") < plan.index("WatermarkAssigner(")  # printed from the sink down


def test_revenue_is_summed_as_decimals(plan: str) -> None:
    assert "TRY_CAST(detail.sales AS DECIMAL(38, 2))" in plan


@pytest.mark.parametrize(
    ("group", "key"), [("windows", "length.seconds"), ("late.sink", None), ("source", None)]
)
def test_a_missing_property_stops_the_start_and_is_named(
    group: str, key: str | None, tmp_path: Path
) -> None:
    groups = {name: dict(options) for name, options in GROUPS.items()}
    if key is None:
        del groups[group]
    else:
        del groups[group][key]
    code, text = run(EXPLAIN, groups, tmp_path)
    assert code == 1
    assert f"windows.sql needs the property '{group}{'.' + key if key else ''}'" in text


def test_a_property_stays_text_whatever_is_in_it(told: tuple[str, str]) -> None:
    """Flink reads the option's value as it was given, out of as many statements as ever."""
    statements, created = json.loads(told[0].splitlines()[0])
    assert statements == (FUNCTION / "windows.sql").read_text("utf-8").count(";\n")
    for name, value in HOSTILE.items():
        quoted = value.replace("'", "''")
        assert f"'{name}' = '{quoted}'" in created
