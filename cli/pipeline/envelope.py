"""The event that bytes are, as JSON has it, or as the analytics job reads a record.

Flink's JSON format takes the first object of a record, whatever comes after it, with control
characters in its texts, nested as deep as may be (Jackson 2.14), and stops when it has seen as many
of the fields that it knows as there are: a later one of the same name counts only before that
(https://github.com/apache/flink/blob/release-1.20.0/flink-formats/flink-json/src/main/java/org/apache/flink/formats/json/JsonParserToRowDataConverters.java).
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from ..text import json_object

Envelope = Mapping[str, Any]
# The fields of the table `events` (functions/analytics/windows.sql).
FIELDS = frozenset(("detail-type", "time", "replay-name", "detail"))
DETAIL_FIELDS = frozenset(
    ("request_id", "name", "category", "store_id", "sales", "contact_me", "is_return")
)
COUNTED_FIELDS = frozenset(("request_id", "store_id", "sales", "is_return"))
# What is nested deeper holds none of these fields, and Python's own reader goes no deeper than
# about 1,000.
_DEEPEST = 100
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[][{}]', re.DOTALL)
# A known field's text that ends with half a character in UTF-8 (as Latin-1 has them) or half an
# escape: Flink finds that out with the quote behind it, and goes on without the text.
_CHARACTERS = (
    rb"(?:[\x00-!#-[\]-\x7f]|[\xc0-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}"
    rb'|[\xf0-\xf7][\x80-\xbf]{3}|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*'
)
_BROKEN_TEXT = re.compile(
    rb'("(?:%s)"\s*:\s*)"%s(?:[\xc0-\xf7]|\\u[0-9a-fA-F]{0,3})"'
    % (b"|".join(sorted(name.encode() for name in FIELDS | DETAIL_FIELDS)), _CHARACTERS)
)
_SPACE = re.compile(r"[ \t\r\n]*")


class _Repeated(list[tuple[str, Any]]):
    """The fields of an object that has some of them more than once."""


def parse(data: bytes) -> Envelope | None:
    """The envelope, all its numbers exact; None when the data is no JSON object."""
    return json_object(data, parse_int=Decimal, parse_float=_number, parse_constant=_no_constant)


def as_flink_reads(data: bytes) -> Envelope | None:
    """The envelope, all its numbers exact; None when the data does not begin with a JSON object.

    None as well when `time` or `detail` is an array, or `time` an object: what the job makes of the
    rest then depends on the order of the fields. It makes do with a `time` of one value, or three,
    or five: it takes the values for names and values of fields, and the end for the last value.
    """
    envelope = _envelope(_first(_text(data)))
    if envelope is None and (repaired := _BROKEN_TEXT.sub(rb"\1null", data)) != data:
        envelope = _envelope(_first(_text(repaired)))
        # Only what the job counts is certain: the field may have been another's.
        detail = (envelope or {}).get("detail")
        is_whole = isinstance(detail, dict) and detail.keys() >= COUNTED_FIELDS
        return envelope if is_whole else None
    return envelope


def _envelope(value: Any) -> Envelope | None:
    if not isinstance(value, (dict, _Repeated)):
        return None
    envelope = _fields(value, FIELDS)
    detail = envelope.get("detail")
    if _confuses(envelope.get("time")) or _is_array(detail):
        return None
    if isinstance(detail, _Repeated):
        envelope = {**envelope, "detail": _fields(detail, DETAIL_FIELDS)}
    return envelope


def _text(data: bytes) -> str:
    """The text, or of what is no text, its beginning."""
    encoding = json.detect_encoding(data)
    if encoding == "utf-8-sig":
        data, encoding = data[len(codecs.BOM_UTF8) :], "utf-8"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return _with_surrogates(data, encoding)


def _with_surrogates(data: bytes, encoding: str) -> str:
    """The same, where halves of characters are taken as Java takes them."""
    try:
        text = data.decode(encoding, "surrogatepass")
    except UnicodeDecodeError as error:
        text = data[: error.start].decode(encoding, "surrogatepass")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _first(text: str) -> Any:
    """The first JSON value in the text; None when there is none."""
    text = text[_end_of_space(text) :]
    try:
        return _DECODER.raw_decode(text)[0]
    except RecursionError:
        return _first(_shallow(text))
    # A number can be beyond what Decimal takes.
    except (ValueError, ArithmeticError):
        return None


def _end_of_space(text: str) -> int:
    space = _SPACE.match(text)
    return space.end() if space else 0


def _shallow(text: str) -> str:
    """The text without what is nested too deep."""
    kept, depth, end = [], 0, 0
    for token in _TOKEN.finditer(text):
        closes = token[0] in ("]", "}")
        depth -= closes
        if depth < _DEEPEST:
            empties = closes and depth == _DEEPEST - 1
            kept.append(token[0] if empties else text[end : token.end()])
        depth += token[0] in ("[", "{")
        end = token.end()
    return "".join([*kept, text[end:]])


def _pairs(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any] | _Repeated:
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else _Repeated(pairs)


def _fields(value: dict[str, Any] | _Repeated, known: frozenset[str]) -> dict[str, Any]:
    """The fields as Flink has them, which looks at so many of those it knows as there are."""
    if isinstance(value, dict):
        return value
    fields: dict[str, Any] = {}
    looked_at = 0
    for name, content in value:
        if looked_at < len(known) or name not in known:
            fields[name] = content
        looked_at += name in known
    return fields


def _confuses(time: Any) -> bool:
    """Whether the job cannot go on behind this time as if nothing had been there."""
    if isinstance(time, _Repeated) or not isinstance(time, list):
        return isinstance(time, (dict, _Repeated))
    are_plain = not any(isinstance(value, (list, dict)) or value in FIELDS for value in time)
    return not (are_plain and len(time) % 2)


def _is_array(value: Any) -> bool:
    return isinstance(value, list) and not isinstance(value, _Repeated)


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # its exponent has more than 18 digits: it is infinite, or nothing
        return Decimal(float(text))


def _no_constant(name: str) -> None:
    # Python reads NaN and Infinity; JSON has no such numbers.
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(
    strict=False,
    object_pairs_hook=_pairs,
    parse_int=Decimal,
    parse_float=_number,
    parse_constant=_no_constant,
)
