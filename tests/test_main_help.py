"""The help of every command, subcommands included."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click
import pytest

import command_line
from miztiik_events.main import COMMANDS, cli

# How a sentence begins that tells a person nothing to do.
NO_VERBS = ("A", "An", "The", "This", "It", "For")


def walked(group: click.Group, *before: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command below the group, with the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command
        yield (*before, name), command
        if isinstance(command, click.Group):
            yield from walked(command, *before, name)


def text(command: click.Command) -> str:
    return inspect.cleandoc(command.help or "")


EVERYTHING = [pytest.param(words, one, id=" ".join(words)) for words, one in walked(cli)]
ACTIONS = [found for found in EVERYTHING if not isinstance(found.values[1], click.Group)]


def test_the_walk_finds_the_subcommands_too() -> None:
    found = {" ".join(words) for words, _ in walked(cli)}
    local = {"local start", "local stop", "local status", "local env"}
    assert found == {*COMMANDS, *local}


@pytest.mark.parametrize(("words", "command"), ACTIONS)
def test_help_begins_with_what_the_command_does(
    words: tuple[str, ...], command: click.Command
) -> None:
    first = re.split(r"(?<=\.)\s", text(command))[0]
    assert re.fullmatch(r"[A-Z][a-z]+\b[^.]*\.", first), first
    verb = first.split()[0]
    # "Show", not "Shows", "Showing" or "The stacks".
    assert verb not in NO_VERBS
    assert not verb.endswith(("s", "ing", "ed"))


@pytest.mark.parametrize(("words", "command"), EVERYTHING)
def test_help_has_an_example_that_calls_the_command(
    words: tuple[str, ...], command: click.Command
) -> None:
    examples = text(command).partition("\b\n")[2].partition("\n\n")[0].splitlines()
    call = rf'  (eval "\$\()?miztiik-events {" ".join(words)}\b.*'
    assert any(re.fullmatch(call, line) for line in examples), examples


@pytest.mark.parametrize(("words", "command"), EVERYTHING)
def test_every_option_is_explained(words: tuple[str, ...], command: click.Command) -> None:
    unexplained = [
        option.opts
        for option in command.params
        if isinstance(option, click.Option) and not option.help
    ]
    assert not unexplained


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_is_shown_for_a_subcommand_without_any_aws(flag: str) -> None:
    done = command_line.run({}, "local", "start", flag)
    assert (done.returncode, done.stderr) == (0, "")
    assert 'eval "$(miztiik-events local start)"' in done.stdout
    assert "--no-color" in done.stdout


def test_the_programs_help_lists_every_command() -> None:
    done = command_line.run({}, "--help")
    assert done.returncode == 0
    listed = done.stdout.partition("Commands:")[2].splitlines()
    assert [line.split()[0] for line in listed if line.strip()] == list(COMMANDS)
