"""The options of `deploy` that say what to deploy and how, and how they are read."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from . import project_settings
from .options import SECONDS, role_option, stacked, stacks_argument, timeout_option

Command = TypeVar("Command", bound=Callable[..., Any])
_FILES = (".json", ".yaml", ".yml")
# In a file, the value that the stack has.
_KEPT = object()


_SECTIONS = {"overrides": "parameters"}


def _pairs(
    context: click.Context, parameter: click.Parameter, values: Sequence[str]
) -> dict[str, str]:
    file = project_settings.pairs(context, _SECTIONS.get(str(parameter.name), "tags"))
    pairs: dict[str, str] = {name: value.text for name, value in file.items()}
    for value in values:
        name, equals, given = value.partition("=")
        if equals and name:
            pairs[name] = given
        elif value.startswith("file://") or value.endswith(_FILES):
            section = "Tags" if parameter.name == "tags" else "Parameters"
            pairs.update(_from_file(Path(value.removeprefix("file://")), section))
        else:
            files = ", ".join(_FILES)
            raise click.BadParameter(f"{value!r} is neither NAME=VALUE nor a file ({files})")
    return pairs


def _from_file(path: Path, section: str) -> dict[str, str]:
    """The values out of the forms that AWS's own tools take.

    {"Parameters": {...}} (CodePipeline), [{"ParameterKey": ..., "ParameterValue": ...}] and
    ["NAME=VALUE"] (AWS CLI), or plainly {"NAME": "VALUE"}; any of them as YAML, too.
    """
    try:
        content = _content(path)
        if isinstance(content, dict):
            content = content.get(section, content)
        pairs = content.items() if isinstance(content, dict) else map(_pair, content)
        return {str(name): _text(value) for name, value in pairs if value is not _KEPT}
    except OSError as error:
        raise click.BadParameter(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise click.BadParameter(
            f'{path} has no {section.lower()}: give {{"NAME": "VALUE"}}, or what AWS\'s tools take'
        ) from None


def _content(path: Path) -> Any:
    from ..text import decoded

    text = decoded(path.read_bytes())
    if path.suffix not in (".yaml", ".yml"):
        return json.loads(text)
    import yaml

    try:
        # All values are text to it, as they are written.
        return yaml.load(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def _pair(item: Any) -> tuple[str, Any]:
    if isinstance(item, str):
        name, equals, value = item.partition("=")
        if not (name and equals):
            raise ValueError(f"not NAME=VALUE: {item!r}")
        return name, value
    if item.get("UsePreviousValue"):
        return item["ParameterKey"], _KEPT
    names = ("ParameterKey", "ParameterValue") if "ParameterKey" in item else ("Key", "Value")
    return item[names[0]], item[names[1]]


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(_text, value))
    if isinstance(value, dict) or value is None:
        raise TypeError(f"no value of a parameter: {value!r}")
    return value if isinstance(value, str) else json.dumps(value)


overrides_option = click.option(
    "--parameter-overrides",
    "-p",
    "overrides",
    multiple=True,
    callback=_pairs,
    metavar="NAME=VALUE",
    help="A value for the parameter of this name in every template that has it, or a .json or "
    ".yaml file of values; may be repeated. Later deploys keep it.",
)
_OPTIONS = (
    stacks_argument("chosen"),
    click.option(
        "--only",
        "is_alone",
        is_flag=True,
        help="Only the stacks that are named, not those that they need.",
    ),
    overrides_option,
    click.option(
        "--tags",
        multiple=True,
        callback=_pairs,
        metavar="NAME=VALUE",
        help="A tag for the stacks and their resources; may be repeated. Later deploys keep it.",
    ),
    click.option(
        "--termination-protection/--no-termination-protection",
        "is_protected",
        default=None,
        help="Switch the stacks' protection from deletion on or off.  [default: leave it as it is]",
    ),
    click.option(
        "--express",
        "is_express",
        is_flag=True,
        help="Do not wait until resources have settled; refused when one would be replaced.",
    ),
    click.option(
        "--recover",
        "recovers",
        is_flag=True,
        help="First roll back what failed and was not rolled back, or not to the end.",
    ),
    click.option(
        "--skip",
        multiple=True,
        metavar="LOGICAL_ID",
        help="With --recover: leave this resource as it is; may be repeated.",
    ),
    click.option(
        "--jobs",
        type=click.IntRange(1, 32),
        default=8,
        show_default=True,
        metavar="N",
        help="How many stacks to work on at once.",
    ),
    role_option,
    click.option(
        "--import-existing",
        "imports",
        is_flag=True,
        help="Take resources that exist already, under the names that the templates give, into the "
        "stacks; they need a DeletionPolicy.",
    ),
    timeout_option(3600),
    click.option(
        "--no-wait",
        "is_detached",
        is_flag=True,
        help="Begin what can be begun, and end; stacks that need those are for the next deploy.",
    ),
    click.option(
        "--wait",
        type=SECONDS,
        default=3600,
        show_default=True,
        metavar="SECONDS",
        help="How long to wait for an update that somebody else has begun.",
    ),
)


def deploy_options(command: Command) -> Command:
    """Give a command the arguments `settings` and `limits`."""

    @functools.wraps(command)
    def with_settings(
        *args: Any,
        jobs: int,
        timeout: float,
        wait: float,
        skip: Sequence[str],
        is_alone: bool,
        is_detached: bool,
        **rest: Any,
    ) -> Any:
        from ..deploy.deployment import Limits
        from ..deploy.project import Settings

        names = (
            *("overrides", "tags", "is_protected", "is_express", "recovers", "chosen"),
            *("role_arn", "imports"),
        )
        chosen = {name: rest.pop(name) for name in names}
        if skip and not chosen["recovers"]:
            raise click.UsageError("--skip needs --recover")
        if is_alone and not chosen["chosen"]:
            raise click.UsageError("--only needs the names of stacks")
        places = project_settings.places(click.get_current_context(), chosen["overrides"])
        settings = Settings(
            **chosen, skip=frozenset(skip), is_alone=is_alone, places=places, waits=not is_detached
        )
        return command(*args, settings=settings, limits=Limits(jobs, timeout, wait), **rest)

    decorated: Command = stacked(_OPTIONS)(with_settings)
    return decorated
