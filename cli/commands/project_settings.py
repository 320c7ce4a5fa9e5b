"""The settings of miztiik-events.yaml as the defaults of a command's options.

Click asks for an option's value on the command line, in its variable, and then in the context's
default_map: the file comes in there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from ..cloudformation.template import Template
    from ..deploy.project_file import ProjectFile, Value

_FILE = "miztiik_events.project_file"
# What has nothing to do with a project of one's own.
_WITHOUT = ("demo", "init", "local")
# AWS's own variables go before the file, as ours do.
_VARIABLES = {"region": ("AWS_REGION", "AWS_DEFAULT_REGION"), "profile": ("AWS_PROFILE",)}
_ARGUMENTS = {"name": "project", "role-arn": "role_arn"}


def apply(context: click.Context, environment: str | None) -> None:
    """Find the file and give what it says to the options of this command."""
    from .. import files
    from ..deploy import project_file

    folder = files.here()
    if context.command_path.split()[1:2] in ([name] for name in _WITHOUT):
        return
    path = project_file.find(folder)
    if path is None:
        if environment:
            raise click.UsageError(
                f"--env needs a {project_file.NAME}; there is none from {folder} upwards"
            )
        return
    known = project_file.environments(path)
    if environment and environment not in known:
        raise click.UsageError(project_file.unknown_environment(environment, known))
    file = project_file.read(path, environment)
    context.meta[_FILE] = file
    context.default_map = {
        _ARGUMENTS.get(key, key): value.text
        for key, value in file.settings.items()
        if not any(os.environ.get(name) for name in _VARIABLES.get(key, ()))
    }


def of(context: click.Context) -> ProjectFile | None:
    """The file that is in force, if there is one."""
    file: ProjectFile | None = context.meta.get(_FILE)
    return file


def pairs(context: click.Context, name: str) -> Mapping[str, Value]:
    """The file's `parameters` or `tags`."""
    file = of(context)
    if file is None:
        return {}
    return file.parameters if name == "parameters" else file.tags


def places(context: click.Context, overrides: Mapping[str, str]) -> dict[str, str]:
    """The place in the file of each parameter's value that comes from there."""
    given = pairs(context, "parameters").items()
    return {name: value.place for name, value in given if overrides.get(name) == value.text}


def values(context: click.Context, templates: Sequence[Template]) -> dict[str, str]:
    """The file's values for these templates; raises what a deploy with them would raise."""
    from ..deploy import values

    given = pairs(context, "parameters")
    texts = {name: value.text for name, value in given.items()}
    return values.given(templates, texts, places(context, texts))


def origin(context: click.Context, parameter: click.Parameter) -> str:
    """Where in the file a value comes from; empty when it was given otherwise."""
    file = of(context)
    is_ours = gives(context, str(parameter.name))
    return f" ({file.settings['name'].place})" if file and is_ours else ""


def gives(context: click.Context, name: str) -> bool:
    """Whether the option of this name has its value from the file."""
    return context.get_parameter_source(name) is ParameterSource.DEFAULT_MAP


def refuse_other_name(context: click.Context, project: str) -> None:
    """Refuse the name of another environment; note how the project in force is called."""
    from .. import text
    from ..deploy import project_file

    file = of(context)
    if file is None:
        return
    project_file.refuse_other_name(file, project)
    if project == file.settings["name"].text:
        text.call_by(project, f" --env {file.environment}" if file.environment else "")
