"""What the pages say in tables, examples and the map is what the program has as data."""

from __future__ import annotations

import configparser
import json
import re
from decimal import Decimal

import pytest

from miztiik_events.audit import sales
from miztiik_events.pipeline import costs, results
from miztiik_events.pipeline.data_store import Line
from pages import ARCHITECTURE, PAGES, README, ROOT
from template_trees import TREES

TEMPLATES_PAGE = PAGES["docs/templates.md"]
EVENTS_PAGE = PAGES["docs/events.md"]


# Tables.


def _default(text: str) -> str:
    return "" if text == "none" else text.strip("`")


def test_every_template_is_in_the_table() -> None:
    links = [
        re.fullmatch(r"\[(.+)\]\((.+)\)", row[0]) for row in TEMPLATES_PAGE.table("The stacks")
    ]
    told = [found.groups() for found in links if found]
    assert sorted(told) == [(tree.name, f"../templates/{tree.name}.yaml") for tree in TREES]


def test_the_parameters_are_those_that_a_person_gives() -> None:
    of_commands = {"RecomputeFrom", "RecomputationParallelism"}
    given = {
        name
        for tree in TREES
        for name in tree.parameters
        if not name.endswith("Code") and not _is_wired(name, tree.name)
    }
    told = {row[0].strip("`") for row in TEMPLATES_PAGE.table("Parameters")}
    assert told == given - of_commands


@pytest.mark.parametrize("row", TEMPLATES_PAGE.table("Parameters"), ids=lambda row: row[0])
def test_a_parameter_has_its_default_and_its_templates(row: list[str]) -> None:
    name = row[0].strip("`")
    having = {tree.name: tree.parameters[name] for tree in TREES if name in tree.parameters}
    defaults = {str(one["Default"]) for one in having.values() if "Default" in one}
    assert defaults == {_default(row[1])}
    if not row[2].startswith("all "):
        # Where it has an output of its name, the others take it from there.
        assert set(row[2].split(", ")) == {
            template
            for template in having
            if "Default" in having[template] and not _is_wired(name, template)
        }


def _is_wired(parameter: str, template: str) -> bool:
    """Whether another template gives the parameter by an output of its name."""
    return any(parameter in tree.data.get("Outputs", {}) for tree in TREES if tree.name != template)


def test_the_outputs_that_others_rely_on_exist() -> None:
    known = {name for tree in TREES for name in tree.data.get("Outputs", {})}
    told = {
        name.strip("` ") for row in TEMPLATES_PAGE.table("Outputs") for name in row[0].split(",")
    }
    assert len(told) == 9
    assert told <= known


def test_the_costs_are_those_of_the_program() -> None:
    price, cost = costs.TABLE[costs.REGION], costs.hourly(1, 1, 4, costs.REGION)
    text = PAGES["docs/costs.md"].text
    assert f"{costs.REGION}, without tax and free tier ({costs.AS_OF})" in text
    assert f"at ${price.kpu_hour} each | ${2 * price.kpu_hour} |" in text
    assert f"1 shard | ${price.shard_hour} | ${price.shard_hour * 730:.0f} |" in text
    month = f"at ${price.alarm_month} each | | ${costs.ALARM_METRICS * price.alarm_month:.2f} |"
    assert f"{costs.ALARMS} alarms, of {costs.ALARM_METRICS} metrics, {month}" in text
    assert f"about ${cost.running:.3f} an hour while the analytics runs" in text
    assert f"${cost.stopped:.3f} while it is stopped" in text
    assert f"about ${cost.running:.2f} an hour" in README.text.replace("\n", " ")
    assert f"${cost.stopped:.2f} ([what it costs]" in README.text.replace("\n", " ")


# The contract.


def test_the_example_of_an_event_is_a_sale_of_these_fields() -> None:
    event = json.loads("\n".join(EVENTS_PAGE.blocks[0][1]), parse_float=Decimal)
    assert sales.sale(event)
    told = {name.strip("` ") for row in EVENTS_PAGE.table("An event") for name in row[0].split(",")}
    assert told == {*event["detail"], "time"}


def test_the_example_of_a_result_is_a_row_of_these_fields() -> None:
    text = EVENTS_PAGE.blocks[1][1][0]
    fields = json.loads(text, parse_float=Decimal)
    assert results.parse(Line("sales_revenue/1", text, fields))
    told = {name.strip("` ") for row in EVENTS_PAGE.table("A result") for name in row[0].split(",")}
    assert told == set(fields)


# The map.


def _map() -> dict[str, set[str]]:
    """Each room of the map, with the modules that it names there."""
    block = next(lines for _, lines in ARCHITECTURE.blocks if lines[0] == "cli/")
    rooms: dict[str, set[str]] = {"": set()}
    path = [""]
    for line in filter(None, block[1:]):
        found = re.match(r"( +)(\w+)(\.py|/)", line)
        assert found, line
        depth = len(found[1]) // 2
        path[depth:] = [found[2]]
        place = "/".join(path[1:])
        if found[3] == "/":
            rooms[place] = set()
        else:
            rooms["/".join(path[1:-1])].add(found[2])
    return rooms


def test_the_map_has_every_room_and_every_module_of_those_that_it_lays_open() -> None:
    folder = ROOT / "cli"
    modules = [path for path in folder.rglob("*.py") if not path.name.startswith("__")]
    rooms = {str(path.parent.relative_to(folder)).replace(".", "") for path in modules}
    told = _map()
    assert told.keys() == rooms
    for room, names in told.items():
        if names:
            assert names == {path.stem for path in (folder / room).glob("[!_]*.py")}, room


def test_the_rows_of_the_map_are_those_of_the_import_contract() -> None:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg", "utf-8")
    contract = next(one for one in settings.values() if one.get("exhaustive") == "True")
    layers = [set(re.findall(r"\w+", line)) for line in contract["layers"].strip().splitlines()]
    rows = ARCHITECTURE.table("Who may import whom")
    assert [set(re.findall(r"\w+", row[1])) for row in rows] == layers
