"""`miztiik-events completion`, and the names that are completed without asking AWS."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

from ..cloudformation import template
from ..operate import logs
from ..pipeline import queues

PROGRAM = "miztiik-events"
SHELLS = ("bash", "zsh", "fish")
# Click looks for a variable of this name, which the scripts set, before it runs a command.
VARIABLE = "_MIZTIIK_EVENTS_COMPLETE"
# In templates, as in all raw ones that we know of, a resource begins with its type.
_RESOURCE = re.compile(r"^  (\w+):\n    Type: (\S+)", re.MULTILINE)
_SAVED_QUERY = re.compile(
    r"^    Type: AWS::Athena::NamedQuery\n    Properties:\n      Name: (\S+)$", re.MULTILINE
)
# An output of a template begins so, and nothing else has the name of such an output.
_ENTRY = re.compile(r"^  (\w+):$", re.MULTILINE)
_SECTION = re.compile(r"^(?=\S)", re.MULTILINE)


@click.command(no_args_is_help=True)
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    """Print the script that has the Tab key complete commands, options and values.

    \b
      eval "$(miztiik-events completion bash)"      in ~/.bashrc (bash 4.4 or newer)
      eval "$(miztiik-events completion zsh)"       in ~/.zshrc, after compinit
      miztiik-events completion fish | source       in ~/.config/fish/config.fish
    """
    from click.shell_completion import get_completion_class

    completion = get_completion_class(shell)
    assert completion
    program = click.get_current_context().find_root().command
    click.echo(completion(program, {}, PROGRAM, VARIABLE).source())


def component_names() -> list[str]:
    """Those of this package's templates."""
    names: set[str] = set()
    for name, body in _bodies():
        types = dict(_RESOURCE.findall(body))
        groups = (logical_id for logical_id, type_ in types.items() if type_ == logs.LOG_GROUP)
        names.update(logs.component(name, logical_id, types) for logical_id in groups)
    return sorted(names)


def queue_names() -> list[str]:
    """Those of this package's templates."""
    outputs = [entry for _, body in _bodies() for entry in _ENTRY.findall(body)]
    return list(queues.dead_ends(dict.fromkeys(outputs, "")))


def output_names() -> list[str]:
    """Those of this package's templates."""
    return sorted(name for _, body in _bodies() for name in _entries(body, "Outputs"))


def saved_query_names() -> list[str]:
    """Those of this package's templates."""
    return sorted(name for _, body in _bodies() for name in _SAVED_QUERY.findall(body))


def parameter_names() -> list[str]:
    """Those of this package's templates, but for the outputs of others and the keys of code."""
    outputs = set(output_names())
    return sorted(
        {
            name
            for _, body in _bodies()
            for name in _entries(body, "Parameters")
            if name not in outputs.difference(_entries(body, "Outputs"))
            and not name.endswith(template.CODE_SUFFIX)
        }
    )


def region_names() -> list[str]:
    """Those where CloudFormation is, by botocore's own list."""
    import botocore.session

    return sorted(botocore.session.Session().get_available_regions("cloudformation"))


def profile_names() -> list[str]:
    """Those of the AWS CLI's files."""
    import botocore.session

    return sorted(botocore.session.Session().available_profiles)


def stack_names() -> list[str]:
    """Those of this package's templates."""
    return list(template.names())


def _entries(body: str, section: str) -> list[str]:
    """The names in a section of a template."""
    text = body.partition(f"\n{section}:\n")[2]
    return _ENTRY.findall(_SECTION.split(text)[0])


def _bodies() -> Iterator[tuple[str, str]]:
    """Each template's name and text: a completion has no time to parse it."""
    for name in template.names():
        yield name, (template.folder() / f"{name}{template.SUFFIX}").read_text("utf-8")
