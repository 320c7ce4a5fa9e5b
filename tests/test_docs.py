"""The pages tell of the program as it is: its commands, parameters, tables, files and links."""

from __future__ import annotations

import configparser
import itertools
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from xml.etree import ElementTree

import click
import pytest

from miztiik_events import components, errors, prices, queues, results, sales
from miztiik_events.data_store import Line
from miztiik_events.main import COMMANDS, cli
from template_trees import TREES

ROOT = Path(__file__).parent.parent
PROGRAM = "miztiik-events"
WIDEST = 100
# What stands in an example for something of the reader's.
PLACEHOLDERS = {"QUEUE", "COMMAND", "COMPONENT", "SNAPSHOT", "TIME", "NAME"}
# Programs that are not ours, and what the shell knows itself.
OTHER_PROGRAMS = {"aws", "sed", "pre-commit", ".", ".venv/bin/pytest"}


@dataclass(frozen=True)
class Page:
    """A page of Markdown, `name` from the root on."""

    name: str

    @property
    def path(self) -> Path:
        return ROOT / self.name

    @cached_property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @cached_property
    def prose(self) -> str:
        """The page without its blocks of code."""
        return re.sub(r"^ *```.*?^ *```$", "", self.text, flags=re.MULTILINE | re.DOTALL)

    @property
    def blocks(self) -> list[tuple[str, list[str]]]:
        """Each block of code: its language, and its lines."""
        found = re.findall(r"^ *```(\w*)\n(.*?)^ *```$", self.text, re.MULTILINE | re.DOTALL)
        return [(language, body.splitlines()) for language, body in found]

    @property
    def quoted(self) -> list[str]:
        """What stands in backquotes in its sentences and tables."""
        return [" ".join(text.split()) for text in re.findall(r"`([^`]+)`", self.prose)]

    @property
    def anchors(self) -> set[str]:
        """What its headings are linked to by, as GitHub makes it."""
        headings = re.findall(r"^#+ (.+)$", self.prose, re.MULTILINE)
        return {re.sub(r"[^\w-]", "", one.lower().replace(" ", "-")) for one in headings}

    @property
    def links(self) -> list[str]:
        """The relative ones, pictures among them."""
        targets = re.findall(r"\]\(([^)\s]+)\)", self.prose)
        return [target for target in targets if not target.startswith("https://")]

    @property
    def calls(self) -> Iterator[str]:
        """The command lines of its examples, each with what follows the prompt."""
        for language, lines in self.blocks:
            if language == "console":
                has_prompts = any(line.startswith("$ ") for line in lines)
                yield from (
                    line.removeprefix("$ ")
                    for line in lines
                    if line.startswith("$ ") or not has_prompts
                )
            elif language == "sh":
                yield from (line for line in lines if line.startswith(PROGRAM))

    @property
    def commands(self) -> set[str]:
        """What it says of a command of ours, without the program's name."""
        calls = [call.partition(PROGRAM + " ")[2] for call in self.calls if PROGRAM + " " in call]
        quoted = [text.removeprefix(PROGRAM + " ") for text in self.quoted]
        named = [text for text in quoted if text.split()[:1] and text.split()[0] in COMMANDS]
        return {re.split(r' \||[;)>#"]', text)[0].strip() for text in [*calls, *named]}

    def section(self, heading: str) -> str:
        parts = re.split(r"^#{2,3} (.+)$", self.text, flags=re.MULTILINE)
        return parts[parts.index(heading) + 1]

    def table(self, heading: str) -> list[list[str]]:
        """The rows of the section's first table, without its head."""
        lines = itertools.dropwhile(
            lambda line: not line.startswith("|"), self.section(heading).splitlines()
        )
        rows = list(itertools.takewhile(lambda line: line.startswith("|"), lines))[2:]
        return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]

    def links_to(self, target: str) -> bool:
        return target in {_path(self, link) for link in self.links}


def _tracked(*patterns: str) -> list[str]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [path for path in listing.stdout.splitlines() if (ROOT / path).exists()]


def _path(page: Page, link: str) -> str:
    """Where the link leads, from the root on; the page itself when it names no file."""
    file = link.partition("#")[0]
    target = (page.path.parent / file).resolve() if file else page.path
    return str(target.relative_to(ROOT))


PAGES = {name: Page(name) for name in _tracked("*.md") if not name.startswith(".github")}
README = PAGES["README.md"]
COMMANDS_PAGE = PAGES["docs/commands.md"]
TEMPLATES_PAGE = PAGES["docs/templates.md"]
ARCHITECTURE = PAGES["docs/architecture.md"]
EVERY_PAGE = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)


# Commands.


def _resolved(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that the words call, and the rest of the words; fails when there is none."""
    command: click.Command = cli
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name, *words = words
        found = command.get_command(click.Context(command), name)
        assert found, f"no command {name!r}"
        command = found
    return command, words


def _options(command: click.Command) -> set[str]:
    """Those of the command and of its subcommands."""
    context = click.Context(command)
    options = {
        option
        for parameter in command.get_params(context)
        if isinstance(parameter, click.Option)
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    if isinstance(command, click.Group):
        subcommands = (command.get_command(context, name) for name in command.commands)
        return options.union(*(_options(one) for one in subcommands if one))
    return options


def _asked(words: list[str]) -> set[str]:
    """The options among the words; `-pX=1` is `-p`."""
    options = {word.partition("=")[0] for word in words if word.startswith("-") and word != "-"}
    return {word if word.startswith("--") else word[:2] for word in options}


@EVERY_PAGE
def test_every_command_exists_with_its_options(page: Page) -> None:
    for text in page.commands:
        words = [] if set(text.split()) == {"COMMAND", "--help"} else text.split()
        command, rest = _resolved(words)
        assert _asked(rest) <= _options(command) | {"--help"}, text


def test_pages_tell_of_commands() -> None:
    told = {text.split()[0] for page in PAGES.values() for text in page.commands}
    assert told >= set(COMMANDS)


@EVERY_PAGE
def test_every_parameter_exists(page: Page) -> None:
    known = {name for tree in TREES for name in tree.parameters}
    asked = re.findall(r"(?:^|[\s`])-p ?([A-Z]\w+)=", page.text)
    assert set(asked) - PLACEHOLDERS <= known


@EVERY_PAGE
def test_what_a_command_is_about_exists(page: Page) -> None:
    known = {"redrive": queues.packaged(), "logs": components.packaged()}
    for text in page.commands:
        command, *rest = text.partition(" --")[0].partition(" -f")[0].split()
        if command in known:
            assert set(rest) - PLACEHOLDERS <= set(known[command]), text


@EVERY_PAGE
def test_every_example_calls_a_program_that_is_known(page: Page) -> None:
    for call in page.calls:
        continued = call.startswith(("    ", '"'))
        program = re.sub(r'^(\w+=\S+ )*(eval "\$\()?', "", call).split()[:1]
        assert continued or program == ["make"] or {*program} <= {PROGRAM, *OTHER_PROGRAMS}, call


@EVERY_PAGE
def test_every_target_of_make_exists(page: Page) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    texts = [call for call in (*page.calls, *page.quoted) if call.startswith("make ")]
    asked = {text.split()[1] for text in texts}
    assert asked <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def test_the_readme_has_a_line_for_each_command() -> None:
    told = [row[0] for row in README.table("Commands")]
    assert told == [f"`{PROGRAM} {command}`" for command in COMMANDS]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_a_section_with_each_of_its_options(name: str) -> None:
    command, _ = _resolved([name])
    section = COMMANDS_PAGE.section(name)
    told = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", section))
    shared = set(re.findall(r"--[a-z-]+", COMMANDS_PAGE.section("Every command")))
    params = command.get_params(click.Context(command))
    options = [one for one in params if isinstance(one, click.Option)]
    assert not [one.opts for one in options if not {*one.opts} & (told | shared | {"--help"})]
    asked = {one for text in re.findall(r"`(-[^`]*)`", section) for one in _asked(text.split())}
    assert asked <= _options(command)


def test_the_exit_codes_are_those_of_the_errors() -> None:
    kinds = [errors.MiztiikError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    # 0, a wrong use and Ctrl-C are Click's.
    expected = {0, 2, 130, *(kind.exit_code for kind in kinds)}
    assert {int(row[0]) for row in COMMANDS_PAGE.table("Exit codes")} == expected


# Links.


@EVERY_PAGE
def test_every_link_leads_somewhere(page: Page) -> None:
    for link in page.links:
        target = _path(page, link)
        assert (ROOT / target).exists(), link
        anchor = link.partition("#")[2]
        assert not anchor or anchor in PAGES[target].anchors, link


def test_every_file_of_the_docs_is_linked() -> None:
    files = {*_tracked("docs"), *PAGES} - {"README.md"}
    assert len(files) > 10
    assert not {file for file in files if not any(page.links_to(file) for page in PAGES.values())}


def test_every_page_is_linked_from_the_readme() -> None:
    assert not {name for name in PAGES if name != "README.md" and not README.links_to(name)}


@EVERY_PAGE
def test_every_file_that_is_named_exists(page: Page) -> None:
    """From the root on, or from the room's folder on, as in `audit/sales.py`."""
    ending = r"[\w.-]+(/[\w.-]+)+\.(py|sql|yaml|xml|svg|md|json)|[\w-]+(/[\w-]+)*/"
    named = [text for text in page.quoted if re.fullmatch(ending, text) and "NAME" not in text]
    ours = {path.name for path in ROOT.iterdir()} | {path.name for path in (ROOT / "cli").iterdir()}
    for text in named:
        if text.partition("/")[0] in ours:
            assert (ROOT / text).exists() or (ROOT / "cli" / text).exists(), text


# Shape.


def test_the_readme_is_short() -> None:
    assert len(README.text.splitlines()) <= 200


@pytest.mark.parametrize("page", [README, ARCHITECTURE], ids=["README", "architecture"])
def test_a_terminal_of_100_columns_shows_the_examples_whole(page: Page) -> None:
    lines = [line for _, lines in page.blocks for line in lines]
    assert not [line for line in lines if len(line) > WIDEST]


def test_the_drawing_is_an_svg_for_light_and_dark() -> None:
    text = (ROOT / "docs" / "flow.svg").read_text("utf-8")
    assert ElementTree.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    assert "prefers-color-scheme: dark" in text


def test_nobody_is_told_to_install_what_is_not_on_pypi() -> None:
    told = re.compile(r"pip3? install [^\n]*miztiik.events")
    files = [*PAGES, *_tracked("cli", "docs", "Makefile", ".github")]
    assert not [name for name in files if told.search((ROOT / name).read_text("utf-8"))]


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
    outputs = {name for tree in TREES for name in tree.data.get("Outputs", {})}
    # A stack may give its own parameter on as an output; then a person gives it there.
    wired = {
        name
        for tree in TREES
        for name in outputs - tree.data.get("Outputs", {}).keys()
        if name in tree.parameters
    } - {name for tree in TREES for name in tree.parameters.keys() & tree.data["Outputs"].keys()}
    of_commands = {"RecomputeFrom", "RecomputationParallelism"}
    given = {name for tree in TREES for name in tree.parameters if not name.endswith("Code")}
    told = {row[0].strip("`") for row in TEMPLATES_PAGE.table("Parameters")}
    assert told == given - wired - of_commands


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
    price, cost = prices.TABLE[prices.REGION], prices.hourly(1, 1, 4, prices.REGION)
    text = PAGES["docs/costs.md"].text
    assert f"{prices.REGION}, without tax and free tier ({prices.AS_OF})" in text
    assert f"at ${price.kpu_hour} each | ${2 * price.kpu_hour} |" in text
    assert f"1 shard | ${price.shard_hour} | ${price.shard_hour * 730:.0f} |" in text
    assert f"{prices.ALARMS} alarms | | ${prices.ALARMS * price.alarm_month:.2f} |" in text
    assert f"about ${cost.running:.3f} an hour while the analytics runs" in text
    assert f"${cost.stopped:.3f} while it is stopped" in text
    assert f"about ${cost.running:.2f} an hour" in README.text.replace("\n", " ")
    assert f"${cost.stopped:.2f} ([what it costs]" in README.text.replace("\n", " ")


# The contract.


def test_the_example_of_an_event_is_a_sale_of_these_fields() -> None:
    page = PAGES["docs/events.md"]
    event = json.loads("\n".join(page.blocks[0][1]), parse_float=Decimal)
    assert sales.sale(event)
    told = {name.strip("` ") for row in page.table("An event") for name in row[0].split(",")}
    assert told == {*event["detail"], "time"}


def test_the_example_of_a_result_is_a_row_of_these_fields() -> None:
    page = PAGES["docs/events.md"]
    text = page.blocks[1][1][0]
    fields = json.loads(text, parse_float=Decimal)
    assert results.parse(Line("sales_revenue/1", text, fields))
    told = {name.strip("` ") for row in page.table("A result") for name in row[0].split(",")}
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
