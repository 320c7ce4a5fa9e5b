"""The house is as its map says, and the tests mirror it."""

from __future__ import annotations

import ast
import configparser
import re
from pathlib import Path

import pytest

import miztiik_events
from miztiik_events.cloudformation import template_folder
from repository import ROOT

PACKAGE = ROOT / "cli"
TESTS = ROOT / "tests"
ROOMS = sorted(path.parent.relative_to(PACKAGE) for path in PACKAGE.rglob("*/__init__.py"))
# What AWS itself calls a field of a request, or a metric's dimension, as we call an output.
AWS_NAMES = {"EventBusName", "DeliveryStreamName"}
# Each of their modules is a noun, and has a test file of its own.
ROOMS_OF_NOUNS = ("cloudformation", "deploy", "destroy")
# They show the commands that they are, or work on no project.
ROOMS_OF_THE_FACE = ("commands", "dashboard", "local")
# Not rooms of the package: what tests share, other parts of the repository, whole flows.
OTHER = {"fixtures", "functions", "templates", "repository", "system", "soak", "simulation"}


def modules(room: Path) -> set[str]:
    """The modules and the rooms that lie in it."""
    inside = (PACKAGE / room).iterdir()
    return {path.stem for path in inside if path.suffix == ".py" or (path / "__init__.py").exists()}


def test_every_room_and_every_module_outside_one_is_on_the_map() -> None:
    drawn = re.findall(r"^ +([a-z_]+)/? ", str(miztiik_events.__doc__), re.MULTILINE)
    outside = modules(Path()) - {room.parts[0] for room in ROOMS} - {"__init__", "__main__"}
    assert sorted(drawn) == sorted(outside | {room.name for room in ROOMS})


@pytest.mark.parametrize("room", ROOMS, ids=str)
def test_a_room_says_in_one_sentence_what_it_is_for(room: Path) -> None:
    said = ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text("utf-8")))
    assert said
    assert said.splitlines()[0].endswith(".")


def test_every_room_is_packaged() -> None:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    packages = settings["options"]["packages"].split()
    rooms = {f"miztiik_events.{'.'.join(room.parts)}" for room in ROOMS}
    assert set(packages) == {
        *("miztiik_events", "miztiik_events.templates", "miztiik_events.functions"),
        *rooms,
    }


@pytest.mark.parametrize(
    "test",
    [
        path.relative_to(TESTS)
        for path in sorted(TESTS.rglob("test_*.py"))
        if path.relative_to(TESTS).parts[0] not in OTHER
    ],
    ids=str,
)
def test_a_test_is_named_after_a_module_of_its_room(test: Path) -> None:
    subject = test.stem[len("test_") :]
    assert any(
        subject == module or subject.startswith(f"{module}_") for module in modules(test.parent)
    )


@pytest.mark.parametrize("room", ROOMS_OF_NOUNS)
def test_every_noun_of_a_room_has_a_test_file(room: str) -> None:
    tests = [path.stem for path in (TESTS / room).glob("test_*.py")]
    nouns = modules(Path(room)) - {"__init__"}
    tested = {
        noun
        for noun in nouns
        if any(test == f"test_{noun}" or test.startswith(f"test_{noun}_") for test in tests)
    }
    assert tested == nouns


def test_the_name_of_an_output_stands_in_one_place() -> None:
    outputs = {name for one in template_folder.load_all() for name in one.outputs}
    named = {
        (str(path.relative_to(PACKAGE)), node.value)
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and node.value in outputs - AWS_NAMES
    }
    # The gaps speak as AWS does.
    files = {path for path, _ in named if not path.startswith("local/")}
    assert files == {"cloudformation/stacks.py"}


def test_what_a_room_has_a_person_type_names_the_project() -> None:
    """`text.command` does: without the name it would be done to another project."""
    typed = re.compile(r"miztiik-events (?!local|init|package)[a-z]")
    for room in (room for room in ROOMS if room.parts[0] not in ROOMS_OF_THE_FACE):
        for path in sorted((PACKAGE / room).glob("*.py")):
            tree = ast.parse(path.read_text("utf-8"))
            texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
            found = [one.value for one in texts if typed.search(str(one.value))]
            assert found == [] or path.stem == "starter", path


def test_what_is_nested_too_deeply_is_tried_without_garbage_collection() -> None:
    """A finalizer that is called at the limit of recursion is lost, and a test fails for it."""
    for path in sorted(TESTS.rglob("test_*.py")):
        source = path.read_text("utf-8")
        if re.search(r"""["'][\[{(]["'] \* |\bnested\(\d{4,}""", source):
            assert 'usefixtures("no_collection")' in source, path
