"""Options out of the environment: for every command, and for one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import command_line
from miztiik_events.commands.shared_options import Options
from miztiik_events.main import COMMANDS, cli
from small_projects import SmallProject, queue_project

EVERYWHERE = ("PROJECT", "ENV", "JSON", "REGION", "PROFILE", "OUTPUT", "QUIET", "NO_COLOR", "DEBUG")


@pytest.fixture
def sources(tmp_path: Path) -> SmallProject:
    return queue_project(tmp_path)


def packaged_as(sources: SmallProject, *arguments: str, **variables: str) -> str:
    """The project's name, as the files of `package` have it."""
    target = sources.folder / "out"
    done = command_line.run(
        variables, "package", "--output-dir", target, *sources.options, *arguments
    )
    assert done.returncode == 0, done.stderr
    (found,) = (path.name for path in target.glob("*-queue.json"))
    return found.removesuffix("-queue.json")


def test_one_variable_holds_for_every_command(sources: SmallProject) -> None:
    assert packaged_as(sources, MIZTIIK_EVENTS_PROJECT="all") == "all"
    done = command_line.run({"MIZTIIK_EVENTS_PROJECT": "7up"}, "local", "status")
    assert done.returncode == 2
    assert "letters, digits and hyphens" in done.stderr


def test_the_variable_of_a_command_goes_before_that_of_all(sources: SmallProject) -> None:
    both = {"MIZTIIK_EVENTS_PROJECT": "all", "MIZTIIK_EVENTS_PACKAGE_PROJECT": "one"}
    assert packaged_as(sources, **both) == "one"


def test_an_option_goes_before_the_variables(sources: SmallProject) -> None:
    both = {"MIZTIIK_EVENTS_PROJECT": "all", "MIZTIIK_EVENTS_PACKAGE_PROJECT": "one"}
    assert packaged_as(sources, "--project", "typed", **both) == "typed"


def test_an_empty_variable_is_none(sources: SmallProject) -> None:
    empty = {"MIZTIIK_EVENTS_PROJECT": "", "MIZTIIK_EVENTS_PACKAGE_PROJECT": ""}
    assert packaged_as(sources, **empty) == "miztiik-events"


def test_a_flag_can_be_given_and_refused_by_its_variable(sources: SmallProject) -> None:
    def said(value: str) -> str:
        return command_line.run(
            {"MIZTIIK_EVENTS_QUIET": value}, "validate", *sources.options
        ).stderr

    assert "No findings in 3 templates" in said("0")
    assert said("1") == ""


def test_the_traceback_can_be_asked_for_everywhere() -> None:
    done = command_line.run({"MIZTIIK_EVENTS_DEBUG": "1"}, "status")
    assert done.returncode == 5
    assert done.stderr.startswith("Traceback (most recent call last):")


@pytest.mark.parametrize("command", ["deploy", "status", "package"])
def test_help_names_the_variables_that_hold_everywhere(command: str) -> None:
    # Help is wrapped; a name may be broken at a hyphen, of which a variable has none.
    shown = command_line.run({}, command, "--help").stdout
    assert all(f"MIZTIIK_EVENTS_{name}" in shown for name in EVERYWHERE)


def options(command: click.Command, *words: str) -> Iterator[tuple[str, click.Option]]:
    """Each option with the words of its command, and of those below."""
    for option in command.params:
        if isinstance(option, click.Option):
            yield " ".join(words), option
    for name, below in getattr(command, "commands", {}).items():
        yield from options(below, *words, name)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_the_variable_of_its_name(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command
    for words, option in options(command, name):
        shown = max(option.opts, key=len).lstrip("-").replace("-", "_").upper()
        of_command = words.replace("-", "_").replace(" ", "_").upper()
        holder = "" if shown in EVERYWHERE else f"{of_command}_"
        assert option.envvar == f"MIZTIIK_EVENTS_{holder}{shown}"


def test_the_clients_of_every_command_ask_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert hasattr(Options(region="eu-west-1").session.client("sqs"), "insistence")
