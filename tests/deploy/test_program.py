"""Which Flink programs a project has, and the properties that its templates give them."""

from __future__ import annotations

from pathlib import Path

import pytest

from miztiik_events.cloudformation import template_folder
from miztiik_events.deploy import bundle
from miztiik_events.deploy.program import Program, programs
from miztiik_events.deploy.wiring import wire
from miztiik_events.errors import ConfigurationError
from small_programs import counting_project
from small_projects import SmallProject, queue_project


def of(sources: SmallProject) -> list[Program]:
    bundles = bundle.bundles(sources.functions)
    steps = wire(template_folder.load_all(sources.templates), bundles)
    return programs(steps, bundles, sources.functions)


def of_this_package() -> Program:
    bundles = bundle.bundles()
    (program,) = programs(wire(template_folder.load_all(), bundles), bundles)
    return program


def test_both_applications_of_this_package_run_one_program() -> None:
    program = of_this_package()
    assert program.path == "functions/analytics/windows.sql"
    live, again = program.properties
    assert live["windows"] == {
        "length.seconds": "60",
        "allowed.lateness.seconds": "5",
        "first.start": "1970-01-01T00:00:00.000Z",
    }
    assert live["late.sink"] == {
        "connector": "firehose",
        "delivery-stream": "1",
        "aws.region": "us-east-1",
    }
    assert again["source"]["scan.stream.initpos-timestamp"] == "1970-01-01T00:00:00.000Z"


def test_a_value_is_as_written_or_the_default_of_its_parameter(tmp_path: Path) -> None:
    (program,) = of(counting_project(tmp_path))
    assert program.path == f"{tmp_path}/functions/counts/windows.sql"
    source = {"connector": "datagen", "rows-per-second": "60"}
    assert program.properties == ({"source": source, "sink": {"connector": "blackhole"}},)


def test_what_only_aws_knows_is_a_number(tmp_path: Path) -> None:
    sources = counting_project(tmp_path)
    text = (sources.templates / "counts.yaml").read_text()
    text = text.replace("connector: datagen", "connector: !Sub '${AWS::StackName}s'")
    sources.template("counts", text.replace("!Ref Seconds\n", "{Ref: Seconds}\n", 1))
    (program,) = of(sources)
    assert program.properties[0]["source"]["connector"] == "1"


def test_properties_that_a_function_makes_are_none(tmp_path: Path) -> None:
    sources = counting_project(tmp_path)
    text = (sources.templates / "counts.yaml").read_text()
    before, groups, _ = text.partition("          PropertyGroups:")
    sources.template("counts", f"{before}{groups} !If [Never, [], []]\n")
    (program,) = of(sources)
    assert program.properties == ({},)


@pytest.mark.parametrize(
    ("name", "content"),
    [("main.py", "def run(): ...\n"), ("more.sql", "SELECT 1;\n")],
    ids=["another main.py", "two files of SQL"],
)
def test_a_program_with_another_layout_is_not_known(
    tmp_path: Path, name: str, content: str
) -> None:
    sources = counting_project(tmp_path)
    sources.source("counts", name, content)
    assert of(sources) == []


def test_a_function_that_no_application_runs_is_no_program(tmp_path: Path) -> None:
    assert of(queue_project(tmp_path)) == []


def test_the_jar_of_the_connectors_is_not_built_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert of(counting_project(tmp_path))[0].connectors() is None
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"pyflink-dependencies\.jar is not built yet"):
        of_this_package().connectors()
