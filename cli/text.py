"""Text for people and for programs: tables, JSON, NDJSON."""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any


def as_json(value: Any, indent: int | None = None) -> str:
    """JSON text; decimals stay exact numbers, datetimes become ISO 8601.

    All control characters are escaped, those too that JSON allows, so that data cannot steer a
    terminal; and halves of characters, which nobody can write.
    """
    # json knows floats alone, which lose digits: decimals are put in afterwards, each in the place
    # of a text that nothing else can have.
    decimals: list[Decimal] = []
    mark = uuid.uuid4().hex

    def plain(value: Any) -> Any:
        if isinstance(value, Decimal):
            decimals.append(value)
            return f"{mark}{len(decimals) - 1}"
        return _plain(value)

    text = json.dumps(value, indent=indent, default=plain, ensure_ascii=False)
    text = re.sub("[\x7f-\x9f\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)
    return re.sub(f'"{mark}([0-9]+)"', lambda found: f"{decimals[int(found[1])]:f}", text)


def decoded(raw: bytes) -> str:
    """The text of a file, as its byte order mark says, or UTF-8; raises UnicodeDecodeError."""
    is_utf16 = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    return raw.decode("utf-16" if is_utf16 else "utf-8-sig")


def written(records: Sequence[Any], form: str) -> str:
    """The records as an array (`json`), or an object a line (`ndjson`)."""
    if form == "json":
        return as_json(records, indent=2)
    return "\n".join(as_json(record) for record in records)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"no JSON form for {type(value).__name__}")


# What JSON takes for space.
_SPACES = " \t\n\r"


def json_object(text: str | bytes, **numbers: Any) -> dict[str, Any] | None:
    """The JSON object that the text is, None when it is none; `numbers` are json.loads' hooks."""
    try:
        if isinstance(text, str):
            # decode() looks for spaces around it as well, for half the time again.
            text = text.strip(_SPACES)
            value, end = _decoder(**numbers).raw_decode(text)
            if end != len(text):
                return None
        else:
            value = json.loads(text, **numbers)
    # A number can be beyond what Decimal takes.
    except (ValueError, ArithmeticError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


@cache
def _decoder(**numbers: Any) -> json.JSONDecoder:
    # json.loads makes one for every text, which for a short text takes as long as reading it.
    return json.JSONDecoder(**numbers)


def as_table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], totals: int = 0) -> str:
    """Rows under headed columns; numbers are flush right, the last `totals` rows under a rule.

    `columns` maps each key of a row to its heading.
    """
    cells = [[cell(row.get(key)) for key in columns] for row in rows]
    headings = list(columns.values())
    widths = [max(breadth(line[i]) for line in [headings, *cells]) for i in range(len(headings))]
    numeric = [
        all(isinstance(row.get(key), (int, float, Decimal, type(None))) for row in rows)
        for key in columns
    ]

    def line(texts: Sequence[str]) -> str:
        padded = (
            padded_to(width, text, right) for text, width, right in zip(texts, widths, numeric)
        )
        return "  ".join(padded).rstrip()

    rule = "  ".join("─" * width for width in widths)
    body = [line(texts) for texts in cells]
    if totals:
        body.insert(len(body) - totals, rule)
    return "\n".join([line(headings), rule, *body])


def cell(value: Any) -> str:
    """A value as a table shows it."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return isolated(printable(str(value)))


def breadth(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return len(text) if text.isascii() else sum(map(_breadth, text))


def _breadth(character: str) -> int:
    # Marks stand on the character before them; formats are not seen.
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def padded_to(width: int, text: str, right: bool = False) -> str:
    """The text with spaces up to that many columns after it, or before it to have it `right`."""
    spaces = " " * (width - breadth(text))
    return f"{spaces}{text}" if right else f"{text}{spaces}"


def shortened(text: str, most: int) -> str:
    """The text in at most so many columns; what is left out of its middle is an ellipsis."""
    if breadth(text) <= most:
        return text
    tail = _beginning(text[::-1], (most - 1) // 2)[::-1]
    return f"{_beginning(text, most - 1 - breadth(tail))}…{tail}"


def _beginning(text: str, most: int) -> str:
    taken = 0
    for end, character in enumerate(text):
        taken += _breadth(character)
        if taken > most:
            return text[:end]
    return text


def isolated(text: str) -> str:
    """Text from right to left kept to itself (Unicode's FSI and PDI), so that what follows it on
    the line stays where it is."""
    is_foreign = not text.isascii() and any(
        unicodedata.bidirectional(character) in ("R", "AL", "AN") for character in text
    )
    return f"\u2068{text}\u2069" if is_foreign else text


# How projects are named on the command line that need no --project: by default, or by their file.
# "" is that of the command that runs.
_CALLED = {"miztiik-events": "", "": ""}


def call_by(project: str, options: str) -> None:
    """From now on `command` names this project by these options alone."""
    _CALLED.clear()
    _CALLED[project] = options


def work_on(project: str) -> None:
    """From now on `command` means this project when it is told none."""
    _CALLED[""] = _named(project)


def command(words: str, project: str = "") -> str:
    """What a person types for this project: its name is left out when it is the default."""
    return f"miztiik-events {words}{_named(project)}"


def _named(project: str) -> str:
    return _CALLED.get(project, f" --project {project}" if project else "")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The one that was probably meant, whatever its case; None when none is like it."""
    folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(word.casefold(), folded, 1, cutoff=0.7)
    return folded[close[0]] if close else None


def did_you_mean(words: Iterable[str], known: Iterable[str]) -> str:
    """A question to put after an error about unknown words; empty when none is like a known one."""
    known = tuple(known)
    guesses = [guess for word in words if (guess := nearest(word, known))]
    return f" Did you mean {', '.join(guesses)}?" if guesses else ""


def counted(count: int, noun: str) -> str:
    """`1 shard`, `2 shards`: for nouns whose plural takes an s."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def size(count: int) -> str:
    """Bytes for a person: `812 bytes`, `3.1 KB`, `78.3 MB`."""
    amount, units = float(count), ["bytes", "KB", "MB", "GB", "TB"]
    while amount >= 1000 and len(units) > 1:
        amount, units = amount / 1000, units[1:]
    return f"{amount:,.0f} bytes" if units[0] == "bytes" else f"{amount:,.1f} {units[0]}"


def span(seconds: float) -> str:
    """A length of time for a person: `4 s`, `12 min`, `3 h 5 min`, `2 d 4 h`."""
    whole = max(0, round(seconds))
    if whole < 100:
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 100:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h {minutes % 60} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def printable(text: str) -> str:
    """The text without control characters, so that data cannot steer a terminal."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
