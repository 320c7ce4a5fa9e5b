"""A function's requirements.txt: what it names, and what of it no zip can hold.

The format: https://pip.pypa.io/en/stable/reference/requirements-file-format/.
"""

from __future__ import annotations

import codecs
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..errors import BuildError

NAME = "requirements.txt"
# What pip leaves beside a package that it put into a folder.
INSTALLED = ".dist-info/METADATA"
_MARKS = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"), (b"", "utf-8-sig"))
_COMMENT = re.compile(r"(^|\s+)#.*$")
_NESTED = re.compile(r"(?:-r|--requirement|-c|--constraint)[ =]*(.+)")
_LINKS = re.compile(r"(?:-f|--find-links)[ =]*(.+)")
_CONSTRAINTS = ("-c", "--constraint")
_REQUIREMENT = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(\[[^]]*\])?\s*(.*)")
_NAMED = re.compile(r"[A-Za-z0-9._-]+\s*(\[[^]]*\])?\s*")
_PINNED = re.compile(r"\(?\s*===?\s*[^*,\s]+\s*\)?\s*(;|$)|@")
_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_CHECKOUT = re.compile(r"(git|hg|svn|bzr)\+")
_HIDDEN = re.compile(r"(//)[^/@\s]*@")


@dataclass(frozen=True)
class Requirements:
    """The text of each file that belongs to it, by name; the packages that are named there.

    `unpinned` are those of them that may be another version tomorrow. `wheels` are the function's
    own, of the folders that the files name.
    """

    files: Mapping[str, str]
    names: tuple[str, ...]
    unpinned: tuple[str, ...]
    wheels: Mapping[str, bytes] = field(default_factory=dict)


def read(place: str, sources: Mapping[str, bytes]) -> Requirements:
    """What the function's requirements.txt names; `place` is the folder that has these files.

    Raises BuildError, with file and line, for what pip would have to build, or would take from this
    machine.
    """
    reader = _Reader(place, sources, {}, {}, {})
    reader.read(NAME)
    unpinned = tuple(name for name, is_pinned in reader.names.items() if not is_pinned)
    return Requirements(reader.files, tuple(reader.names), unpinned, reader.wheels)


def has_any(content: bytes) -> bool:
    """Whether the file says anything: it may be empty, or all comments."""
    text = _decoded(content)
    # What cannot be read is told when it is to be installed.
    return text is None or any(True for _ in _lines(text))


@dataclass(frozen=True)
class _Reader:
    place: str
    sources: Mapping[str, bytes]
    files: dict[str, str]
    names: dict[str, bool]
    wheels: dict[str, bytes]

    def read(self, name: str, above: tuple[str, ...] = (), *, is_constraint: bool = False) -> None:
        """Take up the file; `above` are those that lead to it."""
        if name in above:
            files = ", ".join(above[above.index(name) :])
            raise BuildError(f"{self.place}: {name} names itself (by {files}), so it has no end")
        if name in self.files:
            return
        self.files[name] = self._text(name)
        for number, line in _lines(self.files[name]):
            at = f"{self.place}/{name}:{number}"
            if nested := _NESTED.match(line):
                self._follow(at, nested[1].strip().strip("\"'"), line, (*above, name))
            elif links := _LINKS.match(line):
                self._look_in(at, name, links[1].strip().strip("\"'"))
            elif line.startswith("-"):
                _check_option(at, line)
            elif not is_constraint:
                self._take(at, line)

    def _look_in(self, at: str, parent: str, path: str) -> None:
        """Take the wheels of a folder that pip is to look in; it has none of this machine."""
        if "://" in path:
            return
        folder = _beside(parent, path)
        wheels = {name: content for name, content in self.sources.items() if _is_in(name, folder)}
        if not wheels:
            raise BuildError(
                f"{at}: {path} is no folder with wheels in the function's folder. "
                "Next: put it there, or give an https:// address"
            )
        self.wheels.update(wheels)

    def _follow(self, at: str, path: str, line: str, above: tuple[str, ...]) -> None:
        name = _beside(above[-1], path)
        if "://" in path or name not in self.sources:
            raise BuildError(
                f"{at}: {path} is no file of this folder. "
                "Next: put it (or a link to it) into the folder"
            )
        self.read(name, above, is_constraint=line.startswith(_CONSTRAINTS))

    def _take(self, at: str, line: str) -> None:
        spec = line.partition(" --")[0].strip()
        _refuse_unbuilt(at, spec)
        requirement = _REQUIREMENT.fullmatch(spec)
        if requirement is None or requirement[3][:1] not in ("", *"=<>!~;@("):
            raise BuildError(f"{at}: {spec!r} is no requirement that pip knows")
        name = requirement[1].lower()
        is_pinned = bool(_PINNED.match(requirement[3]))
        self.names[name] = is_pinned and self.names.get(name, True)

    def _text(self, name: str) -> str:
        text = _decoded(self.sources[name])
        if text is None:
            raise BuildError(f"{self.place}/{name} is not UTF-8. Next: save it as UTF-8")
        return text


def _beside(parent: str, path: str) -> str:
    """The path, as it is written in the file, from the function's folder on."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(parent), path))


def _is_in(name: str, folder: str) -> bool:
    return name.endswith(".whl") and (posixpath.dirname(name) or ".") == folder


def _decoded(content: bytes) -> str | None:
    """The text, which Windows may have written as UTF-16; None when it is neither."""
    encoding = next(encoding for mark, encoding in _MARKS if content.startswith(mark))
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line that says something, without its comment, and with those that continue it."""
    whole, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        first = first or number
        is_continued = line.endswith("\\") and not line.lstrip().startswith("#")
        whole += line[:-1] if is_continued else line
        if is_continued:
            continue
        if said := _COMMENT.sub("", whole).strip():
            yield first, said
        whole, first = "", 0
    if said := _COMMENT.sub("", whole).strip():
        yield first, said


def _check_option(at: str, line: str) -> None:
    if line.startswith(("-e", "--editable")):
        raise BuildError(
            f"{at}: an editable install is a link to a folder of this machine, which no zip has. "
            "Next: put the code into the function's folder, or require a wheel of it"
        )
    if line.startswith("--no-binary"):
        raise BuildError(
            f"{at}: --no-binary asks pip to build it, which it would for this machine. "
            "Next: delete the option; wheels for the function's runtime are installed"
        )


def _refuse_unbuilt(at: str, spec: str) -> None:
    """Raise BuildError for what is no wheel of an index, or of a web server."""
    named, _, url = spec.partition("@")
    url = (url if url and _NAMED.fullmatch(named) else spec).partition(";")[0].strip()
    path = url.partition("#")[0].partition("?")[0]
    hidden = _HIDDEN.sub(r"\1***@", url)
    if _CHECKOUT.match(url):
        reason = f"{hidden} is a checkout, which pip would build for this machine"
    elif url.startswith("file:") or ("://" not in url and _is_path(path)):
        reason = f"{hidden} is a path of this machine"
    elif "://" in url and not path.endswith(".whl"):
        reason = f"{hidden} is no wheel, so pip would build it for this machine"
    else:
        return
    raise BuildError(
        f"{at}: {reason}. Next: require a version of an index (NAME==VERSION) or a wheel's "
        "https:// address, or put the code into the function's folder"
    )


def _is_path(text: str) -> bool:
    return text.startswith((".", "/", "~", "\\")) or "/" in text or text.endswith(_ARCHIVES)
