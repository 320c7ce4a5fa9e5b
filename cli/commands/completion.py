"""`miztiik-events completion bash|zsh|fish`."""

from __future__ import annotations

import re

import click

from ..cloudformation import template
from ..operate import logs
from ..pipeline import queues

PROGRAM = "miztiik-events"
# Click looks for a variable of this name, which the scripts set, before it runs a command.
VARIABLE = "_MIZTIIK_EVENTS_COMPLETE"


@click.group()
def command() -> None:
    """Completion of commands, options and values by the Tab key.

    \b
      eval "$(miztiik-events completion bash)"      in ~/.bashrc
      eval "$(miztiik-events completion zsh)"       in ~/.zshrc, after compinit
      miztiik-events completion fish | source       in ~/.config/fish/config.fish
    """


@command.command()
def bash() -> None:
    """Print the script for bash.

    \b
      eval "$(miztiik-events completion bash)"

    This line belongs into ~/.bashrc. It takes bash 4.4 or newer.
    """
    _print("bash")


@command.command()
def zsh() -> None:
    """Print the script for zsh.

    \b
      eval "$(miztiik-events completion zsh)"

    This line belongs into ~/.zshrc, after compinit.
    """
    _print("zsh")


@command.command()
def fish() -> None:
    """Print the script for fish.

    \b
      miztiik-events completion fish | source

    This line belongs into ~/.config/fish/config.fish.
    """
    _print("fish")


def _print(shell: str) -> None:
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found
    program = click.get_current_context().find_root().command
    click.echo(found(program, {}, PROGRAM, VARIABLE).source())


# In templates, as in all raw ones that we know of, a resource begins with its type.
_RESOURCE = re.compile(r"^  (\w+):\n    Type: (\S+)", re.MULTILINE)


def component_names() -> list[str]:
    """Those of this package's templates, for the completion, which has no time to parse them."""
    found: set[str] = set()
    for name in template.names():
        body = (template.folder() / f"{name}{template.SUFFIX}").read_text("utf-8")
        types = dict(_RESOURCE.findall(body))
        found.update(
            logs.component(name, one, types) for one in types if types[one] == logs.LOG_GROUP
        )
    return sorted(found)


# An output of a template begins so, and nothing else has the name of such an output.
_ENTRY = re.compile(r"^  (\w+):$", re.MULTILINE)


def queue_names() -> list[str]:
    """Those of this package's templates, for the completion, which has no time to parse them."""
    outputs: list[str] = []
    for name in template.names():
        body = (template.folder() / f"{name}{template.SUFFIX}").read_text("utf-8")
        outputs += _ENTRY.findall(body)
    return list(queues.dead_ends(dict.fromkeys(outputs, "")))
