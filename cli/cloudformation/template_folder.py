"""Which files of a folder are templates, and what their stacks are called."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import TemplateError
from . import nodes, template
from .template import SUFFIXES, Template

if TYPE_CHECKING:
    from importlib.abc import Traversable

    from yaml import Node

# A folder of this name stands for all folders below: `--templates 'infrastructure/**'`.
BELOW = "**"
# What CloudFormation takes of a stack's name, less the longest project and its hyphen.
_NAME = re.compile("[a-zA-Z0-9-]{1,103}")
_SECTIONS = {
    *("AWSTemplateFormatVersion", "Transform", "Description", "Metadata", "Parameters", "Rules"),
    *("Mappings", "Conditions", "Resources", "Outputs", "Globals", "Hooks", "Fn::Transform"),
}
# A file of parameters has these, too.
_COMMON = {"Description", "Metadata", "Parameters"}
# The same of a file that cannot be parsed: such a key, and not one far inside of something else.
_TELLTALE = re.compile(
    rb"^ {0,4}\{? *[\"']?(Resources|AWSTemplateFormatVersion)[\"']?\s*:"
    rb"|^\{.*[\"'](Resources|AWSTemplateFormatVersion)[\"']\s*:",
    re.MULTILINE,
)
# What a name may leave open and yet be the same in all stacks.
_EVERYWHERE = ("AWS::Region", "AWS::AccountId", "AWS::Partition", "AWS::URLSuffix")
_VERSION = b"AWSTemplateFormatVersion"


@dataclass(frozen=True)
class PassedOver:
    """A file that is named like a template and is none, or not one for a stack of its own."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path} is passed over: {self.reason}"


@dataclass(frozen=True)
class TemplateFolder:
    """The templates of a folder, by name, and the files that were passed over."""

    templates: tuple[Template, ...]
    passed_over: tuple[PassedOver, ...] = ()


def load_all(templates: Traversable | None = None) -> tuple[Template, ...]:
    """Every template of the folder, by name; raises TemplateError as `read` does."""
    return read(templates).templates


def read(templates: Traversable | None = None) -> TemplateFolder:
    """The folder's templates; None stands for those that this package brings.

    Raises TemplateError, with file and line, for a template that CloudFormation would not take, for
    a name that no stack can have or that two have, and for a folder without a template.
    """
    place = templates or template.folder()
    loaded = [_tried(name, source) for name, source in _sources(place)]
    passed_over = [one for one in loaded if isinstance(one, PassedOver)]
    taken = [one for one in loaded if isinstance(one, Template)]
    passed_over += _included([one for one in loaded if isinstance(one, TemplateError)], taken)
    taken, twins = _without_twins(taken)
    taken, parts = _without_parts([_with_nested(one) for one in taken])
    passed_over += twins + parts
    if not taken:
        raise TemplateError(_nothing(place, passed_over), template.path_of(place))
    _refuse_names(taken)
    return TemplateFolder(tuple(sorted(taken, key=lambda one: one.name)), tuple(passed_over))


def find(name: str, templates: Traversable | None = None) -> Template | None:
    """The template of that name in the folder, None when there is none."""
    for found, source in _sources(templates or template.folder()):
        if found == name and isinstance(loaded := _read(found, source), Template):
            return loaded
    return None


def _sources(place: Traversable) -> Iterator[tuple[str, Traversable]]:
    """The files that are named like templates, with the names of their stacks."""
    if isinstance(place, Path) and place.name == BELOW:
        for path in sorted(place.parent.rglob("*")):
            parts = path.relative_to(place.parent).parts
            if not any(part.startswith(".") for part in parts) and _is_named(path):
                yield "-".join([*parts[:-1], template.stem(path.name)]), path
        return
    for entry in sorted(place.iterdir(), key=lambda entry: entry.name):
        if not entry.name.startswith(".") and _is_named(entry):
            yield template.stem(entry.name), entry


def _is_named(entry: Traversable) -> bool:
    return entry.name.lower().endswith(SUFFIXES) and not entry.is_dir()


def _tried(name: str, source: Traversable) -> Template | PassedOver | TemplateError:
    try:
        return _read(name, source)
    except TemplateError as error:
        return error


def _included(errors: list[TemplateError], taken: list[Template]) -> list[PassedOver]:
    """The files that are no templates, but parts of one; raises the first error of any other."""
    parts = _parts(taken)
    for error in errors:
        _, kind = parts.get(Path(str(error.path)).resolve(), ("", ""))
        if kind != "file":
            raise error
    return [PassedOver(str(error.path), error.reason) for error in errors]


def _read(name: str, source: Traversable) -> Template | PassedOver:
    path = template.path_of(source)
    if not source.is_file():
        return PassedOver(path, "a link that leads nowhere, or no file")
    raw = b""
    try:
        raw = template.read(source)
        text = nodes.decoded(raw, path)
        root = nodes.composed(text, path)
    except TemplateError as error:
        # Another kind of file is nobody's mistake, whatever is in it.
        if _is_meant(source, raw):
            raise
        return PassedOver(path, error.reason)
    if not _is_template(root):
        return PassedOver(path, "no template: it has no Resources")
    return template.made(name, path, text, root)


def _is_meant(source: Traversable, raw: bytes) -> bool:
    """Whether a file that cannot be read as a template was meant to be one."""
    if raw:
        return bool(_TELLTALE.search(raw.replace(b"\0", b"").lstrip(b"\xff\xfe\xef\xbb\xbf")))
    try:
        with source.open("rb") as file:
            start = file.read(template.LARGEST)
    except OSError:
        return True
    # Whole tables of other data are as large; nobody has an empty template in mind as JSON.
    return _VERSION in start if start else not source.name.lower().endswith(".json")


def _is_template(root: Node) -> bool:
    entries = nodes.entries(root)
    # CodeDeploy's appspec.yml has Resources, too, in a list.
    if "AWSTemplateFormatVersion" in entries or nodes.entries(entries.get("Resources")):
        return True
    return entries.keys() <= _SECTIONS and bool(entries.keys() - _COMMON)


def _nothing(place: Traversable, passed_over: list[PassedOver]) -> str:
    is_plain = isinstance(place, Path) and place.name != BELOW
    has_below = is_plain and any(_sources(place / BELOW))
    hint = f". Next: --templates '{place}/{BELOW}' takes those of its folders" if has_below else ""
    files = "".join(f"\n  {one}" for one in passed_over)
    return f"there is no template here ({', '.join(SUFFIXES)}){hint}{files}"


def _refuse_names(taken: list[Template]) -> None:
    """Raise TemplateError for all names that no stack can have, and for one that two have."""
    wrong = [one for one in taken if not _NAME.fullmatch(one.name)]
    if wrong:
        renamed = "".join(f"\n  {one.path}: name it {_possible(one)}" for one in wrong)
        raise TemplateError(
            "a stack's name, which is the file's, has letters, digits and hyphens only, at most "
            f"103. Next: rename{renamed}",
            wrong[0].path,
        )
    first: dict[str, Template] = {}
    for one in taken:
        other = first.setdefault(one.name, one)
        if other is not one:
            reason = f"{other.path} would be stack {one.name}, too. Next: rename one of them"
            raise TemplateError(reason, one.path)


def _without_twins(taken: list[Template]) -> tuple[list[Template], list[PassedOver]]:
    """The templates, less those in JSON that are there in YAML, too, as AWS's own examples are."""
    yaml = {one.name: one for one in taken if not _is_json(one)}
    twins = [one for one in taken if _is_json(one) and one.name in yaml and _is_twin(one, yaml)]
    reasons = [PassedOver(one.path, f"it is {yaml[one.name].path} as JSON") for one in twins]
    return [one for one in taken if one not in twins], reasons


def _is_json(one: Template) -> bool:
    return one.path.lower().endswith(".json") or one.body.lstrip().startswith("{")


def _with_nested(one: Template) -> Template:
    """The template with the exports and the imports of the stacks that are nested in it.

    Those whose names do not rest on the nested stack's own name, or on what it is given.
    """
    exports, imports = dict(one.exports), dict(one.imports)
    for line, child in _nested_in(one, set()):
        for names, own in ((child.exports, exports), (child.imports, imports)):
            for name in filter(_is_everywhere, names):
                own.setdefault(name, line)
    return replace(one, exports=exports, imports=imports)


def _nested_in(one: Template, above: set[Path]) -> Iterator[tuple[int, Template]]:
    """The templates nested in it, at whatever depth, by the line of the path in its own text."""
    for path in one.local_paths:
        source = (Path(one.path).parent / path.path).resolve()
        if path.kind != "template" or source in above or not source.is_file():
            continue
        # What is wrong with it is told when it is uploaded.
        with contextlib.suppress(TemplateError):
            child = template.load(source)
            yield path.line, child
            yield from ((path.line, other) for _, other in _nested_in(child, {*above, source}))


def _is_everywhere(name: str) -> bool:
    """Whether an export's name is the same in every stack of an account and region."""
    return all(free in _EVERYWHERE for free in nodes.references(name))


def _without_parts(taken: list[Template]) -> tuple[list[Template], list[PassedOver]]:
    """The templates, less those that are nested or included in another one: it has them."""
    owners = _parts(taken)
    parts = {one.path: owner for one in taken if (owner := owners.get(Path(one.path).resolve()))}
    words = {"template": "nested in", "file": "part of"}
    reasons = [
        PassedOver(path, f"it is {words[kind]} {owner}") for path, (owner, kind) in parts.items()
    ]
    return [one for one in taken if one.path not in parts], reasons


def _parts(taken: list[Template]) -> dict[Path, tuple[str, str]]:
    """The templates and files that these name by a path, each with its owner and its kind."""
    return {
        (Path(one.path).parent / path.path).resolve(): (one.path, path.kind)
        for one in taken
        for path in one.local_paths
        if path.kind != "code"
    }


def _is_twin(one: Template, yaml: Mapping[str, Template]) -> bool:
    other = yaml[one.name]
    return (
        one.types == other.types
        and one.parameters.keys() == other.parameters.keys()
        and one.outputs.keys() == other.outputs.keys()
    )


def _possible(one: Template) -> str:
    name = re.sub("[^a-zA-Z0-9]+", "-", one.name).strip("-")[:103]
    return f"{name or 'stack'}{Path(one.path).suffix}"
