"""The options of `deploy` that say what to deploy and how, and how they are read."""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from . import project_settings
from .options import (
    SECONDS,
    names_for,
    role_option,
    stacked,
    stacks_argument,
    timeout_option,
)

if TYPE_CHECKING:
    from ..deploy.project_file import Value

Command = TypeVar("Command", bound=Callable[..., Any])
_FILES = (".json", ".yaml", ".yml")
_FILE = "file://"
# In a file, the value that the stack has.
_KEPT = object()


_SECTIONS = {"overrides": "parameters"}
# As `aws cloudformation create-stack` takes parameters and tags, and `sam deploy` parameters.
_SHORTHAND = re.compile(r"(Parameter|)Key=(?P<name>[^,=]+),\1Value=(?P<value>.*)", re.DOTALL)


def _pairs(
    context: click.Context, parameter: click.Parameter, values: Sequence[str]
) -> dict[str, str]:
    file = project_settings.pairs(context, _SECTIONS.get(str(parameter.name), "tags"))
    pairs: dict[str, str] = {name: value.text for name, value in file.items()}
    is_tags = parameter.name == "tags"
    for value in values:
        shorthand = _SHORTHAND.fullmatch(value)
        name, equals, given = value.partition("=")
        is_file = value.startswith(_FILE) or (not equals and value.endswith(_FILES))
        if is_file:
            section = "Tags" if is_tags else "Parameters"
            pairs.update(_from_file(Path(value.removeprefix(_FILE)), section))
        elif shorthand and (shorthand[1] == "") is is_tags:
            pairs[_typed(shorthand["name"])] = _typed(shorthand["value"])
        elif equals and name:
            pairs[_typed(name)] = _typed(given)
        else:
            files = ", ".join(_FILES)
            raise click.BadParameter(f"{value!r} is neither NAME=VALUE nor a file ({files})")
    if is_tags:
        _refuse_tags(pairs, file)
    return pairs


def _typed(text: str) -> str:
    """What was typed, as UTF-8 also where the locale is another, such as C."""
    try:
        return os.fsencode(text).decode()
    except UnicodeDecodeError:
        shown = os.fsencode(text).decode("utf-8", "backslashreplace")
        raise click.BadParameter(f"{shown} is not UTF-8") from None


def _refuse_tags(tags: Mapping[str, str], file: Mapping[str, Value]) -> None:
    """Raise BadParameter for what CloudFormation takes as no tag, before any call."""
    from ..cloudformation import stacks
    from ..text import shortened

    for name, value in tags.items():
        if reason := stacks.tag_problem(name, value):
            place = f" ({file[name].place})" if name in file else ""
            raise click.BadParameter(f"tag {shortened(name, 40)}: {reason}{place}")
    if len(tags) > stacks.MOST_TAGS:
        raise click.BadParameter(
            f"there are {len(tags)} tags, and a stack takes {stacks.MOST_TAGS} beside the two of "
            "this program"
        )


def _from_file(path: Path, section: str) -> dict[str, str]:
    """The values out of the forms that AWS's own tools take.

    {"Parameters": {...}} (CodePipeline), [{"ParameterKey": ..., "ParameterValue": ...}] and
    ["NAME=VALUE"] (AWS CLI), or plainly {"NAME": "VALUE"}; any of them as YAML, too. A file of
    another suffix may have a line NAME=VALUE for each.
    """
    try:
        content = _content(path)
        if isinstance(content, dict):
            content = _section(content, section)
        pairs = content.items() if isinstance(content, dict) else map(_pair, content)
        return {str(name): _text(name, value) for name, value in pairs if value is not _KEPT}
    except OSError as error:
        raise click.BadParameter(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise click.BadParameter(f"{path}: {error}") from None
    except (KeyError, TypeError, AttributeError, RecursionError):
        raise click.BadParameter(
            f'{path} has no {section.lower()}: give {{"NAME": "VALUE"}}, or what AWS\'s tools take'
        ) from None


def _content(path: Path) -> Any:
    from ..text import decoded

    text = decoded(path.read_bytes())
    if path.suffix not in _FILES and not text.lstrip().startswith(("{", "[")):
        return _lines(text)
    if path.suffix not in (".yaml", ".yml"):
        # All numbers are text, as they are written: 1.10 is a version, and no 1.1.
        return json.loads(text, parse_int=str, parse_float=str)
    import yaml

    try:
        # All values are text to it, as they are written.
        return yaml.load(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        raise ValueError(f"not valid YAML: {error}") from None


def _section(content: Mapping[str, Any], name: str) -> Any:
    """What is under this name, which rain and CodePipeline write large, and Sceptre small."""
    sections = (value for key, value in content.items() if str(key).lower() == name.lower())
    return next((value for value in sections if isinstance(value, (dict, list))), content)


def _lines(text: str) -> list[str]:
    """The lines NAME=VALUE, as in a .env or a .properties file."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        pair = line.strip().removeprefix("export ")
        name, equals, value = (part.strip() for part in pair.partition("="))
        if equals and name:
            is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
            found.append(f"{name}={value[1:-1] if is_quoted else value}")
        elif pair and not pair.startswith("#"):
            raise ValueError(f"line {number} is not NAME=VALUE")
    if not found:
        raise ValueError("there is nothing in it")
    return found


def _pair(item: Any) -> tuple[str, Any]:
    if isinstance(item, str):
        name, equals, value = item.partition("=")
        if not (name and equals):
            raise TypeError(f"not NAME=VALUE: {item!r}")
        return name, value
    if item.get("UsePreviousValue"):
        return item["ParameterKey"], _KEPT
    names = ("ParameterKey", "ParameterValue") if "ParameterKey" in item else ("Key", "Value")
    return item[names[0]], item[names[1]]


def _text(name: str, value: Any) -> str:
    if isinstance(value, list):
        # What CloudFormation takes as a list is a text with commas.
        return ",".join(_text(name, item) for item in value)
    if isinstance(value, dict) or value is None:
        found = "nothing (null)" if value is None else "an object"
        raise ValueError(f"{name} is {found}: give a value, or a list of values")
    return value if isinstance(value, str) else json.dumps(value)


overrides_option = click.option(
    "--parameter-overrides",
    "-p",
    "overrides",
    multiple=True,
    callback=_pairs,
    metavar="NAME=VALUE",
    shell_complete=names_for("parameter_names", "="),
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
