"""The streams that the program writes to: there, and able to take every character."""

from __future__ import annotations

import codecs
import os
import sys
from typing import Any

# What tables, drawings and sentences of ours are made of, for a terminal that has ASCII alone.
PLAIN = str.maketrans({"─": "-", "│": "|", "…": "...", "→": "->", "▶": ">", "·": ".", "█": "#"})
_HANDLER = "miztiik-events"


def prepare() -> None:
    """Give the program the streams that it lacks (`>&-`), and have them take what they cannot."""
    codecs.register_error(_HANDLER, _replaced)
    sys.stdin = sys.stdin or _nowhere("r")
    sys.stdout = sys.stdout or _nowhere("w")
    sys.stderr = sys.stderr or _nowhere("w")
    for stream in (sys.stdout, sys.stderr):
        if getattr(stream, "errors", "") in ("strict", "surrogateescape", "backslashreplace"):
            getattr(stream, "reconfigure", lambda **_: None)(errors=_HANDLER)


def silence() -> None:
    """Nobody takes what goes to stderr any more; the work goes on."""
    sys.stderr = _nowhere("w")


def _nowhere(mode: str) -> Any:
    return open(os.devnull, mode, encoding="utf-8")


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """ASCII for what an encoding lacks: in JSON, exactly what it stands for."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    is_json = error.object.lstrip()[:1] in ("{", "[")
    plain = lost if is_json else lost.translate(PLAIN)
    return "".join(map(_escaped, plain)), error.end


def _escaped(character: str) -> str:
    if character.isascii():
        return character
    pairs = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{pairs[i : i + 4]}" for i in range(0, len(pairs), 4))
