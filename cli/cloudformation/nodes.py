"""A template's text as a tree of YAML nodes, held to the YAML and JSON that CloudFormation takes.

Nodes know their lines, and take !Ref and its like as they stand; nothing is constructed of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import TemplateError
from ..text import shortened

if TYPE_CHECKING:
    from yaml import Node

# What neither YAML nor JSON has as it is.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# What JSON takes as it is, and YAML does not, or as the end of a line.
_OF_JSON = re.compile("[\x7f-\x9f\u2028\u2029\ufffe\uffff]")
# Every escape, so that none is found in the middle of another: pairs, halves, and the rest.
_ESCAPES = re.compile(
    r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\\u([dD][89a-fA-F][0-9a-fA-F]{2})|\\(.)"
)
_REFERENCE = re.compile(r"\$\{([^!{}][^{}]*)\}")
_TWO_SHORT = re.compile(r"!([A-Z][A-Za-z]+) +!([A-Z][A-Za-z0-9]+)")
_TRAILING = re.compile(r",\s*([}\]])")
# Of more of a line than this, nothing is to be read.
_SHOWN = 60
_MERGE = "tag:yaml.org,2002:merge"
_NULL = "tag:yaml.org,2002:null"
_CONVERTED = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:int")
# What YAML may be beside text, lists and mappings, and CloudFormation takes (a time stands for its
# text). https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
_YAML = "tag:yaml.org,2002:"
_TAGS = ("str", "seq", "map", "bool", "int", "float", "null", "timestamp", "merge", "value")


def decoded(raw: bytes, path: str) -> str:
    """The text of the file, with or without a byte order mark, its lines ending as everywhere.

    Raises TemplateError with the line of what is not UTF-8, which is all that CloudFormation takes.
    """
    for mark, encoding in ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16")):
        if raw.startswith(mark):
            command = f"iconv -f {encoding} -t UTF-8 {path}"
            raise TemplateError(f"{encoding}, not UTF-8. Next: convert it: {command}", path, 1)
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        found = f"0x{raw[error.start]:02x} is not UTF-8 (another encoding, such as Latin-1?)"
        raise TemplateError(f"{found}. Next: save the file as UTF-8", path, line) from None


def composed(text: str, path: str) -> Node:
    """The tree of the text; raises TemplateError with the line of what CloudFormation refuses."""
    import yaml

    _refuse_json(text, path)
    text = as_yaml(text)
    if found := _UNPRINTABLE.search(text):
        reason = f"not valid YAML: control character U+{ord(found[0]):04X}"
        raise TemplateError(reason, path, text.count("\n", 0, found.start()) + 1)
    try:
        root = _tree(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        number = mark.line + 1 if mark else None
        raise TemplateError(
            f"not valid YAML: {problem}{_hint(text, number)}", path, number
        ) from None
    except yaml.YAMLError as error:
        raise TemplateError(f"not valid YAML: {error}", path) from None
    except RecursionError:
        raise TemplateError("nested more deeply than CloudFormation takes", path) from None
    if root is None:
        raise TemplateError("the file is empty", path)
    _refuse_beyond(root, text, path)
    return root


def _hint(text: str, number: int | None) -> str:
    """What helps with the mistake that is common in templates."""
    lines = text.split("\n")[: number or 0]
    short = next(filter(None, map(_TWO_SHORT.search, lines[-2:])), None)
    if short is None:
        return ""
    outer, inner = short.groups()
    return f". Next: two short forms cannot follow each other: !{outer} {{'Fn::{inner}': …}}"


def compose(text: str) -> Node | None:
    """The tree of YAML nodes, None for an empty text; raises yaml.YAMLError."""
    return _tree(as_yaml(text))


def _tree(text: str) -> Node | None:
    import yaml

    # libyaml is seven times as fast where PyYAML was built with it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    root: Node | None = yaml.compose(text, Loader=loader)
    return root


def is_json(text: str) -> bool:
    if not text.lstrip().startswith("{"):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def as_yaml(text: str) -> str:
    """The text, and JSON as YAML 1.1 takes it, which is not all that JSON is.

    It is JSON still, of the same lines: YAML has no tabs, no escaped slash, and no character of two
    halves, as json.dumps writes an emoji.
    """
    if not is_json(text):
        return text
    text = _ESCAPES.sub(_unescaped, text.replace("\t", " "))
    return _OF_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _unescaped(found: re.Match[str]) -> str:
    high, low, half, other = found.groups()
    if high:
        return bytes.fromhex(high + low).decode("utf-16-be")
    if half:
        return "\ufffd"
    return "/" if other == "/" else found[0]


def _refuse_json(text: str, path: str) -> None:
    """Raise what is wrong with a file that says that it is JSON: YAML would take more."""
    if not path.lower().endswith(".json") or not text.strip():
        return
    try:
        json.loads(text)
    except RecursionError:
        raise TemplateError("nested more deeply than CloudFormation takes", path) from None
    except json.JSONDecodeError as error:
        comma = text.rfind(",", 0, error.pos + 1)
        end = _TRAILING.match(text, comma) if comma >= 0 else None
        if end and end.end() > error.pos:
            number = text.count("\n", 0, comma) + 1
            written = shortened(text.split("\n")[number - 1].strip(), _SHOWN)
            reason = f"not valid JSON: after the comma of {written} comes only {end[1]}"
            raise TemplateError(f"{reason}. Next: delete the comma", path, number) from None
        raise TemplateError(f"not valid JSON: {error.msg}", path, error.lineno) from None


def _refuse_beyond(root: Node, text: str, path: str) -> None:
    """Raise TemplateError for what of YAML CloudFormation does not take."""
    import yaml

    seen: set[int] = set()
    for node in every(root):
        # Two places have one node when the second is an alias of the first.
        if id(node) in seen:
            tokens = (token for token in yaml.scan(text) if isinstance(token, yaml.AliasToken))
            alias = next(tokens)
            reason = f"CloudFormation takes no YAML aliases (*{alias.value}): write it out"
            raise TemplateError(reason, path, alias.start_mark.line + 1)
        seen.add(id(node))
        if node.tag == _MERGE and node.value == "<<":
            reason = "CloudFormation takes no YAML merges (<<): write it out"
            raise TemplateError(reason, path, line(node))
        _refuse_twice(node, path)
        kind = node.tag.removeprefix(_YAML)
        if kind != node.tag and kind not in _TAGS:
            reason = f"CloudFormation takes no YAML of the tag !!{kind}: write it as text or a list"
            raise TemplateError(reason, path, line(node))


def _refuse_twice(node: Node, path: str) -> None:
    """Raise TemplateError for a name that the mapping has twice.

    CloudFormation takes the last one without a word, as YAML's and JSON's readers do.
    """
    import yaml

    first: dict[str, Node] = {}
    for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
        if not isinstance(key, yaml.ScalarNode):
            continue
        other = first.setdefault(key.value, key)
        if other is not key:
            reason = f"{key.value} is defined twice, first on line {line(other)}, and only the last"
            raise TemplateError(f"{reason} would count. Next: delete one", path, line(key))


def every(root: Node) -> Iterator[Node]:
    """Every node of the tree, as often as it stands in it.

    A node that stands in itself comes without end: who asks has to stop at the second time.
    """
    import yaml

    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, yaml.MappingNode):
            waiting += [part for pair in reversed(node.value) for part in reversed(pair)]
        elif isinstance(node, yaml.SequenceNode):
            waiting += reversed(node.value)


def section(node: Node, path: str) -> dict[str, Node]:
    """The entries of a YAML mapping; anything else is a TemplateError."""
    import yaml

    refuse_null(node, path)
    if not isinstance(node, yaml.MappingNode):
        raise TemplateError("expected a mapping (name: value)", path, line(node))
    entries: dict[str, Node] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise TemplateError("expected a name, not a list or a mapping", path, line(key))
        # The mapping's own name is the line a person looks for, not that of its first entry.
        value.start_mark = (
            key.start_mark if isinstance(value, yaml.MappingNode) else value.start_mark
        )
        entries[key.value] = value
    return entries


def refuse_null(node: Node, path: str) -> None:
    """Raise TemplateError for a name with nothing behind it."""
    if node.tag == _NULL:
        reason = "there is nothing here (null), which CloudFormation takes nowhere"
        raise TemplateError(reason, path, line(node))


def entries(node: Any) -> dict[str, Node]:
    """The entries of a mapping as far as it is one: nothing here is refused."""
    import yaml

    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return {key.value: value for key, value in pairs if isinstance(key, yaml.ScalarNode)}


def names(node: Any) -> dict[str, Node]:
    """The keys of the same, which have the lines that a person looks for."""
    import yaml

    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return {key.value: key for key, _ in pairs if isinstance(key, yaml.ScalarNode)}


def text(node: Node, path: str) -> str:
    """The text of a scalar; a TemplateError for a list or a mapping."""
    import yaml

    if not isinstance(node, yaml.ScalarNode):
        raise TemplateError("expected text, not a list or a mapping", path, line(node))
    return str(node.value)


def meant(node: Node) -> str:
    """The text that CloudFormation makes of a scalar, which is YAML 1.1 where nothing quotes it.

    So yes is "true", and 010 is "8". It has no times.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
    """
    import yaml

    written = str(node.value)
    if node.tag not in _CONVERTED:
        return written
    # PyYAML has no types for what makes a value of one node.
    loader: Any = yaml.SafeLoader("")
    try:
        value = loader.construct_object(node)
        return str(value).lower() if isinstance(value, bool) else str(value)
    except (ValueError, KeyError):
        # Digits without end, or what only a tag calls a number.
        return written


def call(node: Node) -> tuple[str, Node | None]:
    """The function that the node calls, by its full name, and its argument; ("", None) for none.

    `!Sub x` and `{Fn::Sub: x}` are the same call; the argument of a short form is the node itself.
    """
    if node.tag.startswith("!") and len(node.tag) > 1:
        name = node.tag[1:]
        return (name if name in ("Ref", "Condition") else f"Fn::{name}"), node
    pairs = entries(node)
    name = next(iter(pairs), "")
    if len(pairs) == 1 and (name == "Ref" or name.startswith("Fn::")):
        return name, pairs[name]
    return "", None


def pattern(node: Node) -> str | None:
    """The text that the node comes to, with `${Name}` for what is not known from the text alone.

    None for what is more than Ref, Sub and Join of such.
    """
    import yaml

    name, given = call(node)
    if not name:
        return str(node.value) if isinstance(node, yaml.ScalarNode) else None
    return called(name, given)


def patterns(node: Node, mappings: Node | None) -> Iterator[str]:
    """The patterns of all that the node may come to: both sides of If, what FindInMap may find."""
    import yaml

    name, given = call(node)
    if name:
        yield from patterns_called(name, given, mappings)
    elif isinstance(node, yaml.ScalarNode):
        yield str(node.value)


def patterns_called(name: str, given: Node | None, mappings: Node | None) -> Iterator[str]:
    """The same of the function's result; `mappings` is the section of the template."""
    parts: list[Node] = given.value if given is not None and isinstance(given.value, list) else []
    if name == "Fn::If":
        for part in parts[1:3]:
            yield from patterns(part, mappings)
    elif name == "Fn::FindInMap" and mappings is not None:
        found = [mappings]
        for part in parts[:3]:
            wanted = None if call(part)[0] else str(part.value)
            pairs = [pair for table in found for pair in entries(table).items()]
            found = [value for key, value in pairs if wanted in (None, key)]
        yield from (node.value for node in found if isinstance(node.value, str))
    elif pattern := called(name, given):
        yield pattern


def called(name: str, given: Node | None) -> str | None:
    """The pattern of what the function comes to."""
    import yaml

    if isinstance(given, yaml.ScalarNode):
        written = str(given.value)
        return {"Ref": f"${{{written}}}", "Fn::Sub": written}.get(name)
    parts = given.value if isinstance(given, yaml.SequenceNode) else []
    if len(parts) != 2 or not isinstance(parts[0], yaml.ScalarNode):
        return None
    if name == "Fn::Sub":
        known = {key: pattern(value) for key, value in entries(parts[1]).items()}
        return filled(str(parts[0].value), known)
    if name == "Fn::Join" and isinstance(parts[1], yaml.SequenceNode):
        words = [word for part in parts[1].value if (word := pattern(part)) is not None]
        return str(parts[0].value).join(words) if len(words) == len(parts[1].value) else None
    return None


def filled(text: str, values: Mapping[str, str | None]) -> str:
    """The text with `${Name}` replaced where the value is known."""

    def value(found: re.Match[str]) -> str:
        known = values.get(found[1].strip())
        return found[0] if known is None else known

    return _REFERENCE.sub(value, text)


def references(text: str) -> list[str]:
    """The names in `${Name}` of the text."""
    return [name.strip() for name in _REFERENCE.findall(text)]


def line(node: Node) -> int:
    return int(node.start_mark.line) + 1
