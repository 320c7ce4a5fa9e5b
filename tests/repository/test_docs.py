"""The pages tell of the program as it is: its commands, options, parameters, files and links."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import click
import pytest

from miztiik_events import errors
from miztiik_events.commands import completion
from miztiik_events.commands.terminal import ending
from miztiik_events.main import COMMANDS, cli
from pages import (
    ARCHITECTURE,
    COMMANDS_PAGE,
    PAGES,
    PROGRAM,
    README,
    ROOT,
    Page,
    target_of,
    tracked,
)
from repository import EXAMPLES
from template_trees import TREES

WIDEST = 100
# What stands in an example for something of the reader's.
PLACEHOLDERS = {"QUEUE", "COMPONENT", "NAME"}
# Programs that are not ours, and what the shell knows itself.
OTHER_PROGRAMS = {
    *("aws", "cat", "cp", "git", "pre-commit", "python", "rm", "sed"),
    *(".", ".venv/bin/pytest"),
}
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
    # Of the examples, too, a function is a component, and its queue has its name.
    own = [path.name for path in EXAMPLES.glob("*/functions/*")]
    known = {
        "redrive": [*completion.queue_names(), *own],
        "logs": [*completion.component_names(), *own],
    }
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
    # 0 and a wrong use are Click's.
    ends = {ending.CANCELLED, *(ending.EndedError(number).exit_code for number in ending.SIGNALS)}
    expected = {0, 2, *ends, *(kind.exit_code for kind in kinds)}
    assert {int(row[0]) for row in COMMANDS_PAGE.table("Exit codes")} == expected


# Links.


@EVERY_PAGE
def test_every_link_leads_somewhere(page: Page) -> None:
    for link in page.links:
        target = target_of(page, link)
        assert (ROOT / target).exists(), link
        anchor = link.partition("#")[2]
        assert not anchor or anchor in PAGES[target].anchors, link


def test_every_file_of_the_docs_is_linked() -> None:
    files = {*tracked("docs"), *PAGES} - {"README.md"}
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


@pytest.mark.parametrize("drawing", tracked("docs/*.svg"))
def test_a_drawing_is_an_svg_for_light_and_dark_that_says_what_it_shows(drawing: str) -> None:
    text = (ROOT / drawing).read_text("utf-8")
    assert 'role="img" aria-labelledby="title desc"' in text
    assert re.search(r'<title id="title">.+</title>\n *<desc id="desc">.+</desc>', text)
    assert ElementTree.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    assert "prefers-color-scheme: dark" in text


def test_nobody_is_told_to_install_what_is_not_on_pypi() -> None:
    told = re.compile(r"pip3? install [^\n]*miztiik.events")
    files = [*PAGES, *tracked("cli", "docs", "Makefile", ".github")]
    assert not [name for name in files if told.search((ROOT / name).read_text("utf-8", "replace"))]
