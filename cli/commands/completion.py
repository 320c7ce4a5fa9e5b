"""`miztiik-events completion bash|zsh|fish`."""

from __future__ import annotations

import click

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
