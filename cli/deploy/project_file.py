"""A project's file, miztiik-events.yaml: what would else be given as options, with every line.

Of what is said twice, the environment's goes before the file's own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..cloudformation import nodes, template
from ..cloudformation.template_folder import BELOW
from ..errors import ConfigurationError
from ..text import did_you_mean

if TYPE_CHECKING:
    from yaml import Node

NAME = "miztiik-events.yaml"
FOLDERS = ("templates", "functions")
_PLAIN = ("name", "region", "profile", "role-arn", *FOLDERS)
_PAIRS = ("parameters", "tags")
_ENVIRONMENTS = "environments"


@dataclass(frozen=True)
class Value:
    """What the file says, and where: `file:line`."""

    text: str
    place: str


@dataclass(frozen=True)
class ProjectFile:
    """The file as one environment has it, None for the file without any.

    `settings` are the plain ones; folders are absolute paths. `names` has each project's name that
    the file gives, with its environment.
    """

    path: str
    environment: str | None
    settings: Mapping[str, Value]
    parameters: Mapping[str, Value]
    tags: Mapping[str, Value]
    names: Mapping[str, str | None]


@dataclass(frozen=True)
class _Section:
    settings: Mapping[str, Value]
    pairs: Mapping[str, Mapping[str, Value]]


def find(folder: Path) -> Path | None:
    """The project's file in the folder, or in the nearest one above.

    Raises ConfigurationError when somebody else put it above the folder, as anyone may in /tmp, and
    for one that would be passed over: without its settings a deploy would be of something else.
    """
    for place in (folder, *folder.parents):
        path = place / NAME
        _refuse_unread(path)
        if path.is_file():
            if place != folder and path.stat().st_uid not in (os.getuid(), 0):
                raise ConfigurationError(f"{path} belongs to another user, so it is not read")
            return path
    return None


def _refuse_unread(path: Path) -> None:
    other = path.with_suffix(".yml")
    if path.exists():
        return
    if path.is_symlink() and path.lstat().st_uid == os.getuid():
        raise ConfigurationError(f"{_shown(path)} is a link to {os.readlink(path)}: nothing there")
    if other.is_file() and other.stat().st_uid == os.getuid():
        raise ConfigurationError(f"{_shown(other)} is not read. Next: call it {NAME}")


def environments(path: Path) -> list[str]:
    """The environments that the file has, sorted."""
    return sorted(_environments(_root(path), _shown(path)))


def read(path: Path, environment: str | None = None) -> ProjectFile:
    """The file's settings; raises ConfigurationError with file and line.

    The environment has to be one of its own.
    """
    shown, root = _shown(path), _root(path)
    sections = {
        name: _section(_entries(node, shown, name), shown, (*_PLAIN, *_PAIRS))
        for name, node in _environments(root, shown).items()
    }
    own = _section(root, shown, (*_PLAIN, *_PAIRS, _ENVIRONMENTS))
    if "name" not in own.settings:
        raise ConfigurationError(f"{shown}: it has no name: the project's, as --project gives it")
    chosen = sections[environment] if environment else _Section({}, {})
    settings = {**own.settings, **chosen.settings, "name": _name(own, chosen, environment)}
    return ProjectFile(
        path=shown,
        environment=environment,
        settings={key: _located(key, value, path) for key, value in settings.items()},
        parameters=_merged("parameters", own, chosen),
        tags=_merged("tags", own, chosen),
        names={
            own.settings["name"].text: None,
            **{_name(own, section, name).text: name for name, section in sections.items()},
        },
    )


def _name(own: _Section, section: _Section, environment: str | None) -> Value:
    """An environment without a name of its own has that of the project with its own behind it."""
    name = own.settings["name"]
    named = Value(f"{name.text}-{environment}", name.place) if environment else name
    return section.settings.get("name", named)


def _merged(key: str, *sections: _Section) -> dict[str, Value]:
    return {
        name: value for section in sections for name, value in section.pairs.get(key, {}).items()
    }


def _located(key: str, value: Value, path: Path) -> Value:
    if key not in FOLDERS:
        return value
    folder = path.parent / value.text
    # `templates/**` is templates with the folders below.
    whole = folder.parent if key == "templates" and folder.name == BELOW else folder
    if not whole.is_dir():
        raise ConfigurationError(f"{value.place}: {key}: there is no folder {value.text}")
    return Value(str(folder), value.place)


def _root(path: Path) -> dict[str, Node]:
    import yaml

    shown = _shown(path)
    try:
        root = nodes.compose(path.read_text("utf-8-sig"))
    except UnicodeDecodeError:
        raise ConfigurationError(f"{shown}: it is not UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or error
        raise ConfigurationError(f"{shown}{line}: not valid YAML: {problem}") from None
    if root is None:
        raise ConfigurationError(f"{shown}: the file is empty; it needs at least a name")
    return _entries(root, shown, "the file")


def _environments(root: Mapping[str, Node], shown: str) -> dict[str, Node]:
    node = root.get(_ENVIRONMENTS)
    return _entries(node, shown, _ENVIRONMENTS) if node else {}


def _section(entries: Mapping[str, Node], shown: str, known: Sequence[str]) -> _Section:
    for key, node in entries.items():
        if key not in known:
            hint = did_you_mean([key], known) or f" There are: {', '.join(known)}"
            raise ConfigurationError(f"{shown}:{_line(node)}: {key}: no such setting.{hint}")
    return _Section(
        {key: _plain(entries[key], shown, key) for key in _PLAIN if key in entries},
        {key: _pairs(entries[key], shown, key) for key in _PAIRS if key in entries},
    )


def _pairs(node: Node, shown: str, key: str) -> dict[str, Value]:
    entries = _entries(node, shown, key)
    return {name: _value(entry, shown, f"{key}: {name}") for name, entry in entries.items()}


def _plain(node: Node, shown: str, key: str) -> Value:
    if isinstance(node.value, list):
        raise ConfigurationError(f"{shown}:{_line(node)}: {key}: one value belongs here")
    return _value(node, shown, key)


def _value(node: Node, shown: str, key: str) -> Value:
    import yaml

    place = f"{shown}:{_line(node)}"
    if isinstance(node, yaml.SequenceNode):
        if not all(isinstance(item, yaml.ScalarNode) for item in node.value):
            raise ConfigurationError(f"{place}: {key}: expected plain values in this list")
        # What CloudFormation takes as a list is a text with commas.
        return Value(",".join(_value(item, shown, key).text for item in node.value), place)
    if not isinstance(node, yaml.ScalarNode):
        raise ConfigurationError(f"{place}: {key}: a value belongs here, not a mapping")
    if node.tag.startswith("!"):
        raise ConfigurationError(f"{place}: {key}: a value belongs here, and {node.tag} is none")
    if node.tag.endswith(":null"):
        raise ConfigurationError(f"{place}: {key}: it has no value; an empty one is ''")
    return Value(str(node.value), place)


def _entries(node: Node, shown: str, key: str) -> dict[str, Node]:
    import yaml

    # A name with nothing behind it: a section without entries.
    if isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null"):
        return {}
    if not isinstance(node, yaml.MappingNode):
        raise ConfigurationError(f"{shown}:{_line(node)}: {key}: expected a mapping (name: value)")
    entries: dict[str, Node] = {}
    for name, value in node.value:
        if not isinstance(name, yaml.ScalarNode):
            raise ConfigurationError(f"{shown}:{_line(name)}: {key}: a name belongs here")
        if name.value in entries:
            raise ConfigurationError(f"{shown}:{_line(name)}: {name.value} is given twice")
        # The line of the name is the one to look at, also when the value begins on the next.
        value.start_mark = name.start_mark
        entries[str(name.value)] = value
    return entries


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _shown(path: Path) -> str:
    return template.path_of(path)


def refuse_other_name(file: ProjectFile, name: str) -> None:
    """Raise ConfigurationError when the name is that of another environment of the file.

    That one's parameters are its own: with these, its stacks would become something else.
    """
    other = file.names.get(name, file.environment)
    if other != file.environment:
        way = f"give --env {other}" if other else "leave --env out"
        raise ConfigurationError(f"{name} is another environment of {file.path}: {way}")


def unknown_environment(name: str, known: Iterable[str]) -> str:
    """What to say about an environment that the file lacks."""
    known = list(known)
    there = f"There are: {', '.join(known)}" if known else "There are none"
    return f"There is no environment {name}.{did_you_mean([name], known)} {there}"
